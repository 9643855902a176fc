"""The shop of `shop.py`, opened and closed for each test."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import structlog
import uvicorn

from server.ingest.door import Limits
from server.records.database import Database
from tests.server.ingest.shop import Shop


@pytest.fixture
async def small_records(empty_sqlite, tmp_path) -> AsyncIterator[Database]:
    """SQLite alone: the doors do not know which it is, and the directory's own tests run on both."""
    path = tmp_path / "doors.sqlite3"
    shutil.copy(empty_sqlite, path)
    opened = Database.open(f"sqlite+aiosqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
def limits() -> Limits:
    return Limits(body_bytes=4_000, items=20)


@pytest.fixture
async def quiet_shop(small_records, limits, noon) -> AsyncIterator[Shop]:
    """Its path takes nothing yet."""
    shop = Shop(small_records, limits, noon)
    await shop.learn()
    yield shop
    await shop.client.aclose()


@pytest.fixture
async def shop(quiet_shop) -> AsyncIterator[Shop]:
    path = asyncio.create_task(quiet_shop.take())
    yield quiet_shop
    path.cancel()
    with suppress(asyncio.CancelledError):
        await path


@pytest.fixture
async def waiting():
    """`waiting(work)`: a task of what waits for something, ended with the test."""
    tasks: list[asyncio.Task] = []

    def start(work) -> asyncio.Task:
        tasks.append(asyncio.ensure_future(work))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def logged():
    """All that is logged, as it would be written."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
async def served(waiting):
    """`await served(application)`: the address of a real server program in front of it."""
    servers: list[uvicorn.Server] = []

    async def start(application) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(application, lifespan="off", log_config=None, access_log=False)
        servers.append(uvicorn.Server(config))
        waiting(servers[-1].serve([listening]))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for server in servers:
        server.should_exit = True
        await server.shutdown()

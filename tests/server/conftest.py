"""The records on both databases, keys of every kind, and doors that can be knocked at.

`database` runs each test that asks for it twice: SQLite (a file) and PostgreSQL (SOGLIA_TEST_POSTGRES says where).
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from server.bus.contract import News
from server.bus.local import LocalBus
from server.records import keys
from server.records.database import Database
from server.records.keys import ROLES, Keyring
from server.records.tables import OutboxRow, StaffRow, Table
from server.web import problem
from server.web.edits import Edits
from server.web.guard import Guard

POSTGRES = os.environ.get("SOGLIA_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres")
REQUIRED = os.environ.get("SOGLIA_REQUIRE_SERVICES") == "1"


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory) -> Path:
    """A file with all tables and nothing in them, to be copied: making it anew for each test takes longer."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    Table.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this test session alone, dropped at its end."""
    name = f"soglia_test_{secrets.token_hex(6)}"
    try:
        _run(_told_postgres(POSTGRES, f"CREATE DATABASE {name}"))
    except (OSError, sa.exc.SQLAlchemyError) as unreachable:
        sentence = (
            f"no PostgreSQL at {POSTGRES} ({type(unreachable).__name__}): start one, for example "
            "`docker run -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:17`, or set SOGLIA_TEST_POSTGRES"
        )
        if REQUIRED:
            pytest.fail(sentence)
        pytest.skip(sentence)
    url = sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    _run(
        _told_postgres(POSTGRES, f"ALTER DATABASE {name} SET synchronous_commit = off")
    )  # tests survive no crash
    _run(_with_tables(url))
    yield url
    _run(_told_postgres(POSTGRES, f"DROP DATABASE {name} WITH (FORCE)"))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own, so that it does not matter whether a test's event loop runs here already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _told_postgres(url: str, words: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(words))
    finally:
        await engine.dispose()


async def _with_tables(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    await engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request, tmp_path) -> AsyncIterator[Database]:
    """Records with all tables and nothing in them, on each database in turn."""
    if request.param == "sqlite":
        path = tmp_path / "soglia.sqlite3"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        opened = Database.open(f"sqlite+aiosqlite:///{path}")
    else:
        opened = Database.open(request.getfixturevalue("postgres_url"))
        # One statement, and no TRUNCATE: that makes a new file for each table, which takes a second.
        emptied = [sa.delete(table).cte(f"from_{table.name}") for table in Table.metadata.sorted_tables]
        async with opened.writing() as connection:
            await connection.execute(sa.select(1).add_cte(*emptied))
    yield opened
    await opened.close()


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def edits(database, bus, keyring) -> Edits:
    """As in the running house: what a door changed holds when it answers."""

    async def learn(news: News) -> None:
        if news["name"] == "keys":
            await keyring.reload()

    return Edits(database, bus, learn)


@pytest.fixture
def keyring(database) -> Keyring:
    return Keyring(database)


@pytest.fixture
def guard(keyring) -> Guard:
    return Guard(keyring)


@dataclass(frozen=True)
class Tokens:
    """One live token of each kind, and of staff one for each role. They stand for gw_1, d_1 and st_<role>."""

    app: str
    server: str
    gateway: str
    device: str
    owner: str
    manager: str
    marketer: str
    analyst: str
    cashier: str

    def headers(self, kind: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {getattr(self, kind)}"}


@pytest.fixture
async def tokens(database, noon) -> Tokens:
    return await _issue_one_of_each(database, noon)


async def _issue_one_of_each(database: Database, now: datetime) -> Tokens:
    issued = {}
    async with database.writing() as connection:
        for role in ROLES:
            await connection.execute(
                sa.insert(StaffRow).values(
                    id=f"st_{role}",
                    email=f"{role}@shop.example",
                    name=role.title(),
                    role=role,
                    password_hash="none: this one never logs in",
                    created_at=now,
                )
            )
            key = await keys.issue(connection, "staff", "session", now, owner=f"st_{role}")
            issued[role] = key.token
        for kind, owner in (("app", None), ("server", None), ("gateway", "gw_1"), ("device", "d_1")):
            issued[kind] = (await keys.issue(connection, kind, f"a test's {kind}", now, owner=owner)).token
    return Tokens(**issued)


@pytest.fixture
async def open_doors() -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """`open_doors(router, ...)`: an HTTP client before an app of these routers, with problem documents installed.

    A failure in a door is answered (500) as a real server would, not raised in the test.
    """
    clients: list[httpx.AsyncClient] = []

    def open_them(*routers: APIRouter) -> httpx.AsyncClient:
        app = FastAPI()
        problem.install(app)
        for router in routers:
            app.include_router(router)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://shop.example"))
        return clients[-1]

    yield open_them
    for client in clients:
        await client.aclose()


@pytest.fixture
def give_offer(noon):
    """`await give_offer(connection, "of_1", "sh_1")`: a row of the outbox, sent."""

    async def give(connection, offer, shopper, device="d_1"):
        row = OutboxRow(
            id=offer,
            decision_id=f"dec_{offer}",
            shopper_id=shopper,
            device_id=device,
            visit_id="v_1",
            zone_id="z_1",
            campaign_id="c_1",
            channel="fcm",
            title="Shoes",
            body="20 % off",
            data={},
            collapse_key="v_1",
            happened_at=noon,
            heard_at=noon,
            created_at=noon,
            expires_at=noon + timedelta(minutes=15),
            due_at=noon,
            leased_until=noon,
        )
        await connection.execute(sa.insert(OutboxRow.__table__).values(**row.model_dump()))

    return give

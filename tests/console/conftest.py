"""One browser and one furnished shop a file of tests; everybody who reads is somebody new, with a browser that remembers nothing."""

import os
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.console.a_shop import a_shop
from tests.console.browsing import browser, chromium, reading

#: Every file of browser tests says `pytestmark = IN_A_BROWSER`.
IN_A_BROWSER = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="session")
def debians_browser():
    if chromium() is None:
        if os.environ.get("SOGLIA_REQUIRE_SERVICES") == "1":
            pytest.fail("there is no Chromium: apt-get install chromium")
        pytest.skip("there is no Chromium: apt-get install chromium")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome(debians_browser):
    async with browser() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(debians_browser):
    async with a_shop() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def read(chrome, shop):
    """Somebody of a role at a browser, logged in. At the end no browser may have complained of anything."""
    async with AsyncExitStack() as stack:
        readers = []

        async def read(role="owner", **manners):
            reader = await stack.enter_async_context(reading(chrome, shop.url, **manners))
            await reader.logs_in(f"{role}@brera.example")
            readers.append(reader)
            return reader

        yield read
        assert [complaint for reader in readers for complaint in reader.complaints] == []

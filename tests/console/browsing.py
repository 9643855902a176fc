"""A real browser before a real server: pages as staff see them, and a list of all that a browser complained of.

In: a server's address. Out: `Reader`s, each logged in as somebody, whose pages may ask nobody but the server.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

#: A page is there within this, on a small busy machine.
WITHIN_MS = 30_000

expect.set_options(timeout=WITHIN_MS)

PASSWORD = "a long password for tests"


def chromium() -> str | None:
    """Debian's browser; None where there is none."""
    return shutil.which("chromium")


@dataclass
class Reader:
    """Somebody at a browser. `complaints` are what its pages complained of: errors in the console, requests that went elsewhere."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    async def opens(self, path: str) -> Page:
        """Goes to a page and waits until it works: drawn, and joined to the server by its web socket."""
        await self.page.goto(self.url + path)
        await self.page.wait_for_function(
            "() => window.socket ? window.socket.connected : !!document.querySelector('form')"
        )
        return self.page

    async def logs_in(self, email: str, password: str = PASSWORD) -> None:
        await self.page.goto(self.url + "/login")
        # By name, not by label: the form speaks the browser's language.
        await self.page.locator("input[name=email]").fill(email)
        await self.page.locator("input[name=password]").fill(password)
        await self.page.locator("button[type=submit]").click()
        await self.page.wait_for_url(lambda url: "/login" not in url)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def reading(opened: Browser, url: str, **manners: Any) -> AsyncIterator[Reader]:
    """Somebody at this browser; `manners` are playwright's: viewport, locale, color_scheme."""
    context = await opened.new_context(
        **{"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **manners}
    )
    context.set_default_timeout(WITHIN_MS)
    try:
        yield await _reader(context, url)
    finally:
        await context.close()


async def _reader(context: BrowserContext, url: str) -> Reader:
    page = await context.new_page()
    reader = Reader(page, url)
    page.on("console", lambda said: said.type == "error" and reader.complaints.append(said.text))
    page.on("pageerror", lambda error: reader.complaints.append(str(error)))

    def asked(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != urlsplit(url).netloc:
            reader.complaints.append(f"asked elsewhere: {request.url}")

    page.on("request", asked)
    return reader

"""Staff who watch the console, in a process of their own: they log in, open *Now*, and stay joined to it by its web socket.

In: a server's address, whether they sit at real browsers; on standard input a line of accounts (JSON), then `on` and `off`. Out: a line of JSON for each:
what came over the line meanwhile. Without a browser a watcher reads what a browser would and draws nothing: the server's part alone.
"""

import argparse
import asyncio
import importlib
import json
import re
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import socketio

#: How a page says by which name its web socket joins it.
_JOINS: Final = re.compile(r"'client_id': '([0-9a-f-]+)', 'next_message_id': (\d+)")
#: A browser says this often how far it has read.
_ACK_EACH_S: Final = 3.0
WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Account:
    """By what somebody logs in."""

    email: str
    password: str

    @property
    def form(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}


class CannotWatch(Exception):
    """A watcher could not log in or join; says who."""


@dataclass(slots=True)
class AtASocket:
    """What a browser does, without one: the page is asked for, its web socket joined, and what comes is read and thrown away."""

    url: str
    account: Account
    cookies: httpx.Cookies | None = None
    messages: int = 0
    size: int = 0
    read_until: int = 0
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def begin(self) -> None:
        self.messages = self.size = 0
        async with httpx.AsyncClient(base_url=self.url, cookies=self.cookies, timeout=WITHIN_S) as http:
            if self.cookies is None:
                await http.post("/login", data=self.account.form)
                self.cookies = http.cookies
            joins = _JOINS.search((await http.get("/")).text)
        if joins is None:
            raise CannotWatch(f"{self.account.email} does not get to the page")
        client = joins[1]
        socket = socketio.AsyncClient(reconnection=False)
        socket.on("*", self._read)
        names = {name: str(uuid.uuid4()) for name in ("document_id", "tab_id")}
        asked = {"client_id": client, "next_message_id": joins[2], "implicit_handshake": "true", **names}
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.cookies.jar)
        await socket.connect(
            f"{self.url}?{urlencode(asked)}",
            headers={"Cookie": cookies},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
        )
        self.stack.push_async_callback(socket.disconnect)
        acks = asyncio.create_task(self._acknowledge(socket, client))
        self.stack.callback(acks.cancel)

    async def end(self) -> tuple[int, int]:
        await self.stack.aclose()
        return self.messages, self.size

    async def _read(self, _kind: str, said: Mapping[str, Any]) -> None:
        self.messages += 1
        self.size += len(json.dumps(said))
        self.read_until = said.get("_id", -1) + 1

    async def _acknowledge(self, socket: socketio.AsyncClient, client: str) -> None:
        while True:
            await asyncio.sleep(_ACK_EACH_S)
            await socket.emit("ack", {"client_id": client, "next_message_id": self.read_until})


@dataclass  # without slots: playwright keeps a mark of its own at what listens
class AtABrowser:
    """A page of a real Chromium, which draws what comes."""

    url: str
    account: Account
    context: Any
    page: Any = None
    messages: int = 0
    size: int = 0

    async def begin(self) -> None:
        self.messages = self.size = 0
        self.page = await self.context.new_page()
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._read))
        await self.page.goto(f"{self.url}/")
        if "/login" in self.page.url:
            await self.page.locator("input[name=email]").fill(self.account.email)
            await self.page.locator("input[name=password]").fill(self.account.password)
            await self.page.locator("button[type=submit]").click()
        await self.page.wait_for_function("() => window.socket && window.socket.connected")

    async def end(self) -> tuple[int, int]:
        await self.page.close()
        return self.messages, self.size

    def _read(self, frame: str | bytes) -> None:
        self.messages += 1
        self.size += len(frame)


async def watch(url: str, accounts: Sequence[Account], *, browsers: bool) -> None:
    """Does as standard input says, until it ends."""
    async with AsyncExitStack() as stack:
        watchers: list[AtASocket] | list[AtABrowser]
        if browsers:
            watchers = [AtABrowser(url, each, context) for each, context in await _contexts(stack, accounts)]
        else:
            watchers = [AtASocket(url, each) for each in accounts]
        _say({"ready": len(watchers)})
        while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if word == "on":
                for each in watchers:
                    await each.begin()
                _say({"on": len(watchers)})
            else:
                came = [await each.end() for each in watchers]
                _say({"messages": sum(each[0] for each in came), "bytes": sum(each[1] for each in came)})


async def _contexts(stack: AsyncExitStack, accounts: Sequence[Account]) -> list[tuple[Account, Any]]:
    """A browser that remembers nothing for each. Playwright is asked for here alone: it comes with the tests, not with the simulator."""
    api: Any = importlib.import_module("playwright.async_api")
    playwright = await stack.enter_async_context(api.async_playwright())
    browser = await playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    stack.push_async_callback(browser.close)
    return [(each, await browser.new_context()) for each in accounts]


def _say(what: Mapping[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--browsers", action="store_true")
    asked = parser.parse_args()
    accounts = [Account(**each) for each in json.loads(sys.stdin.readline())]
    asyncio.run(watch(asked.url, accounts, browsers=asked.browsers))


if __name__ == "__main__":
    main()

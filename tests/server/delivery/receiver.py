"""Another system's webhook: a real HTTP server that checks each signature with the library its makers would use."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook


@dataclass
class Receiver:
    """Answers what `statuses` say next, else 204. `taken` is (id, event) of all that it answered well.

    With a `secret` whatever is not signed by it is an error, kept in `unsigned`.
    """

    secret: str | None = None
    statuses: deque[int] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    hangs: bool = False
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/soglia"

    async def __aenter__(self) -> Self:
        await self.comes_back()
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.goes_down()

    async def comes_back(self) -> None:
        """Listens, on the port that it had before."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def goes_down(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((headers, body))
        self.was_asked.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.secret is not None:
            try:
                Webhook(self.secret).verify(body, headers)
            except Exception as wrong:  # noqa: BLE001 - whatever the library finds wrong
                self.unsigned.append(str(wrong))
                return web.Response(status=401)
        status = self.statuses.popleft() if self.statuses else 204
        if 200 <= status < 300:
            self.taken.append((headers.get("webhook-id", ""), json.loads(body)))
        return web.Response(status=status, headers=self.headers)

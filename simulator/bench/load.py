"""Load: prepared requests to one server over kept-alive connections, as fast as it answers. In: bytes. Out: seconds, and what was wrong.

A client of its own, since the one that measures must not be what is measured: requests are bytes made beforehand, each
connection is a protocol that sends the next one when its answer is complete, and nothing is parsed but status and length.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Unanswered(Exception):
    """The server closed a connection, or gave an answer that another was expected for; says which."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as bytes, and the body that its answer must have (status 200)."""

    request: bytes
    answer: bytes


class _Connection(asyncio.Protocol):
    """Sends one request after the other; `done` ends when there is none left, or with Unanswered."""

    def __init__(self, asked: Iterator[Asked], done: asyncio.Future[None]) -> None:
        self._asked = asked
        self._expected = b""
        self._read = bytearray()
        self._whole: int | None = None  # bytes of the answer under way, once its head is here
        self._transport: asyncio.Transport | None = None
        self.done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's
        self._next(self._transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if self._whole is None:
            head = self._read.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._read, 0, head)
            self._whole = head + 4 + (int(length[1]) if length else 0)
        if len(self._read) < self._whole or self._transport is None:
            return
        if self._read[9:12] != b"200" or not self._read.endswith(self._expected):
            self._fail(bytes(self._read[:2_000]).decode(errors="replace"))
            return
        self._read.clear()
        self._whole = None
        self._next(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was closed: {exc}")

    def _next(self, transport: asyncio.Transport) -> None:
        asked = next(self._asked, None)
        if asked is None:
            if not self.done.done():
                self.done.set_result(None)
            transport.close()
            return
        self._expected = asked.answer
        transport.write(asked.request)

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(Unanswered(why))


def load(port: int, shares: Sequence[Iterator[Asked]]) -> float:
    """Plays each share over a connection of its own, all at once; gives the seconds that took. Raises Unanswered.

    A share given more than once is played by as many connections together.
    """
    return uvloop.run(_load(port, shares))


async def _load(port: int, shares: Sequence[Iterator[Asked]]) -> float:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    ends = [loop.create_future() for _ in shares]
    lines: list[asyncio.BaseTransport] = []
    try:
        for share, end in zip(shares, ends, strict=True):
            connected = partial(_Connection, share, end)
            lines.append((await loop.create_connection(connected, "127.0.0.1", port))[0])
        await asyncio.gather(*ends)
        return time.perf_counter() - began
    finally:
        for line in lines:
            line.close()


def post(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a POST with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def all_accepted(items: int) -> bytes:
    """The end of the answer to a body of which every item was accepted."""
    return b'"verdicts":[' + b",".join([b'"accepted"'] * items) + b'],"problems":[]}'

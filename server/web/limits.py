"""What nobody may have too much of: bytes in a body, and tries in a while.

In: requests. Out: 413 before the rest of a body is read, 429 with `Retry-After` before a door does its work.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problem import Problem, answer

#: Names remembered at once by a throttle; the longest unseen is forgotten first (some 20 MB).
_MOST_NAMES: Final = 100_000

#: What a caller without a known token may send: ten times the largest log-in.
STRANGERS_BYTES: Final = 16 * 1024
#: How long a body may take: 2 MiB at 70 kB/s, a poor mobile line.
BODY_WITHIN_S: Final = 30.0


async def everybody(_token: str) -> bool:
    """Takes every token for a known one."""
    return True


class BodyLimit:
    """ASGI middleware: refuses a body of more than `most_bytes`, whether its length is announced or not, and one that does not come.

    `knows` tells whether a bearer token is one of ours. Whoever has none may send `STRANGERS_BYTES` (a log-in is smaller): reading
    JSON costs a second for a few megabytes of brackets, and comes before the door asks who is there.
    """

    def __init__(
        self,
        app: ASGIApp,
        most_bytes: int,
        knows: Callable[[str], Awaitable[bool]] = everybody,
        body_within_s: float = BODY_WITHIN_S,
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._knows = knows
        self._within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"")
        most = self._most
        if (not announced.isdigit() or int(announced) > STRANGERS_BYTES) and not await self._known(headers):
            most = min(most, STRANGERS_BYTES)
        if announced.isdigit() and int(announced) > most:
            await answer(_too_large(most))(scope, receive, send)
            return
        await self._app(scope, self._counted(receive, most), send)

    async def _known(self, headers: dict[bytes, bytes]) -> bool:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return scheme.lower() == "bearer" and await self._knows(token.strip())

    def _counted(self, receive: Receive, most: int) -> Receive:
        """`receive` until the body is whole: no more than `most` bytes, no later than a limit after it began."""
        taken, whole = 0, False
        ends_at = time.monotonic() + self._within_s

        async def counted() -> Message:
            nonlocal taken, whole
            if whole:  # what comes now is only the end of the connection
                return await receive()
            try:
                async with asyncio.timeout(max(ends_at - time.monotonic(), 0.0)):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > most:
                raise _too_large(most)
            return message

        return counted


def _too_large(most: int) -> Problem:
    # `close`: the rest of the body is still on its way, and nobody will read it.
    detail = f"A body may have at most {most} bytes here: send it in parts, with a token that is known."
    return Problem(413, None, detail, headers={"Connection": "close"})


def _too_slow() -> Problem:
    return Problem(408, None, "The body did not come in time.", headers={"Connection": "close"})


class Throttle:
    """So many tries in a while, for each name: a bucket that fills by the clock (token bucket, RFC 2697 section 3).

    `tries` may come at once; then one every `per_s / tries` seconds.
    """

    def __init__(self, tries: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._every_s = per_s / tries
        self._clock = clock
        #: name -> when its bucket will be full again, on the clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def spend(self, name: str, what: str) -> None:
        """One try of this name. Raises a Problem (429) that says when to come again where none is left."""
        now = self._clock()
        full_at = max(self._full_at.pop(name, now), now) + self._every_s
        too_early_s = full_at - now - self._tries * self._every_s
        if (
            too_early_s > 1e-9
        ):  # a try that came early costs nothing, so that knocking on does not shut the door for good
            self._full_at[name] = full_at - self._every_s
            wait_s = ceil(too_early_s)
            raise Problem(
                429, None, f"Too many {what}: come again in {wait_s} s.", headers={"Retry-After": str(wait_s)}
            )
        self._full_at[name] = full_at
        if len(self._full_at) > _MOST_NAMES:
            self._full_at.popitem(last=False)

    def refund(self, name: str) -> None:
        """The try was no failure: it does not count."""
        if name in self._full_at:
            self._full_at[name] -= self._every_s


def caller_address(request: Request) -> str:
    """The network address of whoever calls: the proxy's word for it where the server trusts its proxy."""
    return request.client.host if request.client else "unknown"

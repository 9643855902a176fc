"""What nobody may have too much of: bytes in a body, and tries in a while.

In: requests. Out: 413 before the rest of a body is read, 429 with `Retry-After` before a door does its work.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problem import Problem, answer

#: Names remembered at once by a throttle; the longest unseen is forgotten first (some 20 MB).
_MOST_NAMES: Final = 100_000


class BodyLimit:
    """ASGI middleware: refuses a body of more than `most_bytes`, whether its length is announced or not."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._most:
            await answer(self._too_large())(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> Problem:
        # `close`: the rest of the body is still on its way, and nobody will read it.
        detail = f"A body may have at most {self._most} bytes: send it in parts."
        return Problem(413, None, detail, headers={"Connection": "close"})


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

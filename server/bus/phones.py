"""Phones whose app is open and listens to `GET /v1/live` in this process: who they are, and a way to tell them something.

In: a stream that a phone opened. Out: whether a phone of a shopper took an offer. An offer counts as taken when the stream has written it to the
line: that it was shown is for the phone to say.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

#: A stream that is this far behind does not listen.
MOST_WAITING: Final = 20


@dataclass(slots=True, eq=False)
class Told:
    """Something for a phone. `written` is set when it has gone out on its line, cancelled where the phone has gone."""

    news: Mapping[str, Any]
    written: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class Listener:
    """One open stream of a phone."""

    device: str
    waiting: asyncio.Queue[Told] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def hang_up(self) -> None:
        """Nothing more goes out: whoever waits for it is told."""
        while not self.waiting.empty():
            self.waiting.get_nowait().written.cancel()


class Phones:
    """Those that listen now, by shopper; the newest stream first."""

    def __init__(self) -> None:
        self._of: dict[str, list[Listener]] = {}

    @contextmanager
    def listening(self, shopper: str, device: str) -> Iterator[Listener]:
        """A phone listens while the block lasts."""
        listener = Listener(device)
        self._of.setdefault(shopper, []).insert(0, listener)
        try:
            yield listener
        finally:
            self._of[shopper].remove(listener)
            if not self._of[shopper]:
                del self._of[shopper]
            listener.hang_up()

    async def tell(
        self, shopper: str, device: str | None, news: Mapping[str, Any], within_s: float
    ) -> str | None:
        """Tells one phone of a shopper, best `device`, else the one that came last. Out: which took it; None where none listens."""
        theirs = self._of.get(shopper, [])
        for listener in sorted(theirs, key=lambda each: each.device != device):
            told = Told(news, asyncio.get_running_loop().create_future())
            with suppress(asyncio.QueueFull, TimeoutError):
                listener.waiting.put_nowait(told)
                await asyncio.wait({told.written}, timeout=within_s)
                if told.written.done() and not told.written.cancelled():
                    return listener.device
                told.written.cancel()
        return None


#: For channels that tell phones nothing, and for tests of them.
NOBODY: Final = Phones()

"""The bus of one process: a bounded queue of handovers, and listeners with bounded queues of news."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from server.bus.contract import Bus, BusFull, Handover, News, NotTaken, Topic
from server.presence.sighting import Batch, Verdicts

#: A batch larger than this is not made by waiting together: it bounds the time that one commit takes (at about 4 us a
#: sighting some 80 ms) and so the wait of the next one.
MOST_TOGETHER = 20_000

#: A listener that is this far behind loses the oldest news.
NEWS_KEPT = 1_000


class LocalHandover(Handover):
    """A batch and the future its door awaits."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._arrived_at = datetime.now(UTC)
        self.verdicts: asyncio.Future[Verdicts] = asyncio.get_running_loop().create_future()

    @property
    def batch(self) -> Batch:
        return self._batch

    @property
    def arrived_at(self) -> datetime:
        return self._arrived_at

    def answer(self, verdicts: Verdicts) -> None:
        if not self.verdicts.done():  # the door may have gone: its client hung up
            self.verdicts.set_result(verdicts)

    def refuse(self, why: str) -> None:
        if not self.verdicts.done():
            self.verdicts.set_exception(NotTaken(why))


class LocalBus(Bus):
    """Everything within one process. `room` bounds the sightings that may wait; one batch alone is taken whatever its size."""

    def __init__(self, room: int = 200_000) -> None:
        self.room = room
        self._waiting: deque[LocalHandover] = deque()
        self._waiting_sightings = 0
        self._something = asyncio.Event()
        self._listeners: dict[Topic, set[asyncio.Queue[News]]] = {"catalogue": set(), "live": set()}

    @property
    def waiting(self) -> int:
        """How many sightings wait for the path."""
        return self._waiting_sightings

    async def carry(self, batch: Batch) -> Verdicts:
        if self._waiting and self._waiting_sightings + len(batch) > self.room:
            raise BusFull(f"{self._waiting_sightings} sightings wait already, there is room for {self.room}")
        handover = LocalHandover(batch)
        self._waiting.append(handover)
        self._waiting_sightings += len(batch)
        self._something.set()
        return await handover.verdicts

    async def take(self) -> list[Handover]:
        await self._something.wait()
        taken: list[Handover] = []
        together = 0
        while self._waiting and (not taken or together + len(self._waiting[0].batch) <= MOST_TOGETHER):
            handover = self._waiting.popleft()
            together += len(handover.batch)
            taken.append(handover)
        self._waiting_sightings -= together
        if not self._waiting:
            self._something.clear()
        return taken

    def announce(self, topic: Topic, news: News) -> None:
        for queue in self._listeners[topic]:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(news)

    @asynccontextmanager
    async def listen(self, topic: Topic) -> AsyncIterator[AsyncIterator[News]]:
        queue: asyncio.Queue[News] = asyncio.Queue(NEWS_KEPT)
        self._listeners[topic].add(queue)
        try:
            yield _drain(queue)
        finally:
            self._listeners[topic].discard(queue)


async def _drain(queue: asyncio.Queue[News]) -> AsyncIterator[News]:
    while True:
        yield await queue.get()

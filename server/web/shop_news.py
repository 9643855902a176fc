"""What happens, as those hear it who are of some shops: news of zones in these, and nothing of others.

In: the bus, and the sites of whoever listens. Out: the same news, less. Zones are drawn and moved meanwhile: so it is looked anew what lies in
the shops, every few seconds.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from server.bus.contract import Bus, News, Topic
from server.records.database import Database
from server.records.shops import Shops
from server.web.shops import Sight

_LOOKS_EACH_S: Final = 5.0

#: To hear what happens, as somebody of these shops.
Hear = Callable[[Shops], AbstractAsyncContextManager[AsyncIterator[News]]]


def hearing(bus: Bus, database: Database) -> Hear:
    """What happens, for whoever is of all shops or of some."""

    def hear(shops: Shops) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        return bus.listen("live") if shops is None else ShopNews(bus, database, shops).listen("live")

    return hear


class ShopNews:
    """A bus to listen to, for somebody of `shops`."""

    def __init__(self, bus: Bus, database: Database, shops: frozenset[str]) -> None:
        self._bus = bus
        self._database = database
        self._shops = shops

    @asynccontextmanager
    async def listen(self, topic: Topic) -> AsyncIterator[AsyncIterator[News]]:
        async with self._bus.listen(topic) as news:
            yield self._of_theirs(news)

    async def _of_theirs(self, news: AsyncIterator[News]) -> AsyncIterator[News]:
        sight, looked_at = await self._look(), time.monotonic()
        async for each in news:
            if time.monotonic() - looked_at >= _LOOKS_EACH_S:
                sight, looked_at = await self._look(), time.monotonic()
            if sight.shows_zone(each.get("zone")):
                yield sight.of_theirs(each)

    async def _look(self) -> Sight:
        async with self._database.reading() as connection:
            return await Sight.of(connection, self._shops)

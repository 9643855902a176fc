"""Changes to what processes hold compiled: one transaction, the catalogue's versions with it, and the news after it.

In: the names of what is to change, and whom it is about where it is about one device or shopper. Out: an open transaction; when
it has committed, {"name": ...} on the bus for each. What was changed through here holds when the door answers: `learn` brings
this process up to date before the block ends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from server.bus.contract import Bus, News
from server.records import catalogue
from server.records.database import Connection, Database


async def _nothing_to_learn(_news: News) -> None:
    """Stands in where nobody holds anything compiled."""


class Edits:
    """Hands out transactions that change the catalogue."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        learn: Callable[[News], Awaitable[None]] = _nothing_to_learn,
    ) -> None:
        self._database = database
        self._bus = bus
        self._learn = learn

    @asynccontextmanager
    async def of(
        self, *names: catalogue.Name, device: str | None = None, shopper: str | None = None
    ) -> AsyncIterator[Connection]:
        """One writing transaction; where it fails, nothing changed and nobody is told.

        `device` or `shopper`: the change is about this one alone, which spares everybody reading all of them again.
        """
        async with self._database.writing() as connection:
            yield connection
            # At the end and in one order everywhere: their rows stay locked until the commit, and locks taken in two
            # orders would meet.
            version = {name: await catalogue.bump(connection, name) for name in sorted(names)}
        about = {"device": device} if device else {"shopper": shopper} if shopper else {}
        for name in names:
            news = {"name": name, **about}
            await self._learn({**news, "version": version[name]})
            self._bus.announce("catalogue", news)

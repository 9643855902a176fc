"""Changes to what processes hold compiled: one transaction, the catalogue's versions with it, and the news after it.

In: the names of what is to change. Out: an open transaction; when it has committed, {"name": ...} on the bus for each.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.bus.contract import Bus
from server.records import catalogue
from server.records.database import Connection, Database


class Edits:
    """Hands out transactions that change the catalogue."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus

    @asynccontextmanager
    async def of(self, *names: catalogue.Name) -> AsyncIterator[Connection]:
        """One writing transaction; where it fails, nothing changed and nobody is told."""
        async with self._database.writing() as connection:
            yield connection
            # At the end and in one order everywhere: their rows stay locked until the commit, and locks taken in two
            # orders would meet.
            for name in sorted(names):
                await catalogue.bump(connection, name)
        for name in names:
            self._bus.announce("catalogue", {"name": name})

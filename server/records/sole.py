"""One house at a time on one database: what is believed lives in its memory, so two of them would greet everybody twice.

In: a Database. Out: a claim that ends with the process that holds it, `kill -9` included: nothing is written that could be left
behind. On SQLite it is an exclusive lock on a file of its own beside the database, so that the records themselves stay open to
the command line and to backups; on PostgreSQL a session's advisory lock. Behind a pooler, that session must not be shared.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import UNREACHABLE, Database
from server.records.refusal import Taken

#: Any number that nothing else locks by; migrations have one of their own.
_HOUSE_LOCK = 0x50661B

#: A server that is started again waits so long for its former self to be gone: that one may still be settling what it sends.
WAIT_S = 10.0
ASK_AGAIN_S = 0.1
#: How often a PostgreSQL session is asked whether it is still there, and how long it may take to say so.
LOOK_EACH_S = 2.0


class AlreadyServed(Taken):
    """Another server serves these records."""


class Claim:
    """The right to decide on these records. `watch` is its life."""

    def __init__(self, database: Database, stack: AsyncExitStack) -> None:
        self._database = database
        self._stack = stack
        self._session: AsyncConnection | None = None

    async def watch(self) -> None:
        """Keeps the claim for ever. Raises AlreadyServed where it was lost with its session, and another has it now."""
        while True:
            await asyncio.sleep(LOOK_EACH_S)
            if not self._database.is_sqlite and not await self._session_lives():  # a file's lock is not lost
                await self._claim_anew()

    async def made(self) -> bool:
        """Whether the claim could be made. Raises OSError or SQLAlchemyError where nobody can tell."""
        return self._file_locked() if self._database.is_sqlite else await self._session_locked()

    async def _session_lives(self) -> bool:
        if self._session is None:
            return False
        try:
            async with asyncio.timeout(LOOK_EACH_S):
                await self._session.execute(sa.select(1))
        except (*UNREACHABLE, TimeoutError):
            self._session = None
        return self._session is not None

    async def _claim_anew(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EACH_S):
                ours = await self._session_locked()
        except (*UNREACHABLE, TimeoutError):
            return  # nobody can write there now, whoever has it; the path says so in the log
        if not ours:
            raise AlreadyServed(_WORDS)

    def _file_locked(self) -> bool:
        file = self._database.engine.url.database
        if not file or file == ":memory:":
            return True
        try:
            lock = self._stack.enter_context(closing(sqlite3.connect(f"{file}-house", timeout=0)))
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                return False
            raise OSError(f"{file}-house cannot be locked: {error}") from error
        return True

    async def _session_locked(self) -> bool:
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        session = await self._stack.enter_async_context(engine.connect())
        await session.run_sync(sa.Connection.detach)  # in the pool, the session and its lock would outlive us
        ours: bool = (
            await session.execute(sa.select(sa.func.pg_try_advisory_lock(_HOUSE_LOCK)))
        ).scalar_one()
        if ours:
            self._session = session
        else:
            await session.close()
        return ours


@asynccontextmanager
async def claimed(database: Database, wait_s: float = WAIT_S) -> AsyncIterator[Claim]:
    """The claim on these records while the block lasts. Raises AlreadyServed, or as `Database.ping`."""
    clock = asyncio.get_running_loop().time
    last = clock() + wait_s
    async with AsyncExitStack() as stack:
        claim = Claim(database, stack)
        while not await claim.made():
            if clock() >= last:
                raise AlreadyServed(_WORDS)
            await asyncio.sleep(ASK_AGAIN_S)
        yield claim


_WORDS = "another server serves this database; two of them would send every offer twice"

"""The door to the database: SQLite (WAL) or PostgreSQL through one async engine. One batch, one transaction.

In: a URL (`sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`). Out: `reading()` and `writing()` connections.
The edge that opens a transaction owns it; verbs in the other files of this room never commit.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.records.refusal import Refusal

#: An open transaction, for rooms that pass one on to the verbs of this room without knowing SQL.
Connection: TypeAlias = AsyncConnection

#: The same, for plain code that waits for nothing else (`Database.committed`).
Transaction: TypeAlias = sa.Connection

T = TypeVar("T")

#: Errors tell the statement but not its values, which may be somebody's: errors end in logs.
HIDE_PARAMETERS = True

#: What a database raises that cannot be reached, or does not do what was asked.
UNREACHABLE = (OSError, sa.exc.SQLAlchemyError)

#: What of that is the database's state and no mistake of a statement: gone, locked by another, its disk full, no free session.
UNWILLING = (OSError, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)

#: How long a writer waits for another process's write lock on SQLite before it gives up (the sender, the console and the
#: path take turns within milliseconds; another program, such as a backup, may hold it for seconds).
SQLITE_BUSY_S = 10

#: How often it is tried to empty SQLite's journal, which needs a moment in which nobody reads; others take their turn in between.
JOURNAL_TRIES, JOURNAL_PAUSE_S = 50, 0.1

#: SQLite 3.32+ takes 32,766 variables in a statement; asyncpg takes 32,767. Lists of ids are cut below that.
MANY = 10_000


_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class Database:
    """The engine and the way in. On SQLite all writers of this process queue here: first come, first served."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._turn = asyncio.Lock()
        self._writer = _Writer(engine.url) if self.is_sqlite else None

    @classmethod
    def open(cls, url: str) -> "Database":
        """Makes the engine; nothing is connected yet.

        Raises sqlalchemy.exc.ArgumentError for a URL that is none, Refusal where the folder of the file is missing: SQLite
        says only that it cannot, and its thread says more than anybody asked.
        """
        if not url.startswith("sqlite"):
            return cls(
                create_async_engine(
                    url, pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=HIDE_PARAMETERS
                )
            )
        if (file := file_of(url)) is not None and not (folder := file.absolute().parent).is_dir():
            raise Refusal(
                f"there is no folder {folder} for the database: make it (mkdir -p {folder}), or name another file in "
                "database.url (SOGLIA_DATABASE__URL)"
            )
        engine = create_async_engine(
            url, connect_args={"timeout": SQLITE_BUSY_S}, hide_parameters=HIDE_PARAMETERS
        )
        _speak_sqlite(engine.sync_engine)
        return cls(engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for reading; rolled back at the end."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        On SQLite the lock is taken at BEGIN (IMMEDIATE), so that what is read inside still holds at the commit.
        """
        async with AsyncExitStack() as stack:
            if self.is_sqlite:
                await stack.enter_async_context(self._turn)
            connection = await stack.enter_async_context(self.engine.connect())
            connection = await connection.execution_options(soglia_writes=True)
            async with connection.begin():
                yield connection

    async def committed(self, do: Callable[[Transaction], T]) -> T:
        """What `do` gives for a transaction, once that is committed; rolled back when it raises.

        On SQLite all of `do` runs in the writer's thread: one hop there and back, where `writing` hops for each statement.
        Where the caller is cancelled meanwhile, the transaction may be committed all the same.
        """
        if self._writer is not None:
            async with self._turn:
                return await self._writer.committed(do)
        async with self.writing() as connection:
            return await connection.run_sync(do)

    async def ping(self) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError or OSError where the database cannot be reached."""
        async with self.reading() as connection:
            await connection.execute(sa.text("SELECT 1"))

    async def clock(self) -> datetime:
        """What time it is where the records are: on SQLite that is here. Raises as `ping`."""
        if self.is_sqlite:
            await self.ping()
            return datetime.now(UTC)
        async with self.reading() as connection:
            now: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
            return now

    async def empty_journal(self) -> None:
        """Brings all that was committed into the file itself, and cuts off the journal beside it (the WAL), which remembers longer.

        Waits for nobody: while somebody reads just then it tries again some times, and leaves it to the next call. Does nothing on
        PostgreSQL, whose own VACUUM and recycling of its WAL see to it.
        """
        file = file_of(str(self.engine.url))
        if file is None:
            return
        for _ in range(JOURNAL_TRIES):
            async with self._turn:
                if await asyncio.to_thread(_cut_off_journal, file):
                    return
            await asyncio.sleep(JOURNAL_PAUSE_S)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        await self.engine.dispose()


class _Writer:
    """A connection to SQLite with a thread of its own."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(
            url.set(drivername="sqlite"),
            connect_args={"timeout": SQLITE_BUSY_S, "check_same_thread": False},
            hide_parameters=HIDE_PARAMETERS,
        ).execution_options(soglia_writes=True)
        _speak_sqlite(self._engine)
        self._thread = ThreadPoolExecutor(1, "soglia-writer")

    async def committed(self, do: Callable[[Transaction], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, do)

    async def close(self) -> None:
        """When the transaction under way, if any, has ended."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _commit(self, do: Callable[[Transaction], T]) -> T:
        with self._engine.begin() as connection:
            return do(connection)


def with_our_driver(url: str) -> str:
    """The URL with the asynchronous driver that we speak through: people write URLs without one.

    Raises ValueError for a URL of no database that we know, or of one that would not survive the process.
    """
    scheme, separator, rest = url.partition("://")
    url = f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError(
            "must be a URL such as sqlite:///soglia.sqlite3 or postgresql://user@host/name"
        ) from None
    if parsed.drivername not in _DRIVERS.values():
        raise ValueError("must be a sqlite:// or postgresql:// URL")
    if parsed.drivername == "sqlite+aiosqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: what is kept in memory alone is lost at the first crash")
    return url


def file_of(url: str) -> Path | None:
    """Where SQLite keeps the records of this URL; None for another database."""
    parsed = sa.make_url(url)
    return Path(parsed.database) if parsed.database and url.startswith("sqlite") else None


def in_parts(ids: Iterable[str]) -> list[list[str]]:
    """Ids, each once and in order, in lists that one statement takes."""
    wanted = sorted(set(ids))
    return [wanted[start : start + MANY] for start in range(0, len(wanted), MANY)]


def insert_into(
    connection: AsyncConnection | sa.Connection, table: sa.Table
) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the connection's own dialect: the one that knows `on_conflict_do_nothing` and `..._do_update`."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _speak_sqlite(engine: sa.Engine) -> None:
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begin)


def _sqlite_connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """WAL so that readers never wait; FULL so that an acknowledged visit survives even a power cut.

    What is deleted is overwritten (secure_delete): who was erased is in no free part of the file either.
    """
    # The driver must not open transactions by itself: we say BEGIN or BEGIN IMMEDIATE (SQLAlchemy docs, pysqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _cut_off_journal(file: Path) -> bool:
    """Whether it was done; False where a reader still looks at an older state, for whom the journal is needed."""
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _sqlite_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("soglia_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

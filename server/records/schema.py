"""The schema and its history: brings a database to the tables of this version, and says whether it is there.

In: a Database, empty or of any earlier version. Out: the same database with the tables of `tables.py`. All steps run in one
transaction, on SQLite as on PostgreSQL: a migration that fails, or a machine that loses power in its middle, leaves
the database as it was. Drafting the next step after a change to the tables: `python -m server.records.schema "why"`.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from server.records.database import Database
from server.records.tables import Table

#: Any number that nothing else locks by: processes that start together take turns, and the second finds it done.
_MIGRATION_LOCK = 0x50661A


class NewerSchema(Exception):
    """The database was migrated by a newer Soglia than this one: this one must not touch it."""


async def migrate(database: Database) -> None:
    """Brings the schema up to date; does nothing where it is. Raises NewerSchema, SQLAlchemyError or OSError."""
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        await connection.run_sync(_upgrade)


async def is_current(database: Database) -> bool:
    """Whether the database has the schema of this version, no older and no newer one."""
    async with database.reading() as connection:
        return await connection.run_sync(_stamped) == set(_scripts().get_heads())


async def differences(database: Database) -> list[Any]:
    """What alembic would change to turn the database into the tables; empty where they are the same."""
    async with database.reading() as connection:
        return await connection.run_sync(_compare)


async def draft(why: str) -> None:
    """Writes the next migration: from what all earlier ones make of an empty SQLite database to the tables."""
    with TemporaryDirectory() as folder:
        database = Database.open(f"sqlite+aiosqlite:///{folder}/draft.db")
        await migrate(database)
        async with database.writing() as connection:
            await connection.run_sync(
                lambda plain: command.revision(_config(plain), message=why, autogenerate=True)
            )
        await database.close()


def _config(connection: sa.Connection | None = None) -> Config:
    """What an alembic.ini would say, with the connection that migrations/env.py is to use."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _upgrade(connection: sa.Connection) -> None:
    try:
        command.upgrade(_config(connection), "head")
    except CommandError as error:
        if _stamped(connection) - {script.revision for script in _scripts().walk_revisions()}:
            raise NewerSchema("this database belongs to a newer version of Soglia; start that one") from error
        raise


def _stamped(connection: sa.Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _compare(connection: sa.Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Table.metadata))


if __name__ == "__main__":
    asyncio.run(draft(" ".join(sys.argv[1:]) or "change"))

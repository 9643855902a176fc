"""Versions of what processes hold compiled: zones, campaigns, anchors, devices, keys, consents.

In: the name of what changed. Out: a number per name that only grows. A process that missed the news of a change finds
it by polling `versions`.
"""

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.tables import Table

Name = Literal["zones", "campaigns", "anchors", "devices", "keys", "consents"]

_versions = Table.metadata.tables["catalogue_versions"]


async def bump(connection: AsyncConnection, name: Name) -> int:
    """Says that `name` changed; gives its version from now on.

    Do it last in a transaction: on PostgreSQL its row stays locked until the commit.
    """
    statement = insert_into(connection, _versions).values(name=name, version=1)
    bumped = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"version": _versions.c.version + 1}
        ).returning(_versions.c.version)
    )
    return int(bumped.scalar_one())


async def take_turn(connection: AsyncConnection, name: Name) -> None:
    """Holds `name` until the commit: on PostgreSQL whoever else would take it, or bump it, waits. SQLite has one writer anyway."""
    statement = insert_into(connection, _versions).values(name=name, version=0).on_conflict_do_nothing()
    await connection.execute(statement)
    await connection.execute(sa.select(_versions.c.version).where(_versions.c.name == name).with_for_update())


async def versions(connection: AsyncConnection) -> dict[str, int]:
    """All names that ever changed, with their versions."""
    rows = await connection.execute(sa.select(_versions.c.name, _versions.c.version))
    return {row.name: row.version for row in rows}

"""Rows as every subject of this room asks for them: one by its id, or a page of them in the order of their ids.

In: the class of a table. Out: its rows. The connection is the caller's, and nothing is committed.
"""

from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.refusal import NotFound
from server.records.tables import Table

Row = TypeVar("Row", bound=Table)

#: What became of something that its owner gave by their own id.
Change = Literal["created", "changed", "same"]


async def by_id(connection: AsyncConnection, row: type[Row], id: str, what: str) -> Row:
    """The row with this id. Raises NotFound, in words that call it `what`."""
    table = _table_of(row)
    found = (await connection.execute(sa.select(table).where(table.c.id == id))).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no {what} {id}")
    return row(**found)


async def page(
    connection: AsyncConnection, row: type[Row], after: str, limit: int, *where: sa.ColumnElement[bool]
) -> list[Row]:
    """At most `limit` rows by id, from behind the id `after`, of those for which all of `where` holds."""
    table = _table_of(row)
    asked = sa.select(table).where(table.c.id > after, *where).order_by(table.c.id).limit(limit)
    return [row(**found) for found in (await connection.execute(asked)).mappings()]


def _table_of(row: type[Any]) -> sa.Table:
    return Table.metadata.tables[row.__tablename__]

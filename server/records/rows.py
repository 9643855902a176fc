"""Rows as every subject of this room asks for them: one by its id, a page of them in the order of their ids, or of time.

In: the class of a table. Out: its rows. The connection is the caller's, and nothing is committed.
"""

from datetime import datetime
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.refusal import NotFound
from server.records.tables import Table

Row = TypeVar("Row", bound=Table)

#: The place of a row in a list that goes by time and then by id: the row itself is before what follows it.
Mark = tuple[datetime, str]

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


def before_mark(at: sa.Column[Any], id: sa.Column[Any], mark: Mark) -> sa.ColumnElement[bool]:
    """Rows that follow the mark in a list that goes by time and id, both downwards."""
    return sa.tuple_(at, id) < sa.tuple_(
        sa.bindparam(None, mark[0], type_=at.type), sa.bindparam(None, mark[1], type_=id.type)
    )


def _table_of(row: type[Any]) -> sa.Table:
    return Table.metadata.tables[row.__tablename__]

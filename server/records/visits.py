"""Visits as they were kept: one stay in one zone, open while it has no end. Written by the path, read here.

In: what to look for. Out: visits, newest first. Verbs take an open connection and never commit.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.rows import Mark, before_mark, by_id
from server.records.shops import Shops, only
from server.records.tables import Table, VisitRow

_visits = Table.metadata.tables["visits"]
#: A list of visits leaves their evidence in its place: it is asked for one by one.
_listed = [column for column in _visits.c if column.name not in {"opened_by", "closed_by"}]


@dataclass(frozen=True, slots=True)
class VisitQuery:
    """Which visits: those that began at or after `since` and before `until`, open ones or closed ones where it matters."""

    shopper: str | None = None
    device: str | None = None
    zone: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_open: bool | None = None
    shops: Shops = None


async def listed(
    connection: AsyncConnection, query: VisitQuery, *, after: Mark | None = None, limit: int = 100
) -> list[VisitRow]:
    """Visits by `entered_at`, newest first, from behind `after`. A list is stable while new visits come in."""
    where = only(_visits.c.zone_id, query.shops)
    if query.shopper is not None:
        where.append(_visits.c.shopper_id == query.shopper)
    if query.device is not None:
        where.append(_visits.c.device_id == query.device)
    if query.zone is not None:
        where.append(_visits.c.zone_id == query.zone)
    if query.since is not None:
        where.append(_visits.c.entered_at >= query.since)
    if query.until is not None:
        where.append(_visits.c.entered_at < query.until)
    if query.is_open is not None:
        where.append(_visits.c.exited_at.is_(None) == query.is_open)
    if after is not None:
        where.append(before_mark(_visits.c.entered_at, _visits.c.id, after))
    found = await connection.execute(
        sa.select(*_listed)
        .where(*where)
        .order_by(_visits.c.entered_at.desc(), _visits.c.id.desc())
        .limit(limit)
    )
    return [VisitRow(**row) for row in found.mappings()]


async def find(connection: AsyncConnection, visit: str) -> VisitRow:
    """One visit by its id. Raises NotFound."""
    return await by_id(connection, VisitRow, visit, "visit")

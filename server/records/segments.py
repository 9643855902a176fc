"""Named segments that are kept, and who belongs to one now.

In: segments that the campaigns room has read. Out: segments again; a live count. Verbs take an open connection and never commit.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns import NamedSegment, ShopperFacts, read_segment, write_segment
from server.records import campaigns
from server.records.facts import Asked, Facts
from server.records.references import refuse_where_named
from server.records.rows import Change, by_id, page
from server.records.tables import SegmentRow, Table

_segments = Table.metadata.tables["segments"]

#: Shoppers are looked at in parts of so many, some ten milliseconds each: others take their turn in between.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """How many shoppers belong, of how many; and the ids of the first of them."""

    belong: int
    shoppers: int
    some: tuple[str, ...]


async def listed(connection: AsyncConnection, *, after: str = "", limit: int = 100) -> list[SegmentRow]:
    """Segments by id, from behind `after`."""
    return await page(connection, SegmentRow, after, limit)


async def find(connection: AsyncConnection, segment: str) -> SegmentRow:
    """One segment by its id. Raises NotFound."""
    return await by_id(connection, SegmentRow, segment, "segment")


async def load(connection: AsyncConnection) -> dict[str, NamedSegment]:
    """All segments as values, by id: to be put into the campaigns that name them."""
    rules = await connection.scalars(sa.select(_segments.c.rule).order_by(_segments.c.id))
    return {segment.id: segment for segment in map(read_segment, rules)}


async def put(connection: AsyncConnection, segment: NamedSegment, now: datetime) -> tuple[Change, SegmentRow]:
    """Keeps a segment by its id."""
    locked = sa.select(_segments).where(_segments.c.id == segment.id).with_for_update()
    kept = (await connection.execute(locked)).mappings().one_or_none()
    row = SegmentRow(
        id=segment.id,
        name=segment.name,
        rule=write_segment(segment),
        created_at=kept["created_at"] if kept else now,
        updated_at=now,
    )
    if kept is None:
        await connection.execute(sa.insert(_segments).values(**row.model_dump()))
        return "created", row
    if kept["rule"] == row.rule:
        return "same", SegmentRow(**kept)
    await connection.execute(
        sa.update(_segments).where(_segments.c.id == segment.id).values(**row.model_dump(exclude={"id"}))
    )
    return "changed", row


async def remove(connection: AsyncConnection, segment: str) -> None:
    """Forgets a segment. Raises NotFound, or Taken where a campaign that has not ended names it."""
    await find(connection, segment)
    naming = await campaigns.naming_segment(connection, segment)
    refuse_where_named(f"segment {segment}", {"campaign": naming})
    await connection.execute(sa.delete(_segments).where(_segments.c.id == segment))


async def count(connection: AsyncConnection, segment: NamedSegment, now: datetime, show: int = 0) -> Counted:
    """Who belongs now, looked at one by one: what is counted is what campaigns would decide."""
    asked = Asked(since=now, needs=segment.needs)
    belong, shoppers, after = 0, 0, ""
    some: list[str] = []
    while part := await _part(connection, after, asked):
        after = part[-1].id
        theirs = [shopper.id for shopper in part if segment.holds(shopper, now)]
        shoppers, belong = shoppers + len(part), belong + len(theirs)
        some += theirs[: max(0, show - len(some))]
    return Counted(belong, shoppers, tuple(some))


async def _part(connection: AsyncConnection, after: str, asked: Asked) -> list[ShopperFacts]:
    return await connection.run_sync(lambda plain: Facts(plain).shoppers_after(after, AT_ONCE, asked))

"""The floor plans that are kept: one floor of a site each, in metres.

In: plans as values of the zones room. Out: the same. Verbs take an open connection and never commit.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import zones
from server.records.references import refuse_where_named
from server.records.refusal import NotFound
from server.records.rows import Change
from server.records.shops import Shops, only, plans_of
from server.records.tables import Table
from server.zones.zone import FloorPlan, FloorShape

_plans = Table.metadata.tables["floor_plans"]
_anchors = Table.metadata.tables["anchors"]
_surveys = Table.metadata.tables["surveys"]


async def listed(
    connection: AsyncConnection, *, shops: Shops = None, after: str = "", limit: int = 100
) -> list[FloorPlan]:
    """Floor plans by id, from behind `after`."""
    found = await connection.scalars(
        sa.select(_plans.c.plan)
        .where(_plans.c.id > after, *only(_plans.c.id, shops, plans_of))
        .order_by(_plans.c.id)
        .limit(limit)
    )
    return [_read(plan) for plan in found]


async def load(connection: AsyncConnection) -> list[FloorPlan]:
    """All floor plans, by id: to be compiled."""
    return [_read(plan) for plan in await connection.scalars(sa.select(_plans.c.plan).order_by(_plans.c.id))]


async def find(connection: AsyncConnection, plan: str) -> FloorPlan:
    """One floor plan by its id. Raises NotFound."""
    kept = await connection.scalar(sa.select(_plans.c.plan).where(_plans.c.id == plan))
    if kept is None:
        raise NotFound(f"there is no floor plan {plan}")
    return _read(kept)


async def put(connection: AsyncConnection, plan: FloorPlan, now: datetime) -> Change:
    """Keeps a floor plan by its own id."""
    kept = await connection.scalar(sa.select(_plans.c.plan).where(_plans.c.id == plan.id))
    if kept is not None and _read(kept) == plan:
        return "same"
    row = {"name": plan.name, "site_id": plan.site, "plan": asdict(plan), "updated_at": now}
    if kept is None:
        await connection.execute(sa.insert(_plans).values(id=plan.id, **row))
        return "created"
    await connection.execute(sa.update(_plans).where(_plans.c.id == plan.id).values(**row))
    return "changed"


async def put_picture(connection: AsyncConnection, plan: str, kind: str, picture: bytes | None) -> None:
    """Keeps the picture of a plan, of this media type; None takes it away. Raises NotFound."""
    changed = await connection.execute(
        sa.update(_plans)
        .where(_plans.c.id == plan)
        .values(picture=picture, picture_kind=None if picture is None else kind)
    )
    if not changed.rowcount:
        raise NotFound(f"there is no floor plan {plan}")


async def picture(connection: AsyncConnection, plan: str) -> tuple[str, bytes]:
    """The picture of a plan and its media type. Raises NotFound."""
    asked = sa.select(_plans.c.picture_kind, _plans.c.picture).where(_plans.c.id == plan)
    row = (await connection.execute(asked)).one_or_none()
    if row is None or row.picture is None:
        raise NotFound(
            f"there is no floor plan {plan}" if row is None else f"floor plan {plan} has no picture"
        )
    return row.picture_kind, row.picture


async def remove(connection: AsyncConnection, plan: str) -> None:
    """Forgets a floor plan and its surveys. Raises NotFound, or Taken where zones or anchors lie on it."""
    await find(connection, plan)
    drawn = [
        z.id for z in await zones.load(connection) if isinstance(z.place, FloorShape) and z.place.plan == plan
    ]
    anchors = await connection.scalars(
        sa.select(_anchors.c.id).where(_anchors.c.plan_id == plan).order_by(_anchors.c.id)
    )
    refuse_where_named(f"floor plan {plan}", {"zone": drawn, "anchor": list(anchors)})
    await connection.execute(sa.delete(_surveys).where(_surveys.c.plan_id == plan))
    await connection.execute(sa.delete(_plans).where(_plans.c.id == plan))


def _read(kept: dict[str, Any]) -> FloorPlan:
    walls = tuple(tuple((x, y) for x, y in wall) for wall in kept["walls"])
    return FloorPlan(**{**kept, "walls": walls})

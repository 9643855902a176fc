"""The anchors that are kept: gateways' ears and the fixed beacons that phones hear, with their places on floor plans.

In: anchors as values of the zones room, and the id text of the beacon that one may be. Out: rows, or values again.
Verbs take an open connection and never commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import zones
from server.records.database import in_parts
from server.records.references import refuse_where_named
from server.records.refusal import Taken
from server.records.rows import Change, by_id, page
from server.records.shops import Shops, anchors_of, only
from server.records.tables import AnchorRow, Table
from server.zones.zone import Anchor

_anchors = Table.metadata.tables["anchors"]
_gateways = Table.metadata.tables["gateways"]
_devices = Table.metadata.tables["devices"]


@dataclass(frozen=True, slots=True)
class Given:
    """An anchor; `beacon` is what phones hear of it (`ibeacon:<uuid>:<major>:<minor>`), None for a gateway that only hears."""

    anchor: Anchor
    beacon: str | None = None


async def listed(
    connection: AsyncConnection, *, shops: Shops = None, after: str = "", limit: int = 100
) -> list[AnchorRow]:
    """Anchors by id, from behind `after`."""
    return await page(connection, AnchorRow, after, limit, *only(_anchors.c.id, shops, anchors_of))


async def find(connection: AsyncConnection, anchor: str) -> AnchorRow:
    """One anchor by its id. Raises NotFound."""
    return await by_id(connection, AnchorRow, anchor, "anchor")


async def load(connection: AsyncConnection) -> list[Anchor]:
    """All anchors as values, by id: to be compiled."""
    found = await connection.execute(sa.select(_anchors).order_by(_anchors.c.id))
    return [value_of(AnchorRow(**row)) for row in found.mappings()]


async def put(connection: AsyncConnection, given: Sequence[Given], now: datetime) -> dict[str, Change]:
    """Keeps anchors by their own ids; says of each, in the order given, whether it was created, changed, or the same.

    Raises Taken where a beacon belongs to another anchor, or to something that walks: one id text is one thing.
    """
    kept = await _kept(connection, [each.anchor.id for each in given])
    await _refuse_taken_beacons(connection, given)
    changes: dict[str, Change] = {}
    created, changed = [], []
    for each in given:
        row = _columns(each)
        if each.anchor.id not in kept:
            changes[each.anchor.id] = "created"
            created.append({"id": each.anchor.id, **row, "created_at": now})
        elif row != kept[each.anchor.id].model_dump(include=set(row)):
            changes[each.anchor.id] = "changed"
            changed.append({"own_id": each.anchor.id, **row})
        else:
            changes[each.anchor.id] = "same"
    if changed:
        # Beacons may be passed on within one body: nobody has any while they are dealt out again.
        await connection.execute(
            sa.update(_anchors).where(_anchors.c.id == sa.bindparam("own_id")).values(beacon=None),
            [{"own_id": row["own_id"]} for row in changed],
        )
        await connection.execute(sa.update(_anchors).where(_anchors.c.id == sa.bindparam("own_id")), changed)
    if created:
        await connection.execute(sa.insert(_anchors), created)
    return changes


async def remove(connection: AsyncConnection, anchor: str) -> None:
    """Forgets an anchor. Raises NotFound, or Taken where zones name it or a gateway hears for it."""
    await find(connection, anchor)
    gateways = await connection.scalars(sa.select(_gateways.c.id).where(_gateways.c.anchor_id == anchor))
    refuse_where_named(
        f"anchor {anchor}",
        {"zone": await zones.naming_anchor(connection, anchor), "gateway": list(gateways)},
    )
    await connection.execute(sa.delete(_anchors).where(_anchors.c.id == anchor))


def value_of(row: AnchorRow) -> Anchor:
    """The row as a value of the zones room."""
    return Anchor(
        id=row.id,
        name=row.name,
        site=row.site_id,
        plan=row.plan_id,
        x_m=row.x_m,
        y_m=row.y_m,
        z_m=row.z_m,
        reference_dbm_at_1m=row.reference_dbm,
        bias_db=row.bias_db,
    )


def _columns(given: Given) -> dict[str, str | float | None]:
    anchor = given.anchor
    return {
        "name": anchor.name,
        "site_id": anchor.site,
        "plan_id": anchor.plan,
        "x_m": anchor.x_m,
        "y_m": anchor.y_m,
        "z_m": anchor.z_m,
        "reference_dbm": anchor.reference_dbm_at_1m,
        "bias_db": anchor.bias_db,
        "beacon": given.beacon,
    }


async def _kept(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, AnchorRow]:
    kept: dict[str, AnchorRow] = {}
    for some in in_parts(ids):
        found = await connection.execute(sa.select(_anchors).where(_anchors.c.id.in_(some)))
        kept |= {row["id"]: AnchorRow(**row) for row in found.mappings()}
    return kept


async def _refuse_taken_beacons(connection: AsyncConnection, given: Sequence[Given]) -> None:
    wanted: dict[str, str] = {}
    for each in given:
        if each.beacon is not None and wanted.setdefault(each.beacon, each.anchor.id) != each.anchor.id:
            raise Taken(f"anchors {wanted[each.beacon]} and {each.anchor.id} are given the same beacon")
    coming = {each.anchor.id for each in given}
    for part in in_parts(wanted):
        held = await connection.execute(
            sa.select(_anchors.c.id, _anchors.c.beacon).where(_anchors.c.beacon.in_(part))
        )
        for row in held:
            if row.id not in coming:
                raise Taken(f"the beacon of anchor {wanted[row.beacon]} belongs to anchor {row.id}")
        walking = await connection.execute(sa.select(_devices.c.beacon).where(_devices.c.beacon.in_(part)))
        for row in walking:
            raise Taken(f"the beacon of anchor {wanted[row.beacon]} belongs to a device")

"""The zones that are kept: each as its owner gave it, mended, found by the owner's own id.

In: zones that the zones room has read and found sound. Out: zones again, or their GeoJSON features as they were kept.
Verbs take an open connection and never commit.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import campaigns
from server.records.database import in_parts
from server.records.references import refuse_where_named
from server.records.rows import Change, by_id, page
from server.records.shops import Shops, only
from server.records.tables import Table, ZoneRow
from server.zones.geojson import MOST_FEATURES, read_zones, write_zone
from server.zones.zone import AnchorSet, Disc, Zone

_versions = Table.metadata.tables["catalogue_versions"]
_zones = Table.metadata.tables["zones"]
_plans = Table.metadata.tables["floor_plans"]
_anchors = Table.metadata.tables["anchors"]


@dataclass(frozen=True, slots=True)
class Given:
    """A zone, and what its owner keeps with it for themselves (notes, style)."""

    zone: Zone
    extras: Mapping[str, Any] | None = None


async def listed(
    connection: AsyncConnection, *, shops: Shops = None, after: str = "", limit: int = MOST_FEATURES
) -> list[ZoneRow]:
    """Zones by id, from behind `after`."""
    return await page(connection, ZoneRow, after, limit, *only(_zones.c.id, shops))


async def find(connection: AsyncConnection, zone: str) -> ZoneRow:
    """One zone by its id. Raises NotFound."""
    return await by_id(connection, ZoneRow, zone, "zone")


async def load(connection: AsyncConnection, shops: Shops = None) -> list[Zone]:
    """All zones, or those of some shops, as values, by id: to be compiled, or to check a change against."""
    asked = sa.select(_zones.c.feature).where(*only(_zones.c.id, shops)).order_by(_zones.c.id)
    features = [row.feature for row in await connection.execute(asked)]
    # Thousands of outlines take a second to read: on a thread, so that the path goes on meanwhile.
    return await asyncio.to_thread(_read, features)


async def some(connection: AsyncConnection, ids: Sequence[str]) -> list[Zone]:
    """These zones as values, of those that there are."""
    return _read([*(await _features(connection, ids)).values()])


async def version(connection: AsyncConnection, *, lock: bool = False) -> int:
    """The catalogue's version of zones. With `lock` whoever else would change zones waits for the end of the transaction."""
    asked = sa.select(_versions.c.version).where(_versions.c.name == "zones")
    return int(await connection.scalar(asked.with_for_update() if lock else asked) or 0)


async def put(
    connection: AsyncConnection, given: Sequence[Given], now: datetime, *, dry: bool = False
) -> dict[str, Change]:
    """Keeps zones by their own ids; says of each, in the order given, whether it was created, changed, or the same. `dry`: only says."""
    kept = await _features(connection, [each.zone.id for each in given])
    changes: dict[str, Change] = {}
    created, changed = [], []
    for each in given:
        zone = each.zone
        # Through JSON once, so that what is compared is what a database gives back (lists, where shapely has tuples).
        feature = json.loads(json.dumps(write_zone(zone, each.extras)))
        row = {"name": zone.name, "level": zone.level, "parent_id": zone.parent, "feature": feature}
        if zone.id not in kept:
            changes[zone.id] = "created"
            created.append({"id": zone.id, **row, "created_at": now, "updated_at": now})
        elif kept[zone.id] != feature:
            changes[zone.id] = "changed"
            changed.append({"own_id": zone.id, **row, "updated_at": now})
        else:
            changes[zone.id] = "same"
    if dry:
        return changes
    if created:
        await connection.execute(sa.insert(_zones), created)
    if changed:
        await connection.execute(sa.update(_zones).where(_zones.c.id == sa.bindparam("own_id")), changed)
    return changes


async def remove(connection: AsyncConnection, zone: str) -> None:
    """Forgets a zone. Raises NotFound, or Taken where something still names it: the refusal says what."""
    await find(connection, zone)
    children = await connection.scalars(
        sa.select(_zones.c.id).where(_zones.c.parent_id == zone).order_by(_zones.c.id)
    )
    anchors = await connection.scalars(
        sa.select(_anchors.c.id).where(_anchors.c.site_id == zone).order_by(_anchors.c.id)
    )
    plans = await connection.scalars(
        sa.select(_plans.c.id).where(_plans.c.site_id == zone).order_by(_plans.c.id)
    )
    refuse_where_named(
        f"zone {zone}",
        {
            "zone": list(children),
            "anchor": list(anchors),
            "floor plan": list(plans),
            "campaign": await campaigns.naming_zone(connection, zone),
        },
    )
    await connection.execute(sa.delete(_zones).where(_zones.c.id == zone))


async def sites(
    connection: AsyncConnection, shops: frozenset[str] | None = None
) -> list[tuple[str, str, str | None]]:
    """Id, name and time zone of each site, by name; of `shops`, where they are given."""
    time_zone = _zones.c.feature["properties", "time_zone"].as_string().label("time_zone")
    asked = sa.select(_zones.c.id, _zones.c.name, time_zone).where(_zones.c.level == "site")
    if shops is not None:
        asked = asked.where(_zones.c.id.in_(shops))
    found = await connection.execute(asked.order_by(_zones.c.name, _zones.c.id))
    return [(row.id, row.name, row.time_zone) for row in found]


async def groups(connection: AsyncConnection) -> set[str]:
    """All groups that any zone is in."""
    features = await connection.scalars(sa.select(_zones.c.feature))
    return {group for feature in features for group in feature["properties"].get("groups", ())}


async def naming_anchor(connection: AsyncConnection, anchor: str) -> list[str]:
    """The zones that are where this anchor hears."""
    return [
        zone.id
        for zone in await load(connection)
        if (isinstance(zone.place, AnchorSet) and anchor in zone.place.anchors)
        or (isinstance(zone.place, Disc) and zone.place.anchor == anchor)
    ]


async def _features(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Any]:
    features: dict[str, Any] = {}
    for some in in_parts(ids):
        found = await connection.execute(
            sa.select(_zones.c.id, _zones.c.feature).where(_zones.c.id.in_(some))
        )
        features |= {row.id: row.feature for row in found}
    return features


def _read(features: Sequence[dict[str, Any]]) -> list[Zone]:
    return [
        zone
        for start in range(0, len(features), MOST_FEATURES)
        for zone in read_zones(
            {"type": "FeatureCollection", "features": features[start : start + MOST_FEATURES]}
        ).zones
    ]

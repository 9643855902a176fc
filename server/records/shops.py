"""What lies in which shop, for staff who are of some shops only: as conditions for what is asked of the tables.

In: the ids of their sites, or None for all. Out: conditions; whether a thing is one of others' shops. A shop is its site with all that lies
in it; an anchor is where its site is, else its floor plan; a gateway where its anchor is; whatever happened where its zone is; a shopper in
each shop that they visited. What lies in no shop is nobody's who is of some.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.tables import Table

#: The ids of sites; None: all there are.
Shops: TypeAlias = frozenset[str] | None

Kind = Literal[
    "zone", "plan", "anchor", "gateway", "survey", "visit", "decision", "reply", "shopper", "device"
]

_zones, _plans, _anchors, _visits = (
    Table.metadata.tables[name] for name in ("zones", "floor_plans", "anchors", "visits")
)

_Ids = sa.Select[tuple[str]]


def zones_of(shops: Collection[str]) -> _Ids:
    """The sites and all zones that lie in them, however deep."""
    tree = sa.select(_zones.c.id).where(_zones.c.id.in_(sorted(shops))).cte(recursive=True)
    tree = tree.union(sa.select(_zones.c.id).join(tree, _zones.c.parent_id == tree.c.id))
    return sa.select(tree.c.id)


def plans_of(shops: Collection[str]) -> _Ids:
    return sa.select(_plans.c.id).where(_plans.c.site_id.in_(zones_of(shops)))


def anchors_of(shops: Collection[str]) -> _Ids:
    on_plan = sa.and_(_anchors.c.site_id.is_(None), _anchors.c.plan_id.in_(plans_of(shops)))
    return sa.select(_anchors.c.id).where(sa.or_(_anchors.c.site_id.in_(zones_of(shops)), on_plan))


def shoppers_of(shops: Collection[str]) -> _Ids:
    return sa.select(_visits.c.shopper_id).where(
        _visits.c.shopper_id.is_not(None), _visits.c.zone_id.in_(zones_of(shops))
    )


def _devices_of(shops: Collection[str]) -> _Ids:
    return sa.select(_visits.c.device_id).where(_visits.c.zone_id.in_(zones_of(shops)))


#: Of each kind of thing its table, and by which of its columns it is in a shop.
_WHERE: Final[Mapping[Kind, tuple[str, str, Callable[[Collection[str]], _Ids]]]] = {
    "zone": ("zones", "id", zones_of),
    "plan": ("floor_plans", "id", plans_of),
    "anchor": ("anchors", "id", anchors_of),
    "gateway": ("gateways", "anchor_id", anchors_of),
    "survey": ("surveys", "plan_id", plans_of),
    "visit": ("visits", "zone_id", zones_of),
    "decision": ("decisions", "zone_id", zones_of),
    "reply": ("replies", "zone_id", zones_of),
    "shopper": ("shoppers", "id", shoppers_of),
    "device": ("devices", "id", _devices_of),
}


def only(
    column: sa.ColumnElement[Any], shops: Shops, of: Callable[[Collection[str]], _Ids] = zones_of
) -> list[sa.ColumnElement[bool]]:
    """The condition that a column names something in these shops; none for all of them."""
    return [] if shops is None else [column.in_(of(shops))]


async def elsewhere(connection: AsyncConnection, kind: Kind, ids: Collection[str], shops: Shops) -> set[str]:
    """Those of these ids that stand for something that lies in none of the shops."""
    if shops is None or not ids:
        return set()
    name, column, of = _WHERE[kind]
    table = Table.metadata.tables[name]
    here = table.c[column].in_(of(shops))
    return set(await connection.scalars(sa.select(table.c.id).where(table.c.id.in_(ids), sa.not_(here))))


async def zones_elsewhere(connection: AsyncConnection, shops: Shops) -> frozenset[str]:
    """The ids of all zones of other shops, and those of their names that no zone of these has."""
    if shops is None:
        return frozenset()
    here = _zones.c.id.in_(zones_of(shops))
    own = set(await connection.scalars(sa.select(_zones.c.name).where(here)))
    others = (await connection.execute(sa.select(_zones.c.id, _zones.c.name).where(sa.not_(here)))).all()
    return frozenset({row.id for row in others} | ({row.name for row in others} - own))


async def anchors_elsewhere(connection: AsyncConnection, shops: Shops) -> frozenset[str]:
    """The same of anchors."""
    if shops is None:
        return frozenset()
    here = _anchors.c.id.in_(anchors_of(shops))
    own = set(await connection.scalars(sa.select(_anchors.c.name).where(here)))
    others = (await connection.execute(sa.select(_anchors.c.id, _anchors.c.name).where(sa.not_(here)))).all()
    return frozenset({row.id for row in others} | ({row.name for row in others} - own))


async def known_zones(
    connection: AsyncConnection, shops: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the zones in these shops, and all groups that these zones are in."""
    rows = await connection.execute(
        sa.select(_zones.c.id, _zones.c.feature).where(_zones.c.id.in_(zones_of(shops)))
    )
    known = {row.id: row.feature["properties"].get("groups") or () for row in rows}
    return frozenset(known), frozenset(group for groups in known.values() for group in groups)

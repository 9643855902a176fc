"""How a visit's row keeps what opened and closed it: small plain JSON, and back; and all that it takes to tell of it.

In: presence.visit.Evidence; a visit's id. Out: a dict of less than a kilobyte, times as seconds before the event was certain; the
evidence with the names of the zones and anchors in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.presence.visit import Evidence, Weighing
from server.records import visits
from server.records.tables import Table, VisitRow
from server.zones.zone import LEVELS, Manner

_zones, _anchors = Table.metadata.tables["zones"], Table.metadata.tables["anchors"]


@dataclass(frozen=True, slots=True)
class Explained:
    """A visit with its evidence, the names of what is in it by id, and the time zone of the shop where one is known."""

    visit: VisitRow
    opened_by: Evidence | None
    closed_by: Evidence | None
    names: Mapping[str, str]
    time_zone: str | None


async def explained(connection: AsyncConnection, visit: str) -> Explained:
    """All that it takes to tell why a visit was one. Raises NotFound. What was deleted since has no name any more."""
    row = await visits.find(connection, visit)
    opened_by, closed_by = read(row.opened_by), read(row.closed_by)
    known = [each for each in (opened_by, closed_by) if each]
    anchors = {each.anchor for one in known for each in one.weighings if each.anchor}
    zones = await _named_zones(connection, {row.zone_id, *(one.zone for one in known if one.zone)})
    heard = await connection.execute(
        sa.select(_anchors.c.id, _anchors.c.name).where(_anchors.c.id.in_(anchors))
    )
    names = {zone: name for zone, (name, _, _) in zones.items()} | {each.id: each.name for each in heard}
    return Explained(row, opened_by, closed_by, names, await time_zone_of(connection, row.zone_id))


def written(evidence: Evidence | None) -> dict[str, Any] | None:
    """Evidence as a row keeps it."""
    if evidence is None:
        return None
    known_at, manner = evidence.known_at, evidence.manner
    return {
        "why": evidence.why,
        "known_at": round(known_at, 3),
        "heard_before_s": None if evidence.heard_at is None else round(known_at - evidence.heard_at, 3),
        "usual_gap_s": round(evidence.usual_gap_s, 2),
        "zone": evidence.zone,
        "manner": manner
        and (
            manner.word,
            manner.enter_at,
            manner.leave_at,
            manner.enter_after_s,
            manner.leave_after_s,
        ),
        "weighings": [
            (round(known_at - at, 3), round(inside, 3), strength and round(strength, 1), anchor, others, turn)
            for at, inside, strength, anchor, others, turn in evidence.weighings
        ],
    }


def read(kept: Mapping[str, Any] | None) -> Evidence | None:
    """Evidence as it was written; None where a row has none: it is older than this, or was put in its place afterwards."""
    if not kept:
        return None
    known_at, before = kept["known_at"], kept["heard_before_s"]
    return Evidence(
        why=kept["why"],
        known_at=known_at,
        heard_at=None if before is None else known_at - before,
        usual_gap_s=kept["usual_gap_s"],
        zone=kept["zone"],
        manner=Manner(*kept["manner"]) if kept["manner"] else None,
        weighings=tuple(Weighing(known_at - before_s, *rest) for before_s, *rest in kept["weighings"]),
    )


async def time_zone_of(connection: AsyncConnection, zone: str | None) -> str | None:
    """The zone's own, or that of what it lies in."""
    for _ in LEVELS:
        if zone is None:
            break
        found = (await _named_zones(connection, [zone])).get(zone)
        if found is None or found[2]:
            return found and found[2]
        zone = found[1]
    return None


async def _named_zones(
    connection: AsyncConnection, ids: Iterable[str]
) -> dict[str, tuple[str, str | None, str | None]]:
    """Name, parent and time zone of zones, without their outlines."""
    time_zone = _zones.c.feature["properties", "time_zone"].as_string()
    found = await connection.execute(
        sa.select(_zones.c.id, _zones.c.name, _zones.c.parent_id, time_zone.label("time_zone")).where(
            _zones.c.id.in_(list(ids))
        )
    )
    return {row.id: (row.name, row.parent_id, row.time_zone) for row in found}

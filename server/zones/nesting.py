"""Whether zones fit together: parents, levels, circles of descent, children inside their parents.

In: all zones that stand together (those sent and those already kept), and where each was in a body. Out: complaints, which
refuse, and warnings, which are shown to staff and stop nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import shapely

from server.zones.complaint import Remark, within
from server.zones.hours import time_zone_named
from server.zones.outline import Outline
from server.zones.shape import circle_outline
from server.zones.zone import LEVELS, Circle, FloorShape, Geofence, Zone

_MOSTLY = 0.5  # a terrace or a queue on the pavement may stick out; half outside is more likely a mistake


@dataclass(frozen=True, slots=True)
class Nesting:
    """What is wrong (`complaints`) and what is odd (`warnings`) with zones that stand together."""

    complaints: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def check_nesting(zones: Iterable[Zone], places: Mapping[str, str] | None = None) -> Nesting:
    """Complaints and warnings about zones that stand together; `places` says by zone id where each was in the body."""
    complaints: list[Remark] = []
    warnings: list[Remark] = []
    known: dict[str, Zone] = {}
    where: dict[str, str] = {}
    for zone in zones:
        where[zone.id] = within((places or {}).get(zone.id, f"zone {zone.id}"), "properties")
        if zone.id in known:
            complaints.append(Remark(within(where[zone.id], "id"), f"there are two zones {zone.id!r}"))
        known[zone.id] = zone
    parents = {zone.parent for zone in known.values()}
    for zone in known.values():
        here = where[zone.id]
        wrong = [*_parent_trouble(zone, known), *_time_zone_trouble(zone)]
        complaints += [Remark(within(here, key), reason) for key, reason in wrong]
        if not wrong:
            warnings += [
                Remark(here, reason) for reason in _oddities(zone, known, has_children=zone.id in parents)
            ]
    return Nesting(tuple(complaints), tuple(warnings))


def _parent_trouble(zone: Zone, known: Mapping[str, Zone]) -> list[tuple[str, str]]:
    if zone.parent is None:
        return []
    if zone.level == "site":
        return [("parent", "a site is the whole and has no parent; group sites with groups")]
    parent = known.get(zone.parent)
    if parent is None:
        return [("parent", f"there is no zone {zone.parent!r}")]
    descent = _circle_of_descent(zone, known)
    if descent:
        return [("parent", f"a zone cannot be its own ancestor: {' < '.join(descent)}")]
    if LEVELS.index(parent.level) >= LEVELS.index(zone.level):
        return [
            (
                "level",
                f"a {zone.level} cannot lie in a {parent.level} ({parent.id}): sites hold zones, zones hold shelves",
            )
        ]
    return []


def _circle_of_descent(zone: Zone, known: Mapping[str, Zone]) -> list[str]:
    """The ids from a zone up to itself again; empty where its ancestors end or lead into someone else's circle."""
    path, above = [zone.id], zone.parent
    while above is not None and above in known and above not in path[1:]:
        path.append(above)
        if above == zone.id:
            return path
        above = known[above].parent
    return []


def _time_zone_trouble(zone: Zone) -> list[tuple[str, str]]:
    if zone.time_zone is None:
        return []
    try:
        time_zone_named(zone.time_zone)
    except ValueError as error:
        return [("time_zone", str(error))]
    return []


def _oddities(zone: Zone, known: Mapping[str, Zone], *, has_children: bool) -> list[str]:
    odd = []
    if zone.place is None and not has_children:
        odd.append("has neither a place nor children: nobody can be in it")
    if zone.parent is None and zone.time_zone is None:
        odd.append("has no time zone: schedules and opening hours need one")
    if zone.parent is not None:
        odd += _outside(zone, known[zone.parent])
    return odd


def _outside(child: Zone, parent: Zone) -> list[str]:
    """A warning where most of a child lies outside its parent, both drawn on the same ground."""
    inner, outer = _outline(child), _outline(parent)
    if inner is None or outer is None or inner[0] != outer[0]:
        return []
    ground, drawn = inner
    share = drawn.intersection(outer[1]).area / drawn.area
    if share >= _MOSTLY:
        return []
    hint = ""
    if ground == "" and shapely.transform(drawn, lambda corners: corners[:, ::-1]).intersects(outer[1]):
        hint = "; with longitude and latitude swapped it would lie there: GeoJSON puts longitude first"
    return [f"lies outside its parent {parent.id} with {1 - share:.0%} of its area{hint}"]


def _outline(zone: Zone) -> tuple[str, Outline] | None:
    """The ground a zone is drawn on ("" is the map, otherwise the plan's id) and its outline there."""
    match zone.place:
        case Geofence(geometry):
            return "", geometry
        case Circle(lat, lon, radius_m):
            return "", circle_outline(lat, lon, radius_m)
        case FloorShape(plan, geometry):
            return plan, geometry
    return None

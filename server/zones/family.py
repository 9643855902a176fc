"""Which zones exclude each other: departments of one shop do, two displays that overlap do not. Pure.

In: zones and their parents. Out: for each zone the number of its family, -1 for none. Two zones of one family are never held
at once. Zones that lie in nothing have no family: fences of different owners may overlap as they like.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely

from server.zones.shape import Indexes, circle_outline
from server.zones.zone import Anchor, AnchorSet, Circle, Disc, FloorShape, Geofence, Place

#: Drawn by hand, neighbours overlap a little: by less than this share of the smaller they are still neighbours.
DRAWN_BY_HAND = 0.05


def families(
    places: Sequence[Place], within: Sequence[Sequence[int]], anchors: Mapping[str, Anchor]
) -> Indexes:
    """`within[i]` runs from the parent of zone i outwards. A zone that overlaps one of its siblings has no family."""
    siblings: dict[int, list[int]] = {}
    for zone, outer in enumerate(within):
        if outer:
            siblings.setdefault(outer[0], []).append(zone)
    family = np.full(len(places), -1, np.intp)
    for parent, children in siblings.items():
        family[children] = parent
        for some in _alike(places, children, anchors):
            family[list(_overlapping(some))] = -1
    return family


def _alike(
    places: Sequence[Place], children: Sequence[int], anchors: Mapping[str, Anchor]
) -> Iterator[dict[int, shapely.Geometry]]:
    """The shapes of siblings that lie on one plan, or on the map."""
    drawn: dict[str | None, dict[int, shapely.Geometry]] = {}
    for zone in children:
        match places[zone]:
            case FloorShape(plan, geometry):
                drawn.setdefault(plan, {})[zone] = geometry
            case Disc(anchor, radius_m):
                # A display whose place nobody knows may overlap any other.
                hung = anchors.get(anchor)
                plan, x_m, y_m = "?", 0.0, 0.0
                if hung is not None and hung.x_m is not None and hung.y_m is not None:
                    plan, x_m, y_m = hung.plan or "", hung.x_m, hung.y_m
                drawn.setdefault(plan, {})[zone] = shapely.Point(x_m, y_m).buffer(radius_m)
            case Geofence(geometry):
                drawn.setdefault(None, {})[zone] = geometry
            case Circle(lat, lon, radius_m):
                drawn.setdefault(None, {})[zone] = circle_outline(lat, lon, radius_m)
            case AnchorSet(names):
                # Each is where its own anchors hear best: they overlap where they share one.
                for name in names:
                    drawn.setdefault(f"anchor {name}", {})[zone] = shapely.box(0.0, 0.0, 1.0, 1.0)
    yield from drawn.values()


def _overlapping(shapes: Mapping[int, shapely.Geometry]) -> set[int]:
    zones, drawn = list(shapes), np.array(list(shapes.values()), object)
    some, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
    pairs = some < other
    some, other = some[pairs], other[pairs]
    shared = shapely.area(shapely.intersection(drawn[some], drawn[other]))
    smaller = np.minimum(shapely.area(drawn[some]), shapely.area(drawn[other]))
    much = shared > DRAWN_BY_HAND * smaller
    return {zones[i] for i in (*some[much].tolist(), *other[much].tolist())}

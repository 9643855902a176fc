"""Which zones exclude each other: departments of one shop do, two displays that overlap do not. Pure.

In: zones and their parents. Out: for each zone the number of its family, -1 for none. Two zones of one family are never held
at once. Zones that lie in nothing have no family: fences of different owners may overlap as they like.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.shape import Floats, Indexes, circle_outline
from server.zones.zone import Anchor, AnchorSet, Circle, Disc, FloorShape, Geofence, Place

#: Drawn by hand, neighbours overlap a little: by less than this share of the smaller they are still neighbours.
DRAWN_BY_HAND = 0.05
#: Two shapes with more corners than this are compared by so many points a side of the box that they share.
MOST_CORNERS, POINTS = 2_000, 64


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
    """Those that share more than a seam with some other.

    Each round looks at one pair of each zone that is not known to yet: a hundred that lie on one another take a round or two.
    """
    zones, drawn = list(shapes), np.array(list(shapes.values()), object)
    some, other = _may_overlap(drawn)
    shapely.prepare(drawn)
    overlaps = np.zeros(len(drawn), np.bool_)
    while len(some):
        turn = np.zeros(len(some), np.bool_)
        turn[np.unique(some, return_index=True)[1]] = True
        turn[np.unique(other, return_index=True)[1]] = True
        much = _much(drawn[some[turn]], drawn[other[turn]])
        overlaps[some[turn][much]] = overlaps[other[turn][much]] = True
        left = ~turn & ~(overlaps[some] & overlaps[other])
        some, other = some[left], other[left]
    return {zones[i] for i in np.flatnonzero(overlaps)}


def _may_overlap(drawn: NDArray[np.object_]) -> tuple[Indexes, Indexes]:
    """Pairs, each once, of which even the boxes share enough."""
    some, other = shapely.STRtree(drawn).query(drawn)
    pairs = some < other
    some, other = some[pairs], other[pairs]
    boxes = shapely.bounds(drawn)
    sides = np.minimum(boxes[some, 2:], boxes[other, 2:]) - np.maximum(boxes[some, :2], boxes[other, :2])
    enough = np.prod(np.maximum(sides, 0.0), axis=1) > DRAWN_BY_HAND * _smaller(drawn[some], drawn[other])
    return some[enough], other[enough]


def _much(some: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Of each pair whether the two share more than what hands do when they draw neighbours."""
    much = np.asarray(shapely.intersects(some, others), np.bool_)
    simple = shapely.get_num_coordinates(some) + shapely.get_num_coordinates(others) <= MOST_CORNERS
    exact, rough = np.flatnonzero(much & simple), np.flatnonzero(much & ~simple)
    shared = np.zeros(len(some))
    shared[exact] = shapely.area(shapely.intersection(some[exact], others[exact]))
    shared[rough] = [_about_shared(some[i], others[i]) for i in rough]
    return np.asarray(shared > DRAWN_BY_HAND * _smaller(some, others), np.bool_)


def _about_shared(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """The area that two shapes share, to a per cent of the box that they share: by points, since cutting costs the square of the corners."""
    west, south = np.maximum(shapely.bounds(one)[:2], shapely.bounds(other)[:2])
    east, north = np.minimum(shapely.bounds(one)[2:], shapely.bounds(other)[2:])
    middles = (np.arange(POINTS) + 0.5) / POINTS
    x, y = (
        axis.ravel()
        for axis in np.meshgrid(west + middles * (east - west), south + middles * (north - south))
    )
    both = shapely.intersects_xy(one, x, y) & shapely.intersects_xy(other, x, y)
    return float(both.mean() * (east - west) * (north - south))


def _smaller(some: NDArray[np.object_], others: NDArray[np.object_]) -> Floats:
    return np.asarray(np.minimum(shapely.area(some), shapely.area(others)), np.float64)

"""Where zones lie on one floor plan, in its metres. In: zones, anchors, a plan. Out: outlines, and which one a point is in. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.shape import Floats, Indexes
from server.zones.zone import LEVELS, Anchor, AnchorSet, Disc, FloorPlan, FloorShape, Place, Zone

#: No zone: elsewhere on the floor.
NOWHERE = -1


def positions(plan: FloorPlan, anchors: Sequence[Anchor]) -> dict[str, tuple[float, float]]:
    """Where those anchors are that have a position on the plan."""
    return {
        anchor.id: (anchor.x_m, anchor.y_m)
        for anchor in anchors
        if anchor.plan == plan.id and anchor.x_m is not None and anchor.y_m is not None
    }


def outlines(
    zones: Sequence[Zone], plan: FloorPlan, anchors: Sequence[Anchor]
) -> dict[str, shapely.Geometry]:
    """The outline of each zone that lies on the plan, the innermost first: shelves before zones, the small before the large."""
    placed = {anchor: shapely.Point(at) for anchor, at in positions(plan, anchors).items()}
    found = {
        zone.id: (LEVELS.index(zone.level), shape)
        for zone in zones
        if not zone.closed and (shape := outline(zone.place, plan, placed)) is not None
    }
    inner_first = sorted(found, key=lambda zone: (-found[zone][0], shapely.area(found[zone][1]), zone))
    return {zone: found[zone][1] for zone in inner_first}


def innermost(outline_of: Mapping[str, shapely.Geometry], x_m: Floats, y_m: Floats) -> Indexes:
    """For each point the number of the first outline that covers it, else NOWHERE."""
    points = shapely.points(x_m, y_m)
    first = np.full(len(x_m), NOWHERE, np.intp)
    for number, shape in enumerate(outline_of.values()):
        first[(first == NOWHERE) & shapely.covers(shape, points)] = number
    return first


def reached(spots: NDArray[np.float64], reach_m: float) -> shapely.Geometry:
    """All that lies within reach of any of the spots (rows of x, y)."""
    return shapely.union_all(shapely.buffer(shapely.points(spots), reach_m))


def covered(outline: shapely.Geometry, near: shapely.Geometry) -> float:
    """The share of an outline's area that lies in what was reached."""
    area = float(shapely.area(outline))
    return min(float(shapely.area(shapely.intersection(outline, near))) / area, 1.0) if area else 0.0


def middle(outline: shapely.Geometry) -> tuple[float, float]:
    """A point of the outline where somebody who says "I am in it" may be taken to stand: well inside, whatever its shape."""
    centre = shapely.centroid(outline)
    inside = centre if shapely.covers(outline, centre) else shapely.point_on_surface(outline)
    return float(shapely.get_x(inside)), float(shapely.get_y(inside))


def outline(place: Place, plan: FloorPlan, placed: Mapping[str, shapely.Point]) -> shapely.Geometry | None:
    """What a place is on a plan on which these anchors are placed; None where it is not of it."""
    match place:
        case FloorShape(plan=on, geometry=geometry) if on == plan.id:
            return geometry
        case Disc(anchor=anchor, radius_m=radius_m) if anchor in placed:
            return placed[anchor].buffer(radius_m)
        case AnchorSet(anchors=names) if all(name in placed for name in names):
            return _nearest_to(names, plan, placed)
        case _:
            return None


def _nearest_to(
    names: Sequence[str], plan: FloorPlan, placed: Mapping[str, shapely.Point]
) -> shapely.Geometry:
    """All that is nearer to one of these anchors than to any other of the plan."""
    floor = shapely.box(0, 0, plan.width_m, plan.height_m)
    if len(placed) == 1:
        return floor
    mine = shapely.MultiPoint([placed[name] for name in names])
    regions = shapely.voronoi_polygons(shapely.MultiPoint(list(placed.values())), extend_to=floor).geoms
    return shapely.union_all([region for region in regions if region.intersects(mine)]).intersection(floor)

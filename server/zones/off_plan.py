"""Whether zones that are drawn on a floor plan lie on it: metres are easily pixels, feet, or those of another floor.

In: zones, the plans they are drawn on, and where each zone stood in a body. Out: complaints about those that lie wholly beside their
plan, warnings about those that lie there in part. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import shapely

from server.zones.complaint import Remark, shown, within
from server.zones.nesting import Nesting
from server.zones.outline import Outline
from server.zones.zone import FloorPlan, FloorShape, Zone

#: An outline drawn by hand goes a little beyond the wall: by less than this share of its area nobody is told.
DRAWN_BY_HAND: Final = 0.05


def check_on_plan(
    zones: Iterable[Zone], plans: Mapping[str, FloorPlan], places: Mapping[str, str] | None = None
) -> Nesting:
    """Of zones on these plans; `places` says by zone id where each was in the body. A plan that is not known tells nothing."""
    complaints, warnings = [], []
    for zone in zones:
        if isinstance(zone.place, FloorShape) and zone.place.plan in plans:
            plan, shape = plans[zone.place.plan], zone.place.geometry
            floor = shapely.box(0.0, 0.0, plan.width_m, plan.height_m)
            on_it = shapely.intersection(shape, floor).area / shape.area
            where = within((places or {}).get(zone.id, f"zone {zone.id}"), "properties")
            here = within(within(where, "plan"), "shape")
            if on_it <= 0.0:
                complaints.append(Remark(here, f"lies wholly off {_seen(plan, shape)}"))
            elif on_it < 1.0 - DRAWN_BY_HAND:
                warnings.append(
                    Remark(here, f"lies with {1.0 - on_it:.0%} of its area off {_seen(plan, shape)}")
                )
    return Nesting(tuple(complaints), tuple(warnings))


def _seen(plan: FloorPlan, shape: Outline) -> str:
    west, south, east, north = map(shown, map(float, shape.bounds))
    return (
        f"floor plan {plan.id}, which is {shown(plan.width_m)} m by {shown(plan.height_m)} m: "
        f"x runs from {west} to {east} and y from {south} to {north}, in metres"
    )

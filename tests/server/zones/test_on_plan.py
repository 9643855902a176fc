"""Where zones lie on a floor plan, the innermost first."""

import numpy as np
import pytest
from shapely import Polygon, box

from server.zones import Anchor, AnchorSet, Disc, FloorPlan, FloorShape, Zone
from server.zones.on_plan import NOWHERE, covered, innermost, middle, outlines, reached

PLAN = FloorPlan("fp_1", "Ground", None, 10.0, 10.0)
DOOR = Anchor("an_door", "Door", plan="fp_1", x_m=1, y_m=5)
BACK = Anchor("an_back", "Back", plan="fp_1", x_m=9, y_m=5)
ELSEWHERE = Anchor("an_else", "Else", plan="fp_2", x_m=1, y_m=1)


def test_a_shelf_comes_before_its_department_and_a_small_zone_before_a_large_one():
    floor = Zone("floor", "Floor", place=FloorShape("fp_1", box(0, 0, 10, 10)))
    half = Zone("half", "Half", place=FloorShape("fp_1", box(0, 0, 5, 10)))
    shelf = Zone("shelf", "Shelf", "shelf", place=FloorShape("fp_1", box(0, 0, 10, 1)))
    outline_of = outlines([floor, half, shelf], PLAN, [])
    assert list(outline_of) == ["shelf", "half", "floor"]
    points = np.array([(2, 0.5), (2, 5), (8, 5), (11, 5)], float)
    assert innermost(outline_of, *points.T).tolist() == [0, 1, 2, NOWHERE]


def test_discs_and_sets_of_anchors_lie_where_their_anchors_are():
    near_door = Zone("near", "Near", place=AnchorSet(("an_door",)))
    till = Zone("till", "Till", "shelf", place=Disc("an_back", 2.0))
    outline_of = outlines([near_door, till], PLAN, [DOOR, BACK, ELSEWHERE])
    assert outline_of["near"].bounds == pytest.approx((0, 0, 5, 10))
    assert outline_of["till"].bounds == pytest.approx((7, 3, 11, 7))


def test_what_lies_elsewhere_or_is_closed_is_not_on_the_plan():
    others = [
        Zone("up", "Up", place=FloorShape("fp_2", box(0, 0, 5, 5))),
        Zone("far", "Far", place=AnchorSet(("an_door", "an_else"))),
        Zone("shut", "Shut", place=FloorShape("fp_1", box(0, 0, 5, 5)), closed=True),
        Zone("named", "Named"),
    ]
    assert outlines(others, PLAN, [DOOR, ELSEWHERE]) == {}


def test_the_middle_of_a_zone_lies_in_it_whatever_its_shape():
    assert middle(box(2, 2, 4, 6)) == (3, 4)
    horseshoe = Polygon([(0, 0), (9, 0), (9, 9), (0, 9), (0, 8), (8, 8), (8, 1), (0, 1)])
    x, y = middle(horseshoe)
    assert horseshoe.contains(box(x, y, x, y).centroid)


def test_a_zone_is_covered_as_far_as_somebody_stood_near():
    assert covered(box(0, 0, 4, 4), reached(np.empty((0, 2)), 2.0)) == 0.0
    assert covered(box(0, 0, 1, 1), reached(np.array([(0.5, 0.5)]), 2.0)) == 1.0
    assert 0.1 < covered(box(0, 0, 10, 10), reached(np.array([(5, 5)]), 2.0)) < 0.13

"""Departments of one shop exclude each other; displays that lie on one another do not."""

import numpy as np
import pytest
import shapely

from server.zones import Disc, FloorShape
from server.zones.family import DRAWN_BY_HAND, families
from server.zones.zone import Circle
from tests.makers import an_anchor

SHOP = 0


def family_of(*children, anchors=None):
    """The families of zones that all lie in one shop, which comes first."""
    places = [None, *children]
    return families(places, [(), *[(SHOP,)] * len(children)], anchors or {}).tolist()[1:]


def a_hall(x0, y0, x1, y1):
    return FloorShape("floor", shapely.box(x0, y0, x1, y1))


def a_round_one(x, corners=5_000, radius_m=10.0):
    turn = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    return FloorShape(
        "floor", shapely.Polygon(np.column_stack([x + radius_m * np.cos(turn), radius_m * np.sin(turn)]))
    )


def test_neighbours_with_a_seam_drawn_by_hand_exclude_each_other():
    seam = 10.0 * DRAWN_BY_HAND / 2
    assert family_of(a_hall(0, 0, 10, 10), a_hall(10 - seam, 0, 20, 10)) == [SHOP, SHOP]


def test_those_that_lie_on_one_another_do_not_and_a_third_beside_them_still_does():
    assert family_of(a_hall(0, 0, 10, 10), a_hall(5, 0, 15, 10), a_hall(15, 0, 25, 10)) == [-1, -1, SHOP]


def test_a_small_display_within_a_large_one_overlaps_it():
    assert family_of(a_hall(0, 0, 100, 100), a_hall(10, 10, 11, 11)) == [-1, -1]


def test_what_overlaps_only_in_its_boxes_is_apart():
    corner = FloorShape("floor", shapely.Polygon([(0, 0), (10, 0), (0, 10)]))
    across = FloorShape("floor", shapely.Polygon([(10, 10), (10, 0.5), (0.5, 10)]))
    assert family_of(corner, across) == [SHOP, SHOP]


def test_one_that_overlaps_a_late_sibling_alone_is_found_among_many():
    row = [a_hall(i * 10.0, 0, i * 10.0 + 10.0, 10) for i in range(30)]
    assert family_of(*row, a_hall(0, 5, 15, 15)) == [-1, -1, *[SHOP] * 28, -1]


def test_a_thousand_displays_round_one_point_are_no_family():
    assert family_of(*[Circle(45.0, 9.0, 20.0 + i / 100) for i in range(1_000)]) == [-1] * 1_000


@pytest.mark.parametrize(("apart_m", "family"), [(19.9, SHOP), (5.0, -1)])
def test_outlines_of_thousands_of_corners_are_told_apart_as_simple_ones_are(apart_m, family):
    assert family_of(a_round_one(0.0), a_round_one(apart_m)) == [family] * 2
    simple = (a_round_one(0.0, corners=40), a_round_one(apart_m, corners=40))
    assert family_of(*simple) == [family] * 2


def test_displays_on_anchors_overlap_where_the_anchors_hang_close():
    anchors = {
        name: an_anchor(name, plan="floor", x_m=x_m, y_m=0.0)
        for name, x_m in (("a", 0.0), ("b", 1.0), ("c", 9.0))
    }
    assert family_of(*[Disc(name, 2.0) for name in "abc"], anchors=anchors) == [-1, -1, SHOP]

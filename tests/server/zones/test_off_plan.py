"""A zone that was drawn in pixels or feet lies beside its floor plan, and somebody should say so."""

import pytest
import shapely

from server.zones import Disc, FloorPlan, FloorShape
from server.zones.off_plan import check_on_plan
from tests.makers import a_department

PLANS = {"fp_1": FloorPlan("fp_1", "Ground floor", "shop", 24.0, 16.0)}


def checked(*corners: float, plan: str = "fp_1"):
    zone = a_department("shoes", FloorShape(plan, shapely.box(*corners)))
    found = check_on_plan([zone], PLANS, {"shoes": "features[2]"})
    return found.complaints, found.warnings


@pytest.mark.parametrize("corners", [(0, 0, 24, 16), (20, 10, 24.1, 16.1), (-0.1, 3, 5, 8)])
def test_a_zone_on_its_plan_or_a_hand_s_breadth_beyond_it_is_taken_without_a_word(corners):
    assert checked(*corners) == ((), ())


def test_a_zone_that_lies_half_beside_its_plan_is_taken_with_a_warning():
    complaints, (warning,) = checked(20, 0, 28, 16)
    assert not complaints
    assert warning.place == "features[2].properties.plan.shape"
    assert warning.reason == (
        "lies with 50% of its area off floor plan fp_1, which is 24 m by 16 m: "
        "x runs from 20 to 28 and y from 0 to 16, in metres"
    )


@pytest.mark.parametrize("corners", [(240, 10, 480, 100), (24, 0, 30, 16)])
def test_a_zone_that_lies_wholly_beside_its_plan_is_refused(corners):
    (complaint,), warnings = checked(*corners)
    assert not warnings
    assert complaint.reason.startswith("lies wholly off floor plan fp_1, which is 24 m by 16 m")


def test_of_a_plan_that_nobody_knows_and_of_zones_that_are_not_drawn_on_one_nothing_is_said():
    assert checked(240, 10, 480, 100, plan="fp_9") == ((), ())
    assert check_on_plan([a_department("till", Disc("door", 3.0))], PLANS) == check_on_plan([], PLANS)

"""A map of what anchors hear is made in bounded time and room, whatever plan it is drawn on."""

import numpy as np
import pytest
import shapely

from server.zones import floorplan
from server.zones.floorplan import MOST_CELLS, MOST_SPOTS, compile_radio_maps
from server.zones.kriging import WALL_DB
from server.zones.survey import Spot, Strength, Survey
from server.zones.zone import Disc, FloorPlan, FloorShape
from tests.makers import an_anchor


def a_map(width_m: float = 10.0, height_m: float = 10.0, walls=()):
    """One anchor in the lower left corner of a plan, and a disc of 3 m round it."""
    plan = FloorPlan("floor", "Floor", "shop", width_m, height_m, tuple(walls))
    anchor = an_anchor("door", plan="floor", x_m=0.0, y_m=0.0, z_m=1.2)
    (made,) = compile_radio_maps([Disc("door", 3.0)], [()], {"door": anchor}, {"floor": plan})
    return made


@pytest.mark.parametrize(
    ("width_m", "height_m"), [(10_000.0, 1e-9), (1e-9, 10_000.0), (10_000.0, 10_000.0), (1e-9, 1e-9)]
)
def test_no_plan_is_too_long_or_too_thin_for_a_map(width_m, height_m):
    assert a_map(width_m, height_m).cells <= 3 * MOST_CELLS


def test_each_wall_between_takes_its_share_and_walls_elsewhere_take_none():
    walls = [((5.0, -1.0), (5.0, 11.0)), ((6.0, -1.0), (6.0, 11.0)), ((20.0, 0.0), (20.0, 10.0))]
    lost = (a_map().expected_dbm - a_map(walls=walls).expected_dbm)[0, :-1].reshape(13, 13)
    assert np.all(lost[:, :6] == 0)
    assert np.allclose(lost[:, 8:], 2 * WALL_DB, atol=1e-4)


def test_a_wall_that_is_drawn_with_both_its_faces_is_one_wall():
    faces = [((5.0, -1.0), (5.0, 11.0)), ((5.2, -1.0), (5.2, 11.0))]
    both, one = (a_map(walls=each).expected_dbm[0, :-1].reshape(13, 13) for each in (faces, faces[:1]))
    assert np.array_equal(both[:7], one[:7])  # the upper half is seen at a slant


def test_thousands_of_walls_that_nobody_looks_through_cost_next_to_nothing():
    far = [((5_000.0 + i, 0.0), (5_000.0 + i, 1.0)) for i in range(10_000)]
    assert np.array_equal(a_map(walls=far).log_likelihood, a_map().log_likelihood)


def test_a_change_of_a_zone_does_not_reckon_the_floor_anew():
    plan = FloorPlan("floor", "Floor", "shop", 20.0, 10.0, walls=(((5.0, 0.0), (5.0, 10.0)),))
    known = {"door": an_anchor("door", plan="floor", x_m=2.0, y_m=2.0)}
    reckoned = []
    for radius_m in (1.5, 3.0):
        compile_radio_maps([Disc("door", radius_m)], [()], known, {"floor": plan})
        reckoned.append(floorplan.told.cache_info().misses)
    assert reckoned[0] == reckoned[1]


def test_a_survey_was_made_with_one_fob_and_others_may_still_be_louder_or_fainter():
    plan = FloorPlan("floor", "Floor", "shop", 10.0, 10.0)
    anchor = an_anchor("door", plan="floor", x_m=0.0, y_m=0.0, z_m=1.2)
    survey = Survey("floor", (Spot(3.0, 3.0, 20.0, {"door": Strength(-70.0, 3.0, 40)}),))
    places, anchors, plans = [Disc("door", 3.0)], {"door": anchor}, {"floor": plan}
    (surveyed,) = compile_radio_maps(places, [()], anchors, plans, {"floor": survey})
    (plain,) = compile_radio_maps(places, [()], anchors, plans)
    assert 2.0 <= surveyed.offset_db < plain.offset_db


@pytest.mark.parametrize(("width_m", "height_m"), [(200.0, 200.0), (1.0, 1.0), (10_000.0, 0.1), (0.01, 0.01)])
def test_no_survey_has_more_spots_than_the_map_can_learn_from(width_m, height_m, monkeypatch):
    """Also where the plan was made smaller after the walk, or is all length."""
    learned = []
    surveyed = floorplan.surveyed
    monkeypatch.setattr(
        floorplan, "surveyed", lambda *about: learned.append(len(about[3].mean_dbm)) or surveyed(*about)
    )
    at = np.random.default_rng(1).uniform(0.0, 200.0, (3_000, 2)).tolist()
    survey = Survey("floor", tuple(Spot(x, y, 1.0, {"door": Strength(-60.0, 3.0, 1)}) for x, y in at))
    plan = FloorPlan("floor", "Floor", "shop", width_m, height_m)
    anchor = an_anchor("door", plan="floor", x_m=0.0, y_m=0.0)
    compile_radio_maps([Disc("door", 3.0)], [()], {"door": anchor}, {"floor": plan}, {"floor": survey})
    assert 1 <= learned[0] <= MOST_SPOTS


def test_a_zone_has_of_each_cell_the_share_that_lies_in_it():
    plan = FloorPlan("floor", "Floor", "shop", 10.0, 10.0)
    anchor = an_anchor("door", plan="floor", x_m=0.0, y_m=0.0)
    place = FloorShape("floor", shapely.Polygon([(0, 0), (5, 0), (5, 5)]))
    (made,) = compile_radio_maps([place], [()], {"door": anchor}, {"floor": plan})
    share = made.member[:-1, 0]
    assert np.isclose(share.sum() / len(share), place.geometry.area / 100.0)
    assert 0.0 < share[np.argmin(np.abs(share - 0.5))] < 1.0
    assert share.max() == 1.0

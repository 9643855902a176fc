from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.frame import Frame
from simulator.oracle import is_open

metres = st.floats(-800, 800)


@given(metres, metres, st.floats(0, 360))
def test_metres_to_degrees_and_back_is_the_same_spot(x, y, bearing):
    frame = Frame(45.4717, 9.18795, bearing)
    back = frame.metres(*frame.degrees(np.array([x]), np.array([y])))
    assert np.allclose(back, [[x], [y]], atol=1e-6)


def test_the_floor_plans_y_axis_points_along_its_bearing():
    lat, lon = Frame(45.0, 9.0, 90.0).degrees(np.array([0.0]), np.array([100.0]))
    assert lon[0] > 9.001
    assert lat[0] == pytest.approx(45.0, abs=1e-9)


def test_a_degree_of_latitude_in_milan_is_111_14_km():
    # pi / 180 of the WGS84 meridian's radius of curvature at this latitude, 6,367.8 km
    x, y = Frame(45.47, 9.19).metres(np.array([46.47]), np.array([9.19]))
    assert x[0] == pytest.approx(0.0)
    assert y[0] == pytest.approx(111_140, rel=2e-4)


def test_the_shop_has_places_on_the_map_and_by_radio(world):
    assert {place.own_id for place in world.places.values() if place.on_map and not place.homes} >= {
        "via-brera"
    }
    assert {place.own_id for place in world.places.values() if place.homes and not place.on_map} >= {"scarpe"}
    assert world.site in world.places


def test_who_stands_before_the_sneakers_is_at_the_shelf_in_the_department_and_in_the_shop(world):
    x, y = world.ways["sneakers"]
    inside = {name for name, p in world.places.items() if p.depth_m(np.array([x]), np.array([y]))[0] >= 0}
    assert {"scaffale-sneaker", "scarpe", "passo-lieve", "via-brera"} <= inside
    assert "borse" not in inside


def test_a_hole_is_outside(world):
    palazzo = world.places["palazzo-dirimpetto"]
    depth = palazzo.depth_m(np.array([-45.0, -20.0]), np.array([0.0, 0.0]))
    assert depth[0] < 0 < depth[1]


def test_a_place_of_two_parts_has_both(world):
    squares = world.places["piazzette"]
    assert (squares.depth_m(np.array([-8.0, -8.0]), np.array([100.0, -90.0])) > 0).all()
    assert squares.depth_m(np.array([-8.0]), np.array([0.0]))[0] < 0


def test_a_department_knows_its_shop_and_its_site(world):
    assert world.places["scaffale-sneaker"].parents == ("scarpe", "passo-lieve")


def test_each_campaign_names_places_that_exist(world):
    named = {zone for campaign in world.campaigns for zone in campaign["trigger"]["where"].get("zones", ())}
    assert named <= set(world.places)


def test_a_hastened_town_asks_for_shorter_dwells_and_changes_nothing_else(world):
    dwells = [
        c["trigger"]["after_s"] for c in world.hastened(0.5).campaigns if c["trigger"]["on"] == "dwelled"
    ]
    assert sorted(dwells) == [5.0, 15.0]
    assert world.hastened(0.5).places == world.places


def test_a_town_that_is_never_shut_is_open_at_night_and_changes_nothing_else(world):
    always = world.never_shut()
    night = datetime(2026, 6, 14, 2, 0, tzinfo=UTC)
    assert not is_open(world, night)
    assert is_open(always, night)
    assert always.places == world.places
    assert always.campaigns == world.campaigns

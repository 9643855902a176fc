"""What is known of the peers that take positions: what a lonely wrong fix, a bad one and a short visit do to each."""

import numpy as np
import pytest
from shapely import box

from server.zones.shape import LocalMetres
from server.zones.zone import Circle, Geofence
from simulator.peers import peers as all_peers
from simulator.peers.parts.outlines import outside_m
from tests.makers import LAT, LON
from tests.simulator.peers.made_up import a_case, a_fix, told, walking_in

PEERS = all_peers()


def play(name, fixes):
    return PEERS[name].play(a_case(fixes=fixes))


def times(name, fixes):
    return [(each.event, each.t) for each in play(name, fixes)]


def test_each_fix_that_jumps_over_the_border_is_an_enter_for_who_takes_it_at_its_word():
    jumps = walking_in([80.0, 20.0] * 10)
    assert told(play("point-in-polygon", jumps)) == [("entered", "front"), ("exited", "front")] * 9 + [
        ("entered", "front")
    ]
    for calm in ("two-in-a-row", "three-in-a-row", "ios"):
        assert play(calm, jumps) == []


def test_waiting_for_more_fixes_costs_a_ping_each():
    comes_in = walking_in([80.0, 60.0, 20.0, 0.0, 0.0, 0.0, 80.0, 80.0, 80.0])
    assert times("point-in-polygon", comes_in) == [("entered", 10.0), ("exited", 30.0)]
    assert times("two-in-a-row", comes_in) == [("entered", 15.0), ("exited", 35.0)]
    assert times("three-in-a-row", comes_in) == [("entered", 20.0), ("exited", 40.0)]


def test_a_gate_on_accuracy_is_deaf_to_bad_fixes_and_helpless_where_they_claim_to_be_good():
    lies = [a_fix(0.0, 80.0), a_fix(5.0, 10.0, accuracy_m=60.0), a_fix(10.0, 80.0)]
    assert play("accuracy-gate", lies) == []
    assert told(play("point-in-polygon", lies)) == [("entered", "front"), ("exited", "front")]
    better_lies = [a_fix(0.0, 80.0), a_fix(5.0, 10.0, accuracy_m=40.0), a_fix(10.0, 80.0)]
    assert play("accuracy-gate", better_lies) == play("point-in-polygon", better_lies)


def test_for_owntracks_the_worse_a_fix_is_the_sooner_it_is_inside():
    assert play("owntracks", [a_fix(0.0, 140.0, accuracy_m=20.0)]) == []
    assert told(play("owntracks", [a_fix(0.0, 140.0, accuracy_m=101.0)])) == [("entered", "front")]


def test_region_monitoring_needs_twenty_seconds_well_inside():
    assert play("ios", walking_in([80.0, *[38.0] * 20])) == []  # not far enough from the border
    assert times("ios", walking_in([80.0, *[10.0] * 8])) == [("entered", 25.0)]
    assert play("ios", walking_in([80.0, 10.0, 10.0, 10.0, 80.0, 10.0, 10.0, 10.0])) == []


@pytest.mark.parametrize(("east_m", "north_m", "away_m"), [(0, 0, -10), (15, 0, 5), (0, -8, -2), (13, 14, 5)])
def test_metres_outside_of_an_outline_are_negative_inside_and_zero_on_it(east_m, north_m, away_m):
    flat = LocalMetres(LAT, LON)
    square = Geofence(flat.geometry_to_degrees(box(-10, -10, 10, 10)))
    lat, lon = flat.to_degrees(np.array([float(east_m)]), np.array([float(north_m)]))
    assert outside_m(square, lat, lon) == pytest.approx([away_m], abs=0.01)


def test_metres_outside_of_a_circle_too():
    assert outside_m(Circle(LAT, LON, 40.0), np.array([LAT]), np.array([LON])) == pytest.approx([-40.0])

"""Recorded traces as towns: made-up recordings, so that nothing of the real ones is written here."""

import numpy as np
import pytest

from server.zones import check_nesting, read_zones
from simulator.air import Hearing
from simulator.replay import recorded_town
from simulator.traces.trace import DEVICE, FixTrace, RadioTrace
from simulator.walk import Path


def an_office_walk(name="track", seconds=40.0) -> RadioTrace:
    """From one corner of a 20 m office to the opposite one, two scanners."""
    at = np.arange(0.0, seconds, 0.5)
    way = np.linspace(1.0, 19.0, len(at))
    anchors = {"first": (0.0, 0.0, 2.0), "second": (20.0, 20.0, 2.0)}
    hearings = [Hearing(DEVICE, anchor, at, np.full(len(at), -70.0)) for anchor in anchors]
    return RadioTrace(name, anchors, hearings, Path(at, way, way))


def a_phone_walk(seconds=250.0) -> FixTrace:
    """Straight north at 1.1 m/s."""
    at = np.arange(0.0, seconds, 5.0)
    lat, lon = 37.0 + at * 1e-5, np.full(len(at), -122.0)
    nothing = np.full(len(at), np.nan)
    return FixTrace("walk", at, lat, lon, np.full(len(at), 6.0), nothing, ["gps"] * len(at), at, lat, lon)


def test_an_office_becomes_four_departments_with_a_gateway_each_scanner():
    town = recorded_town([an_office_walk()], None, 100.0)
    assert {anchor.own_id for anchor in town.world.gateways} == {"first", "second"}
    assert [visit.place for visit in town.visits if visit.place != "recorded-site"] == [
        "south-west",
        "north-east",
    ]


def test_a_walk_becomes_circles_on_its_track_and_a_phone_a_piece():
    town = recorded_town([], a_phone_walk(), 100.0)
    assert len(town.shoppers) == 3
    assert {"circle-1", "circle-2", "circle-3"} <= {visit.place for visit in town.visits}


def test_every_piece_begins_at_its_own_second_nought():
    town = recorded_town([], a_phone_walk(), 100.0)
    firsts = [evidence.fixes.at_s[0] for evidence in town.evidence.values()]
    assert firsts == [0.0, 0.0, 0.0]
    assert all(evidence.fixes.at_s[-1] < 100.0 for evidence in town.evidence.values())


def test_the_server_takes_the_zones_of_a_recording():
    reading = read_zones(recorded_town([an_office_walk()], a_phone_walk(), 100.0).world.zones)
    assert not check_nesting(reading.zones, reading.places).complaints


def test_walks_of_one_office_are_fobs_of_their_own():
    town = recorded_town([an_office_walk("one"), an_office_walk("other")], None, 100.0)
    beacons = [shopper.fob.beacon for shopper in town.shoppers]
    assert len(set(beacons)) == 2


def test_no_recording_is_no_town():
    with pytest.raises(ValueError, match="neither"):
        recorded_town([], None, 100.0)

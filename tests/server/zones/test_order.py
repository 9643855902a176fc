"""Latitude first is noticed where anything tells, and nothing true is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from server.zones.order import check_order
from server.zones.principal import PRINCIPAL_PLACES
from server.zones.zone import Circle, Geofence, Zone

MILAN = (45.4722, 9.1871)


def a_zone(id="brera", at=MILAN, time_zone=None, **facts):
    return Zone(id, id.title(), place=Circle(*at, 80.0), time_zone=time_zone, **facts)


def sent(*zones):
    return {zone.id: f"features[{i}]" for i, zone in enumerate(zones)}


def looked_at(*zones, kept=()):
    return check_order([*kept, *zones], sent(*zones))


@pytest.mark.parametrize(
    ("at", "time_zone"),
    [
        (MILAN, "Europe/Rome"),
        ((40.7128, -74.0060), "America/New_York"),
        ((-33.8688, 18.4241), "Africa/Johannesburg"),
        ((25.2048, 55.2708), "Asia/Dubai"),
        ((-1.2921, 36.8219), "Africa/Nairobi"),
    ],
)
def test_a_shop_that_was_sent_latitude_first_is_refused_by_its_time_zone(at, time_zone):
    assert looked_at(a_zone(at=at, time_zone=time_zone)) == looked_at()
    (complaint,) = looked_at(a_zone(at=at[::-1], time_zone=time_zone)).complaints
    assert complaint.place == "features[0].geometry.coordinates"
    assert complaint.reason.startswith("longitude comes first: as it stands this lies ")
    assert f" km from {time_zone}, in the other order " in complaint.reason


@given(st.sampled_from(sorted(PRINCIPAL_PLACES)))
def test_no_time_zone_refuses_or_warns_of_its_own_principal_place(time_zone):
    found = looked_at(a_zone(at=PRINCIPAL_PLACES[time_zone], time_zone=time_zone))
    assert not found.complaints
    assert not found.warnings


@pytest.mark.parametrize(
    ("at", "time_zone"),
    [((39.47, 75.99), "Asia/Shanghai"), ((28.1, -15.4), "Europe/Madrid"), ((-31.95, 115.86), "Asia/Tokyo")],
)
def test_a_true_place_far_from_its_time_zones_city_is_taken(at, time_zone):
    """Kashgar by Beijing's clock; the Canaries by Madrid's."""
    assert not looked_at(a_zone(at=at, time_zone=time_zone)).complaints


def test_the_time_zone_may_be_an_ancestors():
    site = Zone("duomo", "Duomo", "site", time_zone="Europe/Rome")
    child = Zone("hall", "Hall", parent="duomo", place=Geofence(box(45.47, 9.18, 45.471, 9.181)))
    (complaint,) = check_order([site, child], {"hall": ""}).complaints
    assert complaint.place == "geometry.coordinates"


def test_a_zone_on_the_other_side_of_the_world_is_warned_of():
    found = looked_at(a_zone(at=(-33.87, 151.21), time_zone="Europe/Rome"))
    assert not found.complaints
    assert "km from Europe/Rome: are its place" in found.warnings[0].reason


def test_zones_that_were_kept_before_are_left_alone():
    wrong = a_zone(at=MILAN[::-1], time_zone="Europe/Rome")
    assert looked_at(kept=[wrong]) == looked_at()


def test_without_a_time_zone_all_other_zones_tell():
    kept = [a_zone("duomo"), Zone("tag", "Tag")]
    assert not looked_at(a_zone("navigli", at=(45.45, 9.17)), kept=kept).warnings
    assert not looked_at(a_zone("brera", at=(9.1871, 40.0)), kept=kept).warnings
    (warning,) = looked_at(a_zone("navigli", at=(9.17, 45.45)), kept=kept).warnings
    assert warning.place == "features[0].geometry.coordinates"
    assert "longitude comes first" in warning.reason


def test_a_circle_of_descent_is_not_walked_for_ever():
    a, b = a_zone("a", parent="b"), a_zone("b", parent="a")
    assert looked_at(a, b) == looked_at()

import pytest
from shapely import Polygon, box

from server.zones.complaint import Remark
from server.zones.nesting import check_nesting
from server.zones.zone import AnchorSet, Circle, FloorShape, Geofence, Zone

DUOMO = Zone(
    "duomo", "Duomo", "site", place=Geofence(box(9.190, 45.460, 9.192, 45.462)), time_zone="Europe/Rome"
)
SHOES = Zone("shoes", "Shoes", "zone", parent="duomo", place=AnchorSet(("an_1",)))
BOOTS = Zone("boots", "Boots", "shelf", parent="shoes", place=AnchorSet(("an_2",)))


def test_a_site_with_departments_and_shelves_is_in_order():
    assert check_nesting([DUOMO, SHOES, BOOTS]) == check_nesting([])


def test_a_parent_that_is_not_there_is_named_at_its_place_in_the_body():
    found = check_nesting([SHOES], {"shoes": "features[4]"})
    assert found.complaints == (Remark("features[4].properties.parent", "there is no zone 'duomo'"),)


@pytest.mark.parametrize(
    ("level", "parent_level", "words"),
    [("zone", "zone", "a zone cannot lie in a zone"), ("zone", "shelf", "a zone cannot lie in a shelf"),
     ("shelf", "shelf", "a shelf cannot lie in a shelf"), ("site", "zone", "a site is the whole")],
)  # fmt: skip
def test_levels_only_descend(level, parent_level, words):
    outer = Zone("outer", "Outer", parent_level, time_zone="Europe/Rome")
    [complaint] = check_nesting([outer, Zone("inner", "Inner", level, parent="outer")]).complaints
    assert complaint.reason.startswith(words)


def test_a_shelf_may_stand_in_a_site_without_a_zone_between():
    assert (
        check_nesting([DUOMO, Zone("boots", "Boots", "shelf", "duomo", AnchorSet(("an_2",)))]).complaints
        == ()
    )


def test_a_circle_of_descent_is_told_in_full_and_ends():
    zones = [
        Zone("a", "A", parent="b"),
        Zone("b", "B", parent="c"),
        Zone("c", "C", parent="a"),
        Zone("d", "D", parent="a"),
    ]
    reasons = [complaint.reason for complaint in check_nesting(zones).complaints]
    assert reasons[:3] == [
        "a zone cannot be its own ancestor: a < b < c < a",
        "a zone cannot be its own ancestor: b < c < a < b",
        "a zone cannot be its own ancestor: c < a < b < c",
    ]
    assert reasons[3].startswith("a zone cannot lie in a zone")


def test_a_zone_cannot_be_its_own_parent_nor_be_there_twice():
    assert check_nesting([Zone("a", "A", parent="a")]).complaints[0].reason.endswith("a < a")
    assert check_nesting([DUOMO, DUOMO]).complaints == (
        Remark("zone duomo.properties.id", "there are two zones 'duomo'"),
    )


def test_a_time_zone_that_the_world_does_not_have_is_refused():
    [complaint] = check_nesting(
        [Zone("x", "X", place=AnchorSet(("a",)), time_zone="Europe/Milan")]
    ).complaints
    assert complaint.place.endswith(".time_zone")


@pytest.mark.parametrize(
    ("place", "share"),
    [(Geofence(box(9.1905, 45.4605, 9.1915, 45.4615)), None),
     (Geofence(box(9.1915, 45.4605, 9.1924, 45.4615)), None),  # a terrace: 44 % outside
     (Geofence(box(9.1915, 45.4605, 9.1935, 45.4615)), "75%"),
     (Circle(45.461, 9.200, 30.0), "100%")],
)  # fmt: skip
def test_a_child_mostly_outside_its_parent_is_odd_but_stands(place, share):
    found = check_nesting([DUOMO, Zone("shoes", "Shoes", parent="duomo", place=place)])
    assert found.complaints == ()
    said = [warning.reason for warning in found.warnings]
    assert said == ([] if share is None else [f"lies outside its parent duomo with {share} of its area"])


def test_swapped_coordinates_are_guessed_at_from_the_parent():
    swapped = Zone("shoes", "Shoes", parent="duomo", place=Geofence(box(45.460, 9.190, 45.462, 9.192)))
    [warning] = check_nesting([DUOMO, swapped]).warnings
    assert warning.reason.endswith(
        "with longitude and latitude swapped it would lie there: GeoJSON puts longitude first"
    )


def test_shapes_are_compared_on_the_same_floor_plan_only():
    hall = Zone("hall", "Hall", place=FloorShape("fp_1", box(0, 0, 20, 10)), time_zone="Europe/Rome")
    outside = Polygon([(30, 0), (34, 0), (34, 3)])
    for plan, odd in (("fp_1", 1), ("fp_2", 0)):
        shelf = Zone("shelf", "Shelf", "shelf", "hall", FloorShape(plan, outside))
        assert len(check_nesting([hall, shelf]).warnings) == odd


def test_a_zone_that_can_have_nobody_in_it_and_one_without_a_clock_are_odd():
    reasons = [warning.reason for warning in check_nesting([Zone("mall", "Mall", "site")]).warnings]
    assert reasons == [
        "has neither a place nor children: nobody can be in it",
        "has no time zone: schedules and opening hours need one",
    ]

"""A zone that somebody works on becomes the Feature that it was, and says its numbers and hours as people write them."""

import pytest

from server.web.console.zone_draft import (
    Draft,
    corner_of,
    corners_read,
    corners_written,
    dates_written,
    free_id,
    hours_read,
    own_id,
    week_written,
)

SQUARE = {"type": "Polygon", "coordinates": [[[9.0, 45.0], [9.1, 45.0], [9.1, 45.1], [9.0, 45.0]]]}
ABOUT = {"id": "shoes", "name": "Shoes", "level": "zone", "manner": "normal"}


@pytest.mark.parametrize(
    ("geometry", "placing", "place"),
    [
        (SQUARE, {}, "map"),
        ({"type": "Point", "coordinates": [9.0, 45.0]}, {"radius": 40.0}, "map"),
        (None, {"plan": {"id": "ground", "shape": SQUARE}}, "plan"),
        (None, {"anchors": ["door", "till"]}, "anchors"),
        (None, {"disc": {"anchor": "door", "radius": 4.0}}, "disc"),
        (None, {}, "children"),
    ],
)
def test_a_zone_that_nobody_changed_is_sent_as_it_came(geometry, placing, place):
    feature = {"type": "Feature", "geometry": geometry, "properties": {**ABOUT, **placing}}
    draft = Draft.of(feature)
    assert draft.place == place
    assert draft.is_placed
    assert draft.feature() == feature


def test_a_new_zone_lies_nowhere_until_it_is_drawn():
    draft = Draft.blank("map", None)
    assert not draft.is_placed
    draft.geometry = SQUARE
    assert draft.is_placed
    assert draft.feature()["properties"]["id"] == "new-zone"


def test_what_a_split_cuts_off_is_a_zone_like_the_first():
    draft = Draft.of({"type": "Feature", "geometry": SQUARE, "properties": {**ABOUT, "parent": "shop"}})
    assert draft.cut_off([]) == []
    draft.other, draft.other_name = SQUARE, "Shoes"
    (other,) = draft.cut_off(["shoes"])
    assert (other["properties"]["id"], other["properties"]["parent"]) == ("shoes-2", "shop")


def test_ids_are_made_of_names():
    assert own_id("Reparto età & C.") == "reparto-eta-c"
    assert free_id("Scarpe", ["scarpe", "scarpe-2"]) == "scarpe-3"
    assert free_id("鞋", []) == "zone"


@pytest.mark.parametrize("flat", [True, False])
def test_corners_are_read_as_they_were_written(flat):
    text = corners_written(SQUARE, flat=flat)
    assert text.splitlines()[1] == ("9.1, 45.0" if flat else "45.0, 9.1")
    assert corners_read(text, None, flat=flat) == SQUARE


def test_a_line_that_is_not_two_numbers_is_named():
    with pytest.raises(ValueError, match="2"):
        corners_read("45.0, 9.0\n45.1\n", None, flat=False)


def test_hours_are_read_as_they_were_written():
    hours = {"mon-fri": ["09:00-13:00", "15:00-19:30"], "sat": ["10:00-19:00"], "2026-12-25": []}
    week, dates = week_written(hours), dates_written(hours)
    assert week[0] == "09:00-13:00, 15:00-19:30"
    assert (week[5], week[6], dates) == ("10:00-19:00", "", "2026-12-25:")
    read = hours_read(week, dates)
    assert read is not None
    assert week_written(read) == week
    assert read["2026-12-25"] == []
    assert hours_read([""] * 7, "") is None


def test_a_fault_names_its_corner():
    assert corner_of("body.geometry.coordinates[0][2]") == (0, 2)
    assert corner_of("body.properties.plan.shape.coordinates[1][0][3]") == (1, 0, 3)
    assert corner_of("body.properties.name") is None

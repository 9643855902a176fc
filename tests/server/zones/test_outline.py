from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.geometry import mapping

from server.zones.complaint import Remark, ShapeComplaint
from server.zones.outline import MOST_CORNERS, PLAN, read_geometry, read_position
from server.zones.shape import LocalMetres

PLACE = "features[3].geometry"
RING = [[9.190, 45.460], [9.192, 45.460], [9.192, 45.462], [9.190, 45.462], [9.190, 45.460]]
HOLE = [[9.1905, 45.4605], [9.1905, 45.4615], [9.1915, 45.4615], [9.1915, 45.4605], [9.1905, 45.4605]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def parts(*polygons):
    return {"type": "MultiPolygon", "coordinates": [list(rings) for rings in polygons]}


def moved(ring, lon, lat=0.0):
    return [[x + lon, y + lat] for x, y in ring]


def complaints(obj, ground=None):
    with pytest.raises(ShapeComplaint) as caught:
        read_geometry(obj, PLACE, *([ground] if ground else []))
    return [(remark.place.removeprefix(PLACE), remark.reason) for remark in caught.value.remarks]


def test_a_shop_front_with_a_courtyard_comes_in_as_it_is():
    geometry, mended = read_geometry(polygon(RING, HOLE), PLACE)
    assert geometry == Polygon(RING, [HOLE])
    assert mended == []


def test_two_buildings_of_one_shop_come_in_as_one_zone():
    geometry, mended = read_geometry(parts([RING, HOLE], [moved(RING, 0.01)]), PLACE)
    assert geometry == MultiPolygon([Polygon(RING, [HOLE]), Polygon(moved(RING, 0.01))])
    assert mended == []


@pytest.mark.parametrize(
    ("ring", "what"),
    [
        (RING[:-1], "the ring was closed: its last corner is its first"),
        (RING[::-1], "the ring was turned round: it runs counterclockwise"),
        ([RING[0], RING[0], RING[0], *RING[1:]], "2 corners that repeated the one before them were left out"),
        ([[*corner, 120.5] for corner in RING], "a third coordinate was left out at 5 corners"),
    ],
)
def test_what_needs_no_guessing_is_mended_and_said(ring, what):
    geometry, mended = read_geometry(polygon(ring), PLACE)
    assert geometry.normalize() == Polygon(RING).normalize()
    assert mended == [Remark(f"{PLACE}.coordinates[0]", what)]


def test_a_hole_wound_like_its_shell_is_turned_round():
    geometry, mended = read_geometry(polygon(RING, HOLE[::-1]), PLACE)
    assert geometry == Polygon(RING, [HOLE])
    assert mended == [Remark(f"{PLACE}.coordinates[1]", "the ring was turned round: it runs clockwise")]


def test_a_bow_tie_is_refused_with_the_crossing_and_its_two_edges():
    bow_tie = [RING[0], RING[2], RING[1], RING[3], RING[0]]
    assert complaints(polygon(bow_tie)) == [
        (
            ".coordinates[0][0]",
            (
                "the ring meets itself at longitude 9.191, latitude 45.461: "
                "the edge that begins here and the one that begins at corner 2"
            ),
        )
    ]


def test_corners_are_counted_as_in_the_body_even_where_some_were_left_out():
    bow_tie = [RING[0], RING[0], RING[0], RING[2], RING[1], RING[3]]
    [(place, reason)] = complaints(parts([RING], [moved(bow_tie, 0.01)]))
    assert place == ".coordinates[1][0][0]"
    assert reason.endswith("the one that begins at corner 4")


def test_a_ring_that_touches_itself_in_a_corner_is_refused_with_both_visits():
    waist = [[0, 0], [2, 0], [1, 1], [2, 2], [0, 2], [1, 1], [0, 0]]
    [(place, reason)] = complaints(polygon(waist), PLAN)
    assert place.startswith(".coordinates[0][")
    assert reason.startswith("the ring meets itself at x 1, y 1")


@pytest.mark.parametrize(
    ("first", "hint"),
    [
        ([9.19, 91.0], True),
        ([45.46, -190.0], False),
        ([190.0, 45.0], False),
        ([-200.0, 100.0], False),
        ([9.0, 86.0], True),
    ],
)
def test_a_coordinate_beyond_the_earth_is_named_and_a_swap_guessed_at(first, hint):
    [(place, reason)] = complaints(polygon([first, *RING]))
    assert place in (".coordinates[0][0][0]", ".coordinates[0][0][1]")
    assert reason.endswith("were the two swapped?") == hint


@pytest.mark.parametrize(
    ("position", "where", "words"),
    [
        ([float("nan"), 45.0], "[0]", "has to be a number, not nan"),
        ([9.0, float("inf")], "[1]", "has to be a number, not inf"),
        (["9.19", 45.0], "[0]", "has to be a number, not the text '9.19'"),
        ([True, 45.0], "[0]", "has to be a number, not true"),
        ([None, 45.0], "[0]", "has to be a number, not null"),
        ([10**400, 45.0], "[0]", "has to be a number, not a number of far too many digits"),
        ([9.0, 45.0, "high"], "[2]", "has to be a number, not the text 'high'"),
        ([9.0], "", "a position has two numbers, longitude and latitude"),
        ({"lat": 45.0}, "", "a position is [longitude, latitude], not an object"),
        (9.0, "", "a position is [longitude, latitude], not 9"),
    ],
)
def test_a_position_that_is_none_is_named(position, where, words):
    assert complaints(polygon([*RING[:2], position, *RING[3:]])) == [(f".coordinates[0][2]{where}", words)]


@pytest.mark.parametrize(
    ("obj", "where", "words"),
    [
        (None, "", "a geometry is an object with type and coordinates, not null"),
        ({}, ".type", "has to be Polygon or MultiPolygon, not null"),
        ({"type": "Pologon"}, ".type", "has to be Polygon or MultiPolygon, not the text 'Pologon'"),
        ({"type": "LineString"}, ".type", "a LineString has no inside: draw a Polygon, or a Point with a radius"),
        ({"type": "GeometryCollection"}, ".type", "a GeometryCollection is no place: draw a Polygon or MultiPolygon"),
        ({"type": "Polygon"}, ".coordinates", "has to be a list of rings, not null"),
        (polygon(), ".coordinates", "has to be a list of rings, not an empty list"),
        (parts(), ".coordinates", "has to be a list of polygons, not an empty list"),
        (parts([]), ".coordinates[0]", "a polygon is a list of rings, not an empty list"),
        (polygon([]), ".coordinates[0]", "a ring is a list of positions, not an empty list"),
        (polygon(RING, []), ".coordinates[1]", "a ring is a list of positions, not an empty list"),
        (polygon([[9, 45], [9, 45], [9, 45], [9, 45]]), ".coordinates[0]", "a ring has at least three different corners"),
        (polygon([[9, 45], [9, 46]]), ".coordinates[0]", "a ring has at least three different corners"),
        (polygon([[9, 45], [9.001, 45.001], [9.002, 45.002]]), ".coordinates[0]", "has no inside"),
        (polygon(RING, moved(HOLE, 0.01)), ".coordinates[1]", "the hole does not lie within its shell"),
        (polygon(RING, moved(HOLE, 0.001)), ".coordinates[1]", "the hole does not lie within its shell"),
        (polygon(RING, HOLE, moved(HOLE, 0.0001)), ".coordinates[2]", f"the hole overlaps {PLACE}.coordinates[1]"),
        (parts([RING], [moved(RING, 0.001)]), ".coordinates[1]", "overlaps part 0: draw them as one"),
        (parts([RING], [moved(RING, 0.002)]), ".coordinates[1]", "shares an edge with part 0: draw them as one"),
        (polygon([[179.999, 0], [-179.999, 0], [-179.999, 0.01]]), ".coordinates[0]", "crosses the 180th meridian"),
        (parts([moved(RING, 170.5)], [moved(RING, -189)]), ".coordinates", "lies on both sides of the 180th meridian"),
        (polygon([[9, 45], [9.000001, 45], [9, 45.000001]]), ".coordinates", "has 0.0044 m2; 1 m2 is the least"),
        (polygon([[9, 45], [9.5, 45], [9.5, 45.5], [9, 45.5]]), ".coordinates", "has 2,181 km2; 1,000 km2 is the most"),
        (polygon([[9, 45], [12, 45], [9, 45.00001]]), ".coordinates", "is 237 km across; 100 km is the most"),
        (parts([RING], [[[9, 45], [9.000001, 45], [9, 45.000001]]]), ".coordinates[1]", "has 0.0044 m2"),
    ],
)  # fmt: skip
def test_what_takes_guessing_is_refused_with_its_place(obj, where, words):
    [(place, reason)] = complaints(obj)
    assert place == where
    assert reason.startswith(words)


def test_an_island_in_a_courtyard_and_parts_that_touch_in_a_corner_are_fine():
    island = [[9.1908, 45.4608], [9.1912, 45.4608], [9.1912, 45.4612], [9.1908, 45.4612], [9.1908, 45.4608]]
    assert read_geometry(parts([RING, HOLE], [island]), PLACE)[1] == []
    assert (
        read_geometry(
            parts([RING], [[[9.192, 45.462], [9.193, 45.462], [9.193, 45.463], [9.192, 45.462]]]), PLACE
        )[1]
        == []
    )


def test_an_edge_too_short_to_be_measured_is_no_reason_to_fall():
    [(place, _)] = complaints(polygon([[0, 1e-260], [0, 0], [0, 1], [1, 0]]), PLAN)
    assert place.startswith(".coordinates[0][")


def test_holes_that_cut_the_inside_in_two_are_refused():
    square, diamond = [[0, 0], [4, 0], [4, 4], [0, 4]], [[0, 2], [2, 0], [4, 2], [2, 4]]
    [(place, reason)] = complaints(polygon(square, diamond), PLAN)
    assert (place, "interior is disconnected at x" in reason) == (".coordinates", True)


def test_a_shape_of_a_floor_plan_is_in_metres_and_may_be_as_small_as_the_end_of_a_shelf():
    shelf = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.4], [0.0, 0.4], [0.0, 0.0]]
    assert read_geometry(polygon(shelf), PLACE, PLAN)[0].area == pytest.approx(0.2)
    assert (
        complaints(polygon([[0, 0], [0.1, 0], [0, 0.1]]), PLAN)[0][1] == "has 0.005 m2; 0.05 m2 is the least"
    )
    assert complaints(polygon([[0, 20_000], [1, 0], [0, 1]]), PLAN)[0][0] == ".coordinates[0][0][1]"


def test_every_fault_is_told_at_once_but_not_a_thousand():
    assert len(complaints(polygon([[200, 0], [0, 200], [1, 1], ["a", 1]], [[0]]))) == 4
    assert len(complaints(polygon([["x", 1]] * 1_000))) == 101
    assert len(complaints(parts(*([RING],) * 150))) == 101


def test_an_outline_of_too_many_corners_is_not_even_looked_at():
    assert complaints(polygon([[9.0, 45.0]] * (MOST_CORNERS + 1))) == [
        (".coordinates", "has more than 10,000 corners: simplify the outline")
    ]


def test_an_outline_of_too_many_parts_or_holes_is_not_even_looked_at():
    for obj in (parts(*([RING],) * 501), polygon(RING, *([HOLE],) * 500)):
        assert complaints(obj) == [
            (".coordinates", "has more than 500 parts and holes: simplify the outline")
        ]


def test_a_position_alone_is_read_the_same_way():
    assert read_position([9.19, 45.46], PLACE) == ((9.19, 45.46), [])
    assert read_position([9, 45, 120], PLACE) == (
        (9.0, 45.0),
        [Remark(PLACE, "a third coordinate was left out")],
    )
    with pytest.raises(ShapeComplaint, match="swapped"):
        read_position([9.19, 120.0], PLACE)


@st.composite
def stars(draw):
    """A ring round one point of the map, its corners by increasing angle, so that it cannot cross itself."""
    flat = LocalMetres(draw(st.floats(-60, 60)), draw(st.floats(-170, 170)))
    reaches = draw(st.lists(st.floats(5.0, 5_000.0), min_size=3, max_size=30))
    angles = [2 * pi * i / len(reaches) for i in range(len(reaches))]
    return flat.geometry_to_degrees(
        Polygon([(r * cos(a), r * sin(a)) for r, a in zip(reaches, angles, strict=True)])
    )


@given(stars(), st.booleans(), st.booleans(), st.integers(0, 3))
def test_a_mended_ring_is_the_same_place_on_the_earth(star, turned, opened, stutters):
    ring = [list(corner) for corner in star.exterior.coords]
    ring = ring[::-1] if turned else ring
    ring = ring[:-1] if opened else ring
    ring = [ring[0]] * stutters + ring
    geometry, mended = read_geometry(polygon(ring), PLACE)
    assert geometry.normalize() == star.normalize()
    assert len(mended) >= turned + opened
    again, nothing = read_geometry(
        {**mapping(geometry), "coordinates": [[list(c) for c in geometry.exterior.coords]]}, PLACE
    )
    assert (again, nothing) == (geometry, [])


def read_or_complain(obj):
    try:
        return read_geometry(obj, PLACE, PLAN)[0]
    except ShapeComplaint as complaint:
        return complaint


corners = st.tuples(st.floats(0, 20), st.floats(0, 20)).map(list)


@given(st.lists(st.lists(corners, max_size=7), max_size=3), st.booleans())
def test_whatever_is_scribbled_is_a_valid_shape_or_a_complaint_with_its_place(rings, several):
    obj = parts(*[[ring] for ring in rings]) if several else polygon(*rings)
    answer = read_or_complain(obj)
    if isinstance(answer, ShapeComplaint):
        assert answer.remarks
        assert all(remark.place.startswith(PLACE) and remark.reason for remark in answer.remarks)
    else:
        assert answer.is_valid
        assert box(-1, -1, 21, 21).covers(answer)

"""Circles for a phone to watch enclose their zones, nearest edge first."""

import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box

from server.zones import AnchorSet, Circle, Geofence, LocalMetres, Zone
from server.zones.nearby import compile_enclosures


def nearest(lat, lon, *zones, limit=20):
    return [circle_round_it.zone for circle_round_it in compile_enclosures(zones).nearest(lat, lon, limit)]


def circle(name, lat, lon, radius_m=50.0, **more):
    return Zone(name, name, place=Circle(lat, lon, radius_m), **more)


def test_the_nearest_edge_comes_first_not_the_nearest_middle():
    small, large = circle("small", 45.010, 9.0, 50.0), circle("large", 45.020, 9.0, 2_000.0)
    assert nearest(45.0, 9.0, small, large) == ["large", "small"]


def test_inside_several_the_smallest_comes_first():
    zones = [circle("mall", 45.0, 9.0, 500.0), circle("shop", 45.0, 9.0, 40.0), circle("far", 45.1, 9.0)]
    assert nearest(45.0001, 9.0, *zones) == ["shop", "mall", "far"]


def test_the_date_line_is_no_edge():
    assert nearest(0.0, 179.999, circle("west", 0.0, -179.999), circle("east", 0.0, 179.9)) == [
        "west",
        "east",
    ]


def test_zones_that_are_closed_or_not_on_the_map_are_not_watched():
    closed_site = circle("site", 45.0, 9.0, closed=True)
    inside = circle("inside", 45.0, 9.0, parent="site")
    by_radio = Zone("radio", "Radio", place=AnchorSet(("an_1",)))
    assert nearest(45.0, 9.0, closed_site, inside, by_radio, circle("open", 45.0, 9.0)) == ["open"]


def test_no_zones_nothing_to_watch():
    assert nearest(45.0, 9.0) == []


corners = st.lists(
    st.tuples(st.floats(-400, 400), st.floats(-400, 400)), min_size=3, max_size=8, unique=True
).map(lambda points: shapely.MultiPoint(points).convex_hull)


@given(
    corners.filter(lambda hull: isinstance(hull, Polygon) and hull.area > 1),
    st.floats(-70, 70),
    st.floats(
        -179.9, 179.9
    ),  # no zone lies on both sides of the 180th meridian: it is refused when it is drawn
)
def test_the_circle_encloses_its_zone(outline, lat, lon):
    ground = LocalMetres(lat, lon)
    drawn = ground.geometry_to_degrees(outline)
    (circle_round_it,) = compile_enclosures([Zone("z", "Z", place=Geofence(drawn))]).nearest(lat, lon, 1)
    around = LocalMetres(circle_round_it.lat, circle_round_it.lon)
    x, y = around.to_metres(*shapely.get_coordinates(drawn)[:, ::-1].T)
    assert ((x**2 + y**2) ** 0.5 <= circle_round_it.radius_m + 0.5).all()


def test_a_square_is_enclosed_tightly():
    ground = LocalMetres(45.0, 9.0)
    (circle_round_it,) = compile_enclosures(
        [Zone("z", "Z", place=Geofence(ground.geometry_to_degrees(box(-30, -40, 30, 40))))]
    ).nearest(45.0, 9.0, 1)
    assert abs(circle_round_it.radius_m - 51.0) < 0.1
    assert abs(circle_round_it.lat - 45.0) < 1e-6

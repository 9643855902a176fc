import json
from datetime import date
from math import cos, pi, sin

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from server.zones.complaint import Remark, ZonesComplaint
from server.zones.geojson import read_zones, write_zone, write_zones
from server.zones.hours import OpeningHours, Span
from server.zones.shape import LocalMetres
from server.zones.zone import MANNERS, AnchorSet, Circle, Disc, FloorShape, Geofence, Zone, forgetful, manner

RING = [[9.190, 45.460], [9.192, 45.460], [9.192, 45.462], [9.190, 45.462], [9.190, 45.460]]
HALL = {"type": "Polygon", "coordinates": [RING]}
DOOR = {"type": "Point", "coordinates": [9.191, 45.461]}


def feature(geometry=None, **properties):
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"id": "shoes", "name": "Shoes", **properties},
    }


def body(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def the_zone(*args, **properties):
    [zone] = read_zones(body(feature(*args, **properties))).zones
    return zone


def complaints(obj):
    with pytest.raises(ZonesComplaint) as caught:
        read_zones(obj)
    return [(place, reason) for place, reason in caught.value.remarks]


def test_a_site_comes_in_with_all_that_it_has():
    hours = {"mon-fri": ["09:00-19:30"], "2026-12-25": []}
    properties = {
        "level": "site",
        "groups": ["lombardia"],
        "time_zone": "Europe/Rome",
        "hours": hours,
        "closed": True,
    }
    weekdays = ((Span(540, 1170),),) * 5
    assert the_zone(HALL, **properties) == Zone(
        "shoes",
        "Shoes",
        "site",
        place=Geofence(Polygon(RING)),
        groups=("lombardia",),
        hours=OpeningHours((*weekdays, (), ()), "Europe/Rome", ((date(2026, 12, 25), ()),)),
        time_zone="Europe/Rome",
        closed=True,
    )


def test_a_sensitive_zone_comes_in_and_goes_out_as_one():
    zone = the_zone(HALL, sensitive=True)
    assert zone.sensitive
    assert write_zone(zone)["properties"]["sensitive"] is True
    assert "sensitive" not in write_zone(the_zone(HALL))["properties"]


def test_a_site_may_be_told_to_forget_and_what_lies_in_it_forgets_with_it():
    site = the_zone(HALL, level="site", forget_on_exit=True)
    assert write_zone(site)["properties"]["forget_on_exit"] is True
    assert "forget_on_exit" not in write_zone(the_zone(HALL))["properties"]
    inside = [Zone("hats", "Hats", parent=site.id), Zone("caps", "Caps", "shelf", parent="hats")]
    elsewhere = [Zone("other", "Other", "site"), Zone("socks", "Socks", parent="other")]
    known = {zone.id: zone for zone in (site, *inside, *elsewhere)}
    assert forgetful(known) == {site.id: {site.id, "hats", "caps"}}
    [(place, reason)] = complaints(feature(HALL, level="zone", forget_on_exit=True))
    assert place == "properties.forget_on_exit"
    assert "whole site" in reason


def test_an_id_and_a_name_are_enough_for_a_zone_made_of_its_children():
    assert the_zone() == Zone("shoes", "Shoes", "zone", place=None, manner=MANNERS["normal"])


@pytest.mark.parametrize(
    ("geometry", "properties", "place"),
    [
        (DOOR, {"radius": 80}, Circle(45.461, 9.191, 80.0)),
        (None, {"anchors": ["an_1", "an_2"]}, AnchorSet(("an_1", "an_2"))),
        (None, {"disc": {"anchor": "an_1", "radius": 2.5}}, Disc("an_1", 2.5)),
        (
            None,
            {
                "plan": {
                    "id": "fp_1",
                    "shape": {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 3], [0, 0]]]},
                }
            },
            FloorShape("fp_1", Polygon([(0, 0), (4, 0), (4, 3)])),
        ),
    ],
)
def test_a_zone_lies_on_the_map_or_by_radio(geometry, properties, place):
    assert the_zone(geometry, **properties).place == place


@pytest.mark.parametrize(
    ("given", "meant"),
    [("sure", MANNERS["sure"]), ({}, MANNERS["normal"]), ({"word": "quick"}, MANNERS["quick"]), (None, MANNERS["normal"]),
     ({"word": "sure", "enter_after_s": 20}, manner("sure", enter_after_s=20.0)), ({"leave_at": 0.3}, manner(leave_at=0.3))],
)  # fmt: skip
def test_a_manner_is_a_word_with_numbers_overridden(given, meant):
    assert the_zone(manner=given).manner == meant


def test_one_feature_alone_is_a_body_too():
    assert [zone.id for zone in read_zones(feature()).zones] == ["shoes"]
    assert complaints(feature(level="shop"))[0][0] == "properties.level"
    assert complaints({"type": "Feature"}) == [
        ("properties", "has to be an object with id and name, not null")
    ]


def test_an_id_may_stand_beside_the_properties_and_be_a_number():
    reading = read_zones(
        body({"type": "Feature", "id": 7, "geometry": None, "properties": {"name": "Shoes"}})
    )
    assert [zone.id for zone in reading.zones] == ["7"]
    assert reading.mended == (Remark("features[0].properties.id", "the number 7 was taken as a text"),)
    assert complaints(body({**feature(), "id": "hats"})) == [
        ("features[0].properties.id", "is not the id that stands beside the properties, the text 'hats'")
    ]


def test_notes_and_style_are_given_back_untouched():
    extras = {"notes": "ask Ann", "style": {"stroke": "#f00", "deep": [{"er": None}]}}
    reading = read_zones(body(feature(**extras), feature(id="hats")))
    assert reading.extras == {"shoes": extras}
    assert read_zones(write_zones(reading.zones, reading.extras)) == reading


def test_a_reading_says_where_each_zone_stood_and_what_was_mended():
    reading = read_zones(
        body(feature(), feature({"type": "Polygon", "coordinates": [RING[:-1]]}, id="hats", name=" Hats "))
    )
    assert reading.places == {"shoes": "features[0]", "hats": "features[1]"}
    assert reading.mended == (
        Remark("features[1].properties.name", "blanks at its ends were left out"),
        Remark("features[1].geometry.coordinates[0]", "the ring was closed: its last corner is its first"),
    )


def test_what_qgis_writes_beside_the_features_does_no_harm():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    reading = read_zones(
        {**body(feature()), "name": "shops", "crs": crs, "bbox": [9, 45, 10, 46], "generator": "x"}
    )
    assert reading.mended == (Remark("generator", "has no meaning here and was left out"),)
    mercator = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    for other in (mercator, "EPSG:3857", {"properties": []}, {"properties": {"name": []}}):
        assert [place for place, _ in complaints({**body(feature()), "crs": other})] == ["crs"]


@pytest.mark.parametrize(
    ("one", "place", "words"),
    [
        (3, "", "a feature is an object of type Feature, not 3"),
        ({"type": "Fature"}, "", "type has to be Feature, not the text 'Fature'"),
        ({"type": "Feature"}, ".properties", "has to be an object with id and name, not null"),
        (feature(radios=80), ".properties.radios", "is no property of a zone; did you mean 'radius'"),
        (feature(opening_hours="Mo-Fr 09:00-19:00"), ".properties.opening_hours", "is no property of a zone; did you mean 'hours'?"),
        (feature(**{"a\nb": 1}), ".properties.'a\\nb'", "is no property of a zone"),
        (feature(id=None), ".properties.id", "is missing: give an id of your own"),
        (feature(id="milano/01"), ".properties.id", "an id is a text of at most 64 letters"),
        (feature(id=""), ".properties.id", "an id is a text of at most 64 letters"),
        (feature(id="x" * 65), ".properties.id", "an id is a text of at most 64 letters"),
        (feature(id=True), ".properties.id", "an id is a text of at most 64 letters"),
        (feature(id=10**400), ".properties.id", "an id is a text of at most 64 letters"),
        (feature(name=None), ".properties.name", "is missing"),
        (feature(name="  "), ".properties.name", "has to be a text, not the text '  '"),
        (feature(name="x" * 201), ".properties.name", "has 201 letters; 200 are the most"),
        (feature(name="a\ud800"), ".properties.name", "has letters that cannot be printed: the text 'a\\ud800'"),
        (feature(level="shelve"), ".properties.level", "has to be one of site, zone, shelf, not the text 'shelve'; did you mean 'shelf'?"),
        (feature(level=["zone"]), ".properties.level", "has to be one of site, zone, shelf, not a list"),
        (feature(parent=["duomo"]), ".properties.parent", "an id is a text"),
        (feature(groups="vip"), ".properties.groups", "has to be a list, not the text 'vip'"),
        (feature(groups=["vip", 3]), ".properties.groups[1]", "has to be a text, not 3"),
        (feature(groups=[str(i) for i in range(1001)]), ".properties.groups", "has more than 1,000 members"),
        (feature(manner="fast"), ".properties.manner", "has to be one of quick, normal, sure, not the text 'fast'"),
        (feature(manner=3), ".properties.manner", "has to be quick, normal, sure, or an object with word and numbers, not 3"),
        (feature(manner={"enter": 1}), ".properties.manner.enter", "is no part of a manner; did you mean 'enter_at'"),
        (feature(manner={"word": []}), ".properties.manner", "has to be one of quick, normal, sure, not an empty list"),
        (feature(manner={"enter_at": True}), ".properties.manner.enter_at", "has to be a number, not true"),
        (feature(manner={"enter_at": 0.1}), ".properties.manner", "leave_at must lie above 0 and below enter_at"),
        (feature(closed="no"), ".properties.closed", "has to be true or false, not the text 'no'"),
        (feature(time_zone="Europe/Rom"), ".properties.time_zone", "'Europe/Rom' is no IANA time zone; did you mean 'Europe/Rome'"),
        (feature(time_zone=1), ".properties.time_zone", "has to be an IANA time zone such as 'Europe/Rome', not 1"),
        (feature(hours={"mon": []}), ".properties.time_zone", "is missing: hours are in the zone's own time zone"),
        (feature(hours={"mon": ["9"]}, time_zone="UTC"), ".properties.hours.mon[0]", "a span is written"),
        (feature(notes=3), ".properties.notes", "has to be an object or a text, not 3"),
        (feature(DOOR), ".properties.radius", "is missing: a Point becomes a zone by its radius in metres"),
        (feature(DOOR, radius=0.5), ".properties.radius", "has to be a number of metres from 1 to 50,000, not 0.5"),
        (feature(DOOR, radius=50_001), ".properties.radius", "has to be a number of metres from 1 to 50,000, not 50001"),
        (feature(DOOR, radius=float("nan")), ".properties.radius", "has to be a number of metres"),
        (feature({"type": "Point", "coordinates": [179.9999, -16.8]}, radius=80), ".properties.radius", "reaches across the 180th"),
        (feature({"type": "Point", "coordinates": [45.461, 91]}, radius=80), ".geometry.coordinates[1]", "latitude 91 lies beyond"),
        (feature({"type": "Point", "coordinates": []}, radius=80), ".geometry.coordinates", "a position has two numbers"),
        (feature(HALL, radius=80), ".properties.radius", "goes with a geometry of type Point"),
        (feature({"type": "LineString"}), ".geometry.type", "a LineString has no inside"),
        (feature([]), ".geometry", "a geometry is an object with type and coordinates, not an empty list"),
        (feature(HALL, anchors=["a"]), ".properties.anchors", "a zone lies in one place, not in geometry and anchors: make two zones"),
        (feature(anchors=["a"], disc={}), ".properties.disc", "a zone lies in one place, not in anchors and disc: make two zones"),
        (feature(anchors=[]), ".properties.anchors", "names no anchor"),
        (feature(anchors=["a", ""]), ".properties.anchors[1]", "an id is a text"),
        (feature(disc="an_1"), ".properties.disc", "has to be an object with anchor and radius, not the text 'an_1'"),
        (feature(disc={"anchor": "a"}), ".properties.disc.radius", "is missing"),
        (feature(disc={"anchor": "a", "radius": 0.1}), ".properties.disc.radius", "has to be a number of metres from 0.3 to 200, not 0.1"),
        (feature(disc={"anchor": "a", "radius": 1, "hight": 1}), ".properties.disc.hight", "is not known here"),
        (feature(plan={"id": "", "shape": HALL}), ".properties.plan.id", "an id is a text"),
        (feature(plan={"id": "fp_1", "shape": DOOR}), ".properties.plan.shape.type", "a Point has no inside"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_at_its_place_in_the_body(one, place, words):
    [(where, reason)] = complaints(body(feature(id="good"), one))
    assert where == f"features[1]{place}"
    assert reason.startswith(words)


@pytest.mark.parametrize("obj", [None, [], 3, "x", {}, {"type": "Topology"}, {"type": []}])
def test_a_body_that_holds_no_features_is_refused(obj):
    [(place, reason)] = complaints(obj)
    assert place == "type"
    assert reason.startswith("zones come as a FeatureCollection or a Feature, not")


def test_features_have_to_be_a_list_that_one_can_take_in_at_once():
    assert complaints({"type": "FeatureCollection"}) == [
        ("features", "has to be a list of features, not null")
    ]
    assert complaints(body(*[3] * 10_001)) == [("features", "has more than 10,000 zones: send them in parts")]
    assert len(complaints(body(*[3] * 10_000))) == 101
    assert read_zones(body()).zones == ()


def test_two_zones_of_one_id_are_refused():
    assert complaints(body(feature(), feature(id="hats"), feature(name="Also shoes"))) == [
        ("features[2].properties.id", "is also the id of features[0]")
    ]


def test_all_faults_of_a_body_are_told_at_once():
    places = [
        place
        for place, _ in complaints(body(feature(level="x", closed=1), 3, feature({"type": "x"}, name=None)))
    ]
    assert places == [
        "features[0].properties.level",
        "features[0].properties.closed",
        "features[1]",
        "features[2].properties.name",
        "features[2].geometry.type",
    ]


def test_a_group_named_twice_is_kept_once_and_said():
    reading = read_zones(body(feature(groups=["vip", "vip"])))
    assert reading.zones[0].groups == ("vip",)
    assert reading.mended == (Remark("features[0].properties.groups[1]", "was named before and left out"),)


def test_a_plain_zone_is_written_plainly():
    zone = Zone("near", "Near", place=Circle(45.461, 9.191, 80.0), manner=manner("sure", enter_after_s=20.0))
    assert write_zone(zone) == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [9.191, 45.461]},
        "properties": {
            "id": "near",
            "name": "Near",
            "level": "zone",
            "parent": None,
            "groups": [],
            "manner": {"word": "sure", "enter_after_s": 20.0},
            "radius": 80.0,
            "time_zone": None,
            "hours": None,
            "closed": False,
        },
    }


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,20}", fullmatch=True)
names = st.text(min_size=1, max_size=30).filter(lambda name: name.isprintable() and name == name.strip())


def _star(reaches):
    angles = [2 * pi * i / len(reaches) for i in range(len(reaches))]
    return Polygon([(r * cos(a), r * sin(a)) for r, a in zip(reaches, angles, strict=True)])


stars = st.lists(st.floats(5.0, 500.0), min_size=3, max_size=12).map(_star)
squares_apart = st.integers(1, 4).map(
    lambda n: MultiPolygon([box(20 * i, 0, 20 * i + 10, 10) for i in range(n)])
)
with_a_hole = st.floats(1.0, 40.0).map(
    lambda r: Polygon(box(-50, -50, 50, 50).exterior, [box(-r, -r, r, r).exterior.coords[::-1]])
)
flat_shapes = (stars | squares_apart | with_a_hole).map(shapely.orient_polygons)
grounds = st.builds(LocalMetres, st.floats(-70, 70), st.floats(-179, 179))
places = st.one_of(
    st.none(),
    st.builds(lambda ground, shape: Geofence(ground.geometry_to_degrees(shape)), grounds, flat_shapes),
    st.builds(Circle, st.floats(-84, 84), st.floats(-170, 170), st.floats(1.0, 50_000.0)),
    st.builds(AnchorSet, st.lists(ids, min_size=1, max_size=4, unique=True).map(tuple)),
    st.builds(FloorShape, ids, flat_shapes),
    st.builds(Disc, ids, st.floats(0.3, 200.0)),
)
manners = st.builds(
    manner,
    st.sampled_from(list(MANNERS)),
    enter_at=st.sampled_from([0.6, 0.8, 0.95]),
    leave_at=st.sampled_from([0.1, 0.2, 0.5]),
    enter_after_s=st.floats(0.0, 3600.0),
    leave_after_s=st.floats(0.0, 3600.0),
) | st.sampled_from(list(MANNERS.values()))


@st.composite
def zones(draw):
    time_zone = draw(st.none() | st.sampled_from(["Europe/Rome", "Pacific/Apia"]))
    day = draw(
        st.sampled_from([(), (Span(540, 1170),), (Span(0, 1440),), (Span(600, 780), Span(1320, 1560))])
    )
    hours = None if time_zone is None else draw(st.none() | st.just(OpeningHours((day,) * 7, time_zone)))
    return Zone(
        draw(ids),
        draw(names),
        draw(st.sampled_from(["site", "zone", "shelf"])),
        draw(st.none() | ids),
        draw(places),
        draw(manners),
        draw(st.lists(names, max_size=3, unique=True).map(tuple)),
        hours,
        time_zone,
        draw(st.booleans()),
    )


@given(st.lists(zones(), max_size=4, unique_by=lambda zone: zone.id))
def test_zones_that_were_written_are_read_as_the_same_zones(several):
    reading = read_zones(json.loads(json.dumps(write_zones(several))))
    assert reading.zones == tuple(several)
    assert reading.mended == ()


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
words = [
    "Polygon",
    "MultiPolygon",
    "Point",
    "Feature",
    "sure",
    "zone",
    "Europe/Rome",
    "a1",
    9.19,
    45.46,
    80,
    "mon",
    "09:00-12:00",
]
near_json = st.recursive(
    st.sampled_from(words) | any_json,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "id", "anchor", "radius", "shape", "word", "mon"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
keys = [
    "id",
    "name",
    "level",
    "parent",
    "groups",
    "manner",
    "radius",
    "anchors",
    "plan",
    "disc",
    "hours",
    "time_zone",
    "closed",
    "notes",
    "style",
    "wrong",
]
near_features = st.fixed_dictionaries(
    {
        "type": st.just("Feature") | any_json,
        "properties": st.dictionaries(st.sampled_from(keys), near_json) | any_json,
    },
    optional={"geometry": near_json, "id": near_json},
)
near_bodies = st.fixed_dictionaries(
    {"type": st.just("FeatureCollection"), "features": st.lists(near_features, max_size=3) | any_json},
    optional={"crs": near_json, "other": any_json},
)


def read_or_complain(obj):
    try:
        return read_zones(obj)
    except ZonesComplaint as complaint:
        return complaint


@given(any_json | near_features | near_bodies)
def test_whatever_is_sent_gives_zones_or_a_complaint_that_can_be_answered(obj):
    answer = read_or_complain(obj)
    if isinstance(answer, ZonesComplaint):
        assert answer.remarks
        assert all(
            remark.reason and (remark.place + remark.reason).isprintable() for remark in answer.remarks
        )
    else:
        assert read_zones(write_zones(answer.zones, answer.extras)).zones == answer.zones

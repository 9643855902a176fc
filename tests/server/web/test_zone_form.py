"""The form of zones in the API's document says what the zones room takes: no more, no less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from server.web.zone_form import ZoneCollection, ZoneFeature, ZoneProperties
from server.zones import ZonesComplaint, manner, read_zones, write_zone
from server.zones.zone import AnchorSet, Circle, Disc, Zone

PLACES = [Circle(45.4695, 9.1895, 80.0), AnchorSet(("an_1", "an_2")), Disc("an_1", 2.5), None]


def read(**properties):
    return read_zones({"type": "Feature", "geometry": None, "properties": properties})


@pytest.mark.parametrize("name", [*ZoneProperties.model_fields, "colour"])
def test_the_form_has_every_property_that_is_read_and_no_other(name):
    """Each is sent with a value that fits nothing, so that a complaint shows whether it is known."""
    try:
        read(**{"id": "z", "name": "Z", name: object()})
        said = ""
    except ZonesComplaint as complaint:
        said = str(complaint)
    assert ("is no property of a zone" in said) == (name == "colour")


def test_no_property_that_is_read_is_missing_in_the_form():
    written = write_zone(
        Zone("z", "Z", "site", sensitive=True, forget_on_exit=True), {"notes": "n", "style": {}}
    )["properties"]
    assert written.keys() | {"radius", "anchors", "plan", "disc"} == ZoneProperties.model_fields.keys()


@given(
    st.sampled_from(PLACES),
    st.sampled_from(["site", "zone", "shelf"]),
    st.sampled_from([manner("quick"), manner("sure", enter_after_s=20.0)]),
)
def test_zones_that_are_written_fit_the_form(place, level, how):
    feature = write_zone(Zone("z", "Z", level, place=place, manner=how, groups=("shoes",)))
    assert ZoneFeature.model_validate(feature).properties.id == "z"
    ZoneCollection.model_validate({"type": "FeatureCollection", "features": [feature]})


def test_the_examples_of_opening_hours_are_such():
    hours = ZoneProperties.model_fields["hours"]
    (example,) = hours.examples or []
    (zone,) = read(id="z", name="Z", time_zone="Europe/Rome", hours=example).zones
    assert zone.hours is not None
    with pytest.raises(ValidationError):
        TypeAdapter(ZoneProperties).validate_python({"name": "Z", "hours": {"mon": ["nine to five"]}})

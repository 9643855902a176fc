"""One GeoJSON feature as a zone: every property and the geometry read, every fault noted with its place.

In: the feature as parsed JSON and its place in the body. Out: a Zone, or None and the complaints; what was mended; the
owner's free notes and style. geojson.py says how features make a body.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

from server.zones.complaint import (
    Complaint,
    Remark,
    ZonesComplaint,
    called,
    did_you_mean,
    is_number,
    within,
)
from server.zones.hours import OpeningHours, read_hours, time_zone_named
from server.zones.outline import PLAN, read_geometry, read_position
from server.zones.shape import LocalMetres
from server.zones.zone import (
    LEVELS,
    MANNERS,
    AnchorSet,
    Circle,
    Disc,
    FloorShape,
    Geofence,
    Level,
    Manner,
    Place,
    Word,
    Zone,
    manner,
)

Value = TypeVar("Value")

CIRCLE_RADIUS_M: Final = (1.0, 50_000.0)  # no positioning tells less; a large city is 50 km across
DISC_RADIUS_M: Final = (0.3, 200.0)  # an arm's length; the reach of an advertisement in the open
NUMBERS: Final = ("enter_at", "leave_at", "enter_after_s", "leave_after_s")  # of a manner

OWN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,63}")  # stands in a URL as it is
_RADIO: Final = ("anchors", "plan", "disc")
_EXTRAS: Final = ("notes", "style")
#: What other systems call a property of ours, too far from our word to be guessed by its letters.
_ELSEWHERE: Final = {
    "opening_hours": "hours",
    "openingHours": "hours",
    "tz": "time_zone",
    "tags": "groups",
    "title": "name",
}
_PROPERTIES: Final = frozenset(
    {
        "id",
        "name",
        "level",
        "parent",
        "groups",
        "manner",
        "radius",
        "hours",
        "time_zone",
        "closed",
        "sensitive",
        "forget_on_exit",
    }
) | {*_RADIO, *_EXTRAS}


class FeatureReader:
    """Reads one feature; what cannot be read leaves its complaint and a stand-in, so that the rest is looked at too."""

    def __init__(self, feature: Any, place: str) -> None:
        self.feature = feature
        self.place = place
        self.inner = within(place, "properties")
        self.complaints: list[Remark] = []
        self.mended: list[Remark] = []
        self.extras: dict[str, Any] = {}
        self.properties: dict[str, Any] = {}

    def zone(self) -> Zone | None:
        if not self.opened():
            return None
        self.extras = {key: self.properties[key] for key in _EXTRAS if self.properties.get(key) is not None}
        for key, value in self.extras.items():
            if not isinstance(value, dict | str):
                self.refuse(key, f"has to be an object or a text, not {called(value)}")
        time_zone = self.given("time_zone", self.time_zone, None)
        zone_id, name = self.own_id(), self.required("name", self.text, "?")
        level: Level = self.given("level", self.level, "zone")
        parent = self.given("parent", self.identifier, None)
        groups: tuple[str, ...] = self.given("groups", self.groups, ())
        how: Manner = self.given("manner", self.manner, MANNERS["normal"])
        closed = self.given("closed", self.truth, False)
        sensitive = self.given("sensitive", self.truth, False)
        forgets = self.given("forget_on_exit", self.truth, False)
        if forgets and level != "site":
            self.refuse("forget_on_exit", "is for a whole site: say it of the site that this lies in")
        hours = self.hours(time_zone)
        place = self.zone_place()
        if self.complaints:
            return None
        what = (zone_id, name, level, parent, place, how, groups, hours, time_zone, closed, sensitive)
        return Zone(*what, forget_on_exit=forgets)

    def opened(self) -> bool:
        """Whether there are properties to read."""
        if not isinstance(self.feature, dict) or self.feature.get("type") != "Feature":
            reason = f"a feature is an object of type Feature, not {called(self.feature)}"
            if isinstance(self.feature, dict):
                reason = f"type has to be Feature, not {called(self.feature.get('type'))}"
            self.complaints.append(Remark(self.place, reason))
            return False
        properties = self.feature.get("properties")
        if not isinstance(properties, dict):
            self.complaints.append(
                Remark(self.inner, f"has to be an object with id and name, not {called(properties)}")
            )
            return False
        self.properties = properties
        for key in sorted(set(properties) - _PROPERTIES)[:20]:
            ours = _ELSEWHERE.get(key)
            hint = f"; did you mean {ours!r}?" if ours else did_you_mean(key, _PROPERTIES)
            self.refuse(key, f"is no property of a zone{hint}")
        return True

    def refuse(self, key: str, reason: str) -> None:
        self.complaints.append(Remark(within(self.inner, key), reason))

    def given(self, key: str, read: Callable[[Any, str], Value], otherwise: Value) -> Value:
        """The property, or `otherwise` where it is null, not there, or wrong (which is noted)."""
        value = self.properties.get(key)
        if value is None:
            return otherwise
        try:
            return read(value, within(self.inner, key))
        except Complaint as complaint:
            self.complaints += complaint.remarks
        except ValueError as error:
            self.refuse(key, str(error))
        return otherwise

    def required(self, key: str, read: Callable[[Any, str], str], otherwise: str) -> str:
        if self.properties.get(key) is None:
            self.refuse(key, "is missing")
        return self.given(key, read, otherwise)

    def own_id(self) -> str:
        """The owner's own id: from the properties, or where RFC 7946 puts it, beside them."""
        beside = self.feature.get("id")
        if beside is not None and "id" not in self.properties:
            self.properties = {**self.properties, "id": beside}
        elif beside is not None and beside != self.properties["id"]:
            self.refuse("id", f"is not the id that stands beside the properties, {called(beside)}")
        if self.properties.get("id") is None:
            self.refuse(
                "id", "is missing: give an id of your own, so that sending it again changes this zone"
            )
        return self.given("id", self.identifier, "?")

    def identifier(self, value: Any, place: str) -> str:
        if isinstance(value, int) and is_number(value):
            self.mended.append(Remark(place, f"the number {called(value)} was taken as a text"))
            value = str(value)
        if not isinstance(value, str) or not OWN_ID.fullmatch(value):
            raise ValueError(
                f"an id is a text of at most 64 letters, digits and . _ : ~ - and begins with a letter or digit, not {called(value)}"
            )
        return value

    def text(self, value: Any, place: str, longest: int = 200) -> str:
        if not isinstance(value, str) or not value.strip():
            raise _expected("a text", value)
        if len(value) > longest:
            raise ValueError(f"has {len(value):,} letters; {longest} are the most")
        if not value.isprintable():  # also half of a surrogate pair, which no database takes
            raise ValueError(f"has letters that cannot be printed: {called(value)}")
        if value != value.strip():
            self.mended.append(Remark(place, "blanks at its ends were left out"))
        return value.strip()

    def level(self, value: Any, _place: str) -> Level:
        if value not in LEVELS:
            hint = did_you_mean(value, LEVELS) if isinstance(value, str) else ""
            raise ValueError(f"has to be one of {', '.join(LEVELS)}, not {called(value)}{hint}")
        return LEVELS[LEVELS.index(value)]

    def groups(self, value: Any, place: str) -> tuple[str, ...]:
        return self.texts(value, place, lambda one, where: self.text(one, where, 64))

    def anchors(self, value: Any, place: str) -> tuple[str, ...]:
        if value == []:
            raise ValueError("names no anchor")
        return self.texts(value, place, self.identifier)

    def texts(self, value: Any, place: str, read: Callable[[Any, str], str]) -> tuple[str, ...]:
        """A list of different texts, in its order."""
        if not isinstance(value, list):
            raise _expected("a list", value)
        if len(value) > 1_000:
            raise ValueError("has more than 1,000 members")
        complaints: list[Remark] = []
        texts: dict[str, None] = {}
        for i, one in enumerate(value):
            where = f"{place}[{i}]"
            try:
                known = len(texts)
                texts[read(one, where)] = None
                if len(texts) == known:
                    self.mended.append(Remark(where, "was named before and left out"))
            except ValueError as error:
                complaints.append(Remark(where, str(error)))
        if complaints:
            raise ZonesComplaint(complaints)
        return tuple(texts)

    def truth(self, value: Any, _place: str) -> bool:
        if not isinstance(value, bool):
            raise _expected("true or false", value)
        return value

    def time_zone(self, value: Any, _place: str) -> str:
        if not isinstance(value, str):
            raise _expected("an IANA time zone such as 'Europe/Rome'", value)
        return time_zone_named(value).key

    def hours(self, time_zone: str | None) -> OpeningHours | None:
        if self.properties.get("hours") is not None and self.properties.get("time_zone") is None:
            self.refuse("time_zone", "is missing: hours are in the zone's own time zone")
        # Where the time zone is wrong the hours are looked at all the same; what is read of them then goes nowhere.
        return self.given("hours", lambda value, place: read_hours(value, place, time_zone or "UTC"), None)

    def manner(self, value: Any, place: str) -> Manner:
        if isinstance(value, str):
            return MANNERS[self.word(value)]
        if not isinstance(value, dict):
            raise _expected(f"{', '.join(MANNERS)}, or an object with word and numbers", value)
        complaints = [
            Remark(within(place, key), f"is no part of a manner{did_you_mean(key, ('word', *NUMBERS))}")
            for key in sorted(set(value) - {"word", *NUMBERS})[:20]
        ]
        numbers = {key: value[key] for key in NUMBERS if value.get(key) is not None}
        complaints += [
            Remark(within(place, key), f"has to be a number, not {called(number)}")
            for key, number in numbers.items()
            if not is_number(number)
        ]
        if complaints:
            raise ZonesComplaint(complaints)
        return manner(
            self.word(value.get("word", "normal")), **{key: float(one) for key, one in numbers.items()}
        )

    def word(self, value: Any) -> Word:
        if not isinstance(value, str) or value not in MANNERS:
            hint = did_you_mean(value, MANNERS) if isinstance(value, str) else ""
            raise ValueError(f"has to be one of {', '.join(MANNERS)}, not {called(value)}{hint}")
        return next(word for word in get_args(Word) if word == value)

    def zone_place(self) -> Place:
        """Where the zone lies: on the map, by radio, or made of its children."""
        geometry, radius = self.feature.get("geometry"), self.properties.get("radius")
        radio = [key for key in _RADIO if self.properties.get(key) is not None]
        ways = (["geometry"] if geometry is not None else []) + radio
        if len(ways) > 1:
            self.refuse(ways[1], f"a zone lies in one place, not in {' and '.join(ways)}: make two zones")
            return None
        is_point = isinstance(geometry, dict) and geometry.get("type") == "Point"
        if radius is not None and not is_point:
            self.refuse("radius", "goes with a geometry of type Point")
        if radio:
            readers: dict[str, Callable[[Any, str], Place]] = {
                "anchors": self.anchor_set,
                "plan": self.floor,
                "disc": self.disc,
            }
            return self.given(radio[0], readers[radio[0]], None)
        if geometry is None:
            return None
        try:
            return self.circle(geometry) if is_point else self.geofence(geometry)
        except Complaint as complaint:
            self.complaints += complaint.remarks
            return None

    def geofence(self, geometry: Any) -> Geofence:
        outline, mended = read_geometry(geometry, within(self.place, "geometry"))
        self.mended += mended
        return Geofence(outline)

    def circle(self, geometry: dict[str, Any]) -> Circle:
        place = within(within(self.place, "geometry"), "coordinates")
        (lon, lat), mended = read_position(geometry.get("coordinates"), place)
        self.mended += mended
        where = within(self.inner, "radius")
        if self.properties.get("radius") is None:
            raise ZonesComplaint(
                [Remark(where, "is missing: a Point becomes a zone by its radius in metres")]
            )
        try:
            radius_m = _metres(self.properties["radius"], CIRCLE_RADIUS_M)
        except ValueError as error:
            raise ZonesComplaint([Remark(where, str(error))]) from None
        if abs(lon) + radius_m / LocalMetres(lat, lon).m_per_lon > 180.0:
            raise ZonesComplaint(
                [Remark(where, "reaches across the 180th meridian: draw a Polygon on each side of it")]
            )
        return Circle(lat, lon, radius_m)

    def anchor_set(self, value: Any, place: str) -> AnchorSet:
        return AnchorSet(self.anchors(value, place))

    def floor(self, value: Any, place: str) -> FloorShape:
        plan, shape = self.pair(value, place, ("id", "shape"))
        plan_id = self.placed(self.identifier, plan, within(place, "id"))
        outline, mended = read_geometry(shape, within(place, "shape"), PLAN)
        self.mended += mended
        return FloorShape(plan_id, outline)

    def disc(self, value: Any, place: str) -> Disc:
        anchor, radius = self.pair(value, place, ("anchor", "radius"))
        anchor_id = self.placed(self.identifier, anchor, within(place, "anchor"))
        radius_m = self.placed(
            lambda metres, _: _metres(metres, DISC_RADIUS_M), radius, within(place, "radius")
        )
        return Disc(anchor_id, radius_m)

    def pair(self, value: Any, place: str, keys: tuple[str, str]) -> tuple[Any, Any]:
        """The two members of an object that has no others."""
        if not isinstance(value, dict):
            raise _expected(f"an object with {keys[0]} and {keys[1]}", value)
        complaints = [
            Remark(within(place, key), f"is not known here{did_you_mean(key, keys)}")
            for key in sorted(set(value) - {*keys})[:20]
        ]
        complaints += [Remark(within(place, key), "is missing") for key in keys if value.get(key) is None]
        if complaints:
            raise ZonesComplaint(complaints)
        return value[keys[0]], value[keys[1]]

    def placed(self, read: Callable[[Any, str], Value], value: Any, place: str) -> Value:
        """What `read` makes of an inner value, its ValueError tied to the inner place."""
        try:
            return read(value, place)
        except ValueError as error:
            raise ZonesComplaint([Remark(place, str(error))]) from None


def _expected(what: str, value: Any) -> ValueError:
    return ValueError(f"has to be {what}, not {called(value)}")


def _metres(value: Any, bounds: tuple[float, float]) -> float:
    least, most = bounds
    if not is_number(value) or not least <= value <= most:
        raise _expected(f"a number of metres from {least:g} to {most:,g}", value)
    return float(value)

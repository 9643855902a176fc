"""One zone while somebody works on it: its properties, where it lies, and the Feature that all this makes.

In: a Feature as `/v1/zones` shows it, or nothing. Out: a Feature as `/v1/zones` takes it. What a zone may be is the API's to say: nothing is
checked here but what cannot be sent.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from server.web.console.languages import later

Place = Literal["map", "plan", "anchors", "disc", "children"]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS: Final = (
    later("Monday"),
    later("Tuesday"),
    later("Wednesday"),
    later("Thursday"),
    later("Friday"),
    later("Saturday"),
    later("Sunday"),
)

_PLACING: Final = ("radius", "anchors", "plan", "disc")
_COORDINATES: Final = re.compile(r"(?:geometry|shape)\.coordinates((?:\[\d+\])+)")
_USUAL_DISC_M: Final = 3.0


@dataclass
class Draft:
    """See the module's text. `geometry` is on the map or, where `place` is a plan, in its metres; `other` is what a split has cut off."""

    properties: dict[str, Any]
    place: Place = "map"
    geometry: dict[str, Any] | None = None
    radius: float | None = None
    plan: str | None = None
    anchors: list[str] = field(default_factory=list)
    disc: str | None = None
    disc_radius: float = _USUAL_DISC_M
    is_new: bool = False
    other: dict[str, Any] | None = None
    other_name: str = ""

    @classmethod
    def of(cls, feature: Mapping[str, Any]) -> "Draft":
        """A zone that is kept."""
        given = feature["properties"]
        draft = cls({name: value for name, value in given.items() if name not in _PLACING})
        draft.geometry, draft.radius = feature["geometry"], given.get("radius")
        if given.get("plan"):
            draft.place, draft.plan, draft.geometry = "plan", given["plan"]["id"], given["plan"]["shape"]
        elif given.get("anchors"):
            draft.place, draft.anchors = "anchors", list(given["anchors"])
        elif given.get("disc"):
            draft.place, draft.disc = "disc", given["disc"]["anchor"]
            draft.disc_radius = given["disc"]["radius"]
        elif draft.geometry is None:
            draft.place = "children"
        return draft

    @classmethod
    def blank(cls, place: Place, plan: str | None) -> "Draft":
        properties = {"id": "", "name": "", "level": "zone", "manner": "normal", "groups": []}
        return cls(properties, place, plan=plan, is_new=True)

    def feature(self) -> dict[str, Any]:
        """What the API is to keep. A name and an id that are not there yet are stood in for, so that the rest can be looked at."""
        properties = {name: value for name, value in self.properties.items() if value is not None}
        properties["name"] = properties.get("name") or "?"
        properties["id"] = properties.get("id") or own_id(properties["name"]) or "new-zone"
        geometry = None
        match self.place:
            case "map":
                geometry = self.geometry
                if self.radius is not None and geometry and geometry["type"] == "Point":
                    properties["radius"] = self.radius
            case "plan":
                properties["plan"] = {"id": self.plan, "shape": self.geometry}
            case "anchors":
                properties["anchors"] = self.anchors
            case "disc":
                properties["disc"] = {"anchor": self.disc, "radius": self.disc_radius}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    def cut_off(self, taken: Sequence[str]) -> list[dict[str, Any]]:
        """What a split has cut off, if anything, as a zone of its own beside this one."""
        if self.other is None:
            return []
        whole = self.feature()
        properties = {**whole["properties"], "name": self.other_name, "id": free_id(self.other_name, taken)}
        if self.place == "plan":
            properties["plan"] = {"id": self.plan, "shape": self.other}
            return [{**whole, "properties": properties}]
        return [{**whole, "geometry": self.other, "properties": properties}]

    @property
    def is_placed(self) -> bool:
        """Whether it is said where the zone lies."""
        return {
            "map": self.geometry is not None,
            "plan": self.geometry is not None and self.plan is not None,
            "anchors": bool(self.anchors),
            "disc": self.disc is not None,
            "children": True,
        }[self.place]


def own_id(name: str) -> str:
    """An id made of a name: `Reparto età` is reparto-eta."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:56]


def free_id(name: str, taken: Sequence[str]) -> str:
    """The same, of which there is none yet."""
    wanted = own_id(name) or "zone"
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(each for each in numbered if each not in taken)


def corner_of(place: str) -> tuple[int, ...] | None:
    """Which corner a fault is about, by its place in the body: (ring, corner), or (part, ring, corner)."""
    found = _COORDINATES.search(place)
    return tuple(int(number) for number in re.findall(r"\d+", found[1])) if found else None


# -- typed numbers


def corners_written(geometry: Mapping[str, Any] | None, *, flat: bool) -> str:
    """The first outline as text, a corner a line: latitude first, as maps show it; x, y on a `flat` plan."""
    if geometry is None or geometry["type"] == "Point":
        return ""
    rings = geometry["coordinates"] if geometry["type"] == "Polygon" else geometry["coordinates"][0]
    return "\n".join(f"{x}, {y}" if flat else f"{y}, {x}" for x, y, *_ in rings[0][:-1])


def corners_read(text: str, geometry: Mapping[str, Any] | None, *, flat: bool) -> dict[str, Any]:
    """The same back, with the holes that there were. Raises ValueError with the number of the line that is wrong."""
    ring = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", line)]
        if len(parts) != 2:
            raise ValueError(number)
        ring.append(parts if flat else parts[::-1])
    holes = geometry["coordinates"][1:] if geometry is not None and geometry["type"] == "Polygon" else []
    return {"type": "Polygon", "coordinates": [[*ring, *ring[:1]], *holes]}


# -- opening hours


def week_written(hours: Mapping[str, Sequence[str]] | None) -> list[str]:
    """A text a weekday, from Monday: `09:00-13:00, 15:00-19:30`, or nothing where it is closed."""
    week = [""] * 7
    for key, spans in (hours or {}).items():
        if key[0].isdigit():
            continue
        first, _, last = key.partition("-")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        for day in range(start, end + 1):
            week[day] = ", ".join(spans)
    return week


def dates_written(hours: Mapping[str, Sequence[str]] | None) -> str:
    """A line a date that is not like its weekday: `2026-12-24: 09:00-13:00`, nothing behind the colon where it is closed."""
    return "\n".join(
        f"{key}: {', '.join(spans)}".rstrip() for key, spans in (hours or {}).items() if key[0].isdigit()
    )


def hours_read(week: Sequence[str], dates: str) -> dict[str, list[str]] | None:
    """Hours as the API takes them; None where nothing is said at all: then those of the zone around it hold."""
    hours = {day: _spans(text) for day, text in zip(WEEKDAYS, week, strict=True)}
    for line in dates.splitlines():
        day, _, spans = line.partition(":")
        if day.strip():
            hours[day.strip()] = _spans(spans)
    return hours if any(hours.values()) or len(hours) > len(WEEKDAYS) else None


def _spans(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]

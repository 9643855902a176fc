"""What zones are in words: levels, where they lie, how sure one must be; and what is wrong with a shape, for who draws it.

In: what the API says. Out: texts in the reader's language.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from server.web.console.api import Fault
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.zone_draft import Place

LEVELS: Final = {
    "site": later("A shop, a whole building"),
    "zone": later("A department, a pavement, any place"),
    "shelf": later("A shelf, a display"),
}
LEVEL_ICONS: Final = {"site": "store", "zone": "fence", "shelf": "shelves"}

PLACES: Final[Mapping[Place, str]] = {
    "map": later("Drawn on the map"),
    "plan": later("Drawn on a floor plan"),
    "anchors": later("Where chosen anchors hear best"),
    "disc": later("Around one anchor"),
    "children": later("Made of the zones in it"),
}

MANNERS: Final = {
    "quick": (
        later("Quick"),
        later(
            "In at once, out after 5 seconds. For a till or a display, where people pass in seconds. Now and then it takes in somebody who "
            "only walks by."
        ),
    ),
    "normal": (
        later("Normal"),
        later(
            "In after 2 seconds, out after 10. For a shop or a department. At the border between two departments it may name the wrong one "
            "for a moment."
        ),
    ),
    "sure": (
        later("Sure"),
        later(
            "In after 15 seconds of being 90 % sure, out after 30. Greets nobody who only walks past; misses visits shorter than a quarter "
            "of a minute."
        ),
    ),
}

#: What the API says of shapes, as somebody who draws would say it.
_OF_SHAPES: Final = (
    (
        re.compile(r"the ring meets itself"),
        later("The outline crosses itself at the marked corner: drag corners until no two edges cross."),
    ),
    (re.compile(r"m2 is the least"), later("This is too small to be a zone: draw it larger.")),
    (re.compile(r"(m2|km) is the most|across;"), later("This is too large to be a zone: draw it smaller.")),
    (re.compile(r"hole does not lie within"), later("The hole has to lie within the outline.")),
    (re.compile(r"the hole overlaps"), later("Two holes overlap: move one, or draw them as one.")),
    (re.compile(r"at least three different corners"), later("An outline has at least three corners.")),
    (re.compile(r"has no inside"), later("All corners lie on one line: there is no inside.")),
    (re.compile(r"overlaps part|shares an edge"), later("Two parts of the zone touch: draw them as one.")),
    (
        re.compile(r"cannot be told apart"),
        later("Inside and outside cannot be told apart: redraw the outline."),
    ),
    (re.compile(r"lies wholly off"), later("The shape lies beside the floor plan.")),
    (
        re.compile(r"lies outside its parent"),
        later("A good part of it lies outside of the zone that it is in."),
    ),
    (
        re.compile(r"a zone cannot be its own ancestor"),
        later("A zone cannot lie in itself, nor in a zone that lies in it."),
    ),
    (re.compile(r"cannot lie in a"), later("Shops hold departments, departments hold shelves.")),
    (
        re.compile(r"has no time zone"),
        later("It has no time zone: schedules and opening hours need one."),
    ),
    (
        re.compile(r"km from"),
        later("It lies far from where it should: look at its place and its time zone."),
    ),
)


def wrong(desk: Desk, fault: Fault) -> str:
    """A fault of a zone in words; those that need no other words are told as the API tells them."""
    for pattern, text in _OF_SHAPES:
        if pattern.search(fault.reason):
            return desk.say(text)
    field = fault.place.rpartition("properties.")[2] if "properties." in fault.place else ""
    return f"{field}: {fault.reason}" if field else fault.reason


def place_of(feature: Mapping[str, Any]) -> Place:
    """How a zone lies, by its Feature."""
    given = feature["properties"]
    for place in ("plan", "anchors", "disc"):
        if given.get(place):
            return place
    return "map" if feature["geometry"] else "children"

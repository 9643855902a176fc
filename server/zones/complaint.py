"""What the zones room says about material it was given: complaints that refuse, remarks on what was mended.

In: the place in the body and a reason in plain words. Out: values that a door turns into `errors` of a 422. Whatever the
body holds, the sentences made here are short and printable.

    Complaint
      ShapeComplaint    geometry that cannot be used         (shape.py)
      HoursComplaint    opening hours that cannot be read    (hours.py)
      ZonesComplaint    a body of zones; gathers the others  (geojson.py)
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from math import isfinite
from typing import Any, Final, NamedTuple

MOST_REMARKS: Final = (
    100  # enough to mend by; a body of a million mistakes is not answered with a million lines
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_,/-]{1,40}")


class Remark(NamedTuple):
    """Something said about one place of a body, as in `features[3].geometry.coordinates[0][2]`."""

    place: str
    reason: str


class Complaint(ValueError):
    """The material is refused; `remarks` says where and why, never empty, in the order of the body."""

    def __init__(self, remarks: Iterable[Remark]) -> None:
        self.remarks = tuple(remarks)
        super().__init__("; ".join(f"{place}: {reason}" for place, reason in self.remarks))


class ShapeComplaint(Complaint):
    """A geometry that cannot be used, or only by guessing."""


class HoursComplaint(Complaint):
    """Opening hours that cannot be read."""


class ZonesComplaint(Complaint):
    """A body of zones that is refused as a whole, with every reason found."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing half-sentence: the nearest known words, or an empty text where none is near."""
    # A very long "word" is junk, and difflib is quadratic in it.
    near = get_close_matches(word[:64], sorted(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(one) for one in near)}?" if near else ""


def at_most(remarks: list[Remark], place: str, most: int = MOST_REMARKS) -> list[Remark]:
    """The first `most` of these remarks, and one that there are more; so a reader may stop once it has one too many."""
    return (
        remarks
        if len(remarks) <= most
        else [*remarks[:most], Remark(place, f"only the first {most} complaints are told")]
    )


def is_number(obj: Any) -> bool:
    """Whether JSON means a finite number by this; true and false are none, nor is an integer that no float can hold."""
    if isinstance(obj, bool) or not isinstance(obj, int | float):
        return False
    return abs(obj) < 1e300 if isinstance(obj, int) else isfinite(obj)


def called(obj: Any) -> str:
    """What a piece of JSON is, for a sentence; short, whatever its size."""
    if obj is None or isinstance(obj, bool):
        return "null" if obj is None else str(obj).lower()
    if isinstance(obj, str):
        return "an empty text" if not obj else f"the text {obj[:40]!r}"
    if isinstance(obj, int | float):
        return shown(obj)
    if isinstance(obj, list):
        return "a list" if obj else "an empty list"
    return "an object"


def shown(number: float) -> str:
    """A number for a sentence: nine digits are a tenth of a millimetre on the map."""
    if isinstance(number, int):
        return str(number) if abs(number) < 10**15 else "a number of far too many digits"
    return f"{number:.9g}"


def within(place: str, key: str) -> str:
    """The place of a member of an object, as in `features[0].properties.hours.mon-fri`."""
    named = key if _PLAIN_KEY.fullmatch(key) else repr(key[:40])
    return f"{place}.{named}" if place else named

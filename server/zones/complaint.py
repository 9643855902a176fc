"""What the zones room says about material it was given: complaints that refuse, remarks on what was mended.

In: the place in the body and a reason in plain words. Out: values that a door turns into `errors` of a 422.

    Complaint
      ShapeComplaint    geometry that cannot be used         (shape.py)
      HoursComplaint    opening hours that cannot be read    (hours.py)
      ZonesComplaint    a body of zones; gathers the others  (geojson.py)
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


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

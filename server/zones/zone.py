"""The places a shop knows, as frozen values: zones, where they lie, and how sure one must be to enter them.

In: what geojson.py read from a body or records kept. Out: what atlas.py compiles and presence stands on. Distances are
metres, positions on the map WGS84 degrees, signal strengths dBm, positions on a floor plan metres from its lower left
corner (x right, y up, z up from the floor).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final, Literal

from shapely import MultiPolygon, Polygon

from server.zones.hours import OpeningHours

Level = Literal["site", "zone", "shelf"]
LEVELS: Final[tuple[Level, ...]] = ("site", "zone", "shelf")  # from the whole to its parts

Word = Literal["quick", "normal", "sure"]


@dataclass(frozen=True, slots=True)
class Geofence:
    """A shape drawn on the map: valid, (longitude, latitude) degrees, shells counterclockwise."""

    geometry: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Circle:
    """All that lies within `radius_m` of a point on the map."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class AnchorSet:
    """Where these anchors hear best: the least one can know of a radio zone."""

    anchors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FloorShape:
    """A shape on a floor plan, in the plan's own metres; the plan's anchors have positions there."""

    plan: str
    geometry: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Disc:
    """All that lies within `radius_m` of one anchor: a display, a till."""

    anchor: str
    radius_m: float


Place = Geofence | Circle | AnchorSet | FloorShape | Disc | None  # None: a zone made of its children


@dataclass(frozen=True, slots=True)
class Manner:
    """How sure and how quick a zone is entered and left: hysteresis on the probability of being inside.

    A shopper is inside once the probability has been at least `enter_at` for `enter_after_s` seconds, and outside again
    once it has been at most `leave_at` for `leave_after_s` seconds. `word` is what staff chose; numbers that differ from
    its row in MANNERS were set by hand. ValueError where the numbers make no hysteresis.
    """

    word: Word
    enter_at: float
    leave_at: float
    enter_after_s: float
    leave_after_s: float

    def __post_init__(self) -> None:
        if not 0.0 < self.leave_at < self.enter_at < 1.0:
            raise ValueError("leave_at must lie above 0 and below enter_at, and enter_at below 1")
        for name in ("enter_after_s", "leave_after_s"):
            seconds = getattr(self, name)
            if not (isfinite(seconds) and 0.0 <= seconds <= LONGEST_WAIT_S):
                raise ValueError(f"{name} must lie between 0 and {LONGEST_WAIT_S:.0f} seconds")


LONGEST_WAIT_S: Final = (
    3600.0  # who must stay longer than an hour to count is asked for by a dwell, not by an entry
)

# The three words and their numbers, with reasons measured on recorded traces (simulator: score):
# - enter_at, leave_at: a band on the probability, not a number of fixes or packets in a row, which halved recall at 15 s
#   pings. `normal` and `quick` speak when it is likelier than not by some margin: positions are known to a metre or two, a
#   display of 3 m is rarely more certain, and a fifth of the measured positions lie on a border between departments. With
#   .65 more of who stands there is nowhere (.84 of their seconds are right, not .88), with .55 those who walk are told in
#   wrong departments (32 times an hour, not 11). That who stands still does not flap is due to belief itself (stillness.py).
#   `sure` widens the band to .9 and .1, since a posterior is sharper than the truth where errors are correlated.
# - enter_after_s: `quick` speaks at once (a till, a passage). `normal` waits 2 s: belief itself needs some seconds, and
#   someone who passes a shop front is gone again. `sure` waits 15 s, after which an urban position error is mostly a new
#   one, so that standing for it is nearly a second witness. The wait runs by the clock, not by pings.
# - leave_after_s is the longer of the two throughout: a wrong exit ends a visit and flaps, a late one delays a report.
#   `normal` waits 10 s, half the 20 s within which an exit should be known; `sure` 30 s, the time-out that published
#   trackers of tags chose; `quick` 5 s, a few lost packets.
MANNERS: Final[dict[Word, Manner]] = {
    #                 word      enter_at  leave_at  enter_after_s  leave_after_s
    "quick": Manner("quick", 0.6, 0.3, 0.0, 5.0),
    "normal": Manner("normal", 0.6, 0.3, 2.0, 10.0),
    "sure": Manner("sure", 0.9, 0.1, 15.0, 30.0),
}


def manner(word: Word = "normal", **numbers: float) -> Manner:
    """The numbers of a word, some of them overridden: `manner("sure", leave_after_s=60)`.

    ValueError where they make no hysteresis, TypeError at a number that a manner does not have.
    """
    return replace(MANNERS[word], **numbers)  # type: ignore[arg-type]  # `word` cannot be among the floats


@dataclass(frozen=True, slots=True)
class Zone:
    """A named place of one level; `id` is the owner's own. Without `place` it is the union of its children.

    `hours` are in `time_zone`, and None where those of the parent hold. A `closed` zone is known and has nobody in it: shut
    for works, or taken out of service without losing its history. Nothing is sent because somebody is in a `sensitive` zone or in what
    lies in it: a clinic, a place of worship, a school. A site that is told to `forget_on_exit` keeps no names with its visits once they are over.
    """

    id: str
    name: str
    level: Level = "zone"
    parent: str | None = None
    place: Place = None
    manner: Manner = MANNERS["normal"]
    groups: tuple[str, ...] = ()
    hours: OpeningHours | None = None
    time_zone: str | None = None
    closed: bool = False
    sensitive: bool = False
    forget_on_exit: bool = False

    def __post_init__(self) -> None:
        if self.hours is not None and self.hours.time_zone != self.time_zone:
            raise ValueError("the hours of a zone are in its own time zone")


def lineage(zone: Zone, known: Mapping[str, Zone]) -> tuple[Zone, ...]:
    """The zone, what it lies in, and so on to the outermost that is known; a circle of parents is walked once."""
    chain = {zone.id: zone}
    while zone.parent is not None and zone.parent in known and zone.parent not in chain:
        zone = known[zone.parent]
        chain[zone.id] = zone
    return tuple(chain.values())


def forgetful(known: Mapping[str, Zone]) -> dict[str, frozenset[str]]:
    """The sites that forget on exit, each with all zones in it and itself."""
    sites: dict[str, set[str]] = {zone.id: {zone.id} for zone in known.values() if zone.forget_on_exit}
    for zone in known.values():
        for outer in lineage(zone, known):
            if outer.id in sites:
                sites[outer.id].add(zone.id)
    return {site: frozenset(zones) for site, zones in sites.items()}


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a radio link that stays: a gateway or a fixed beacon.

    `reference_dbm_at_1m` is what it hears of (or is heard with, at) one metre, None where only the format's own claim is
    known; `bias_db` is added to each RSSI of this anchor to make it comparable with the others.
    """

    id: str
    name: str
    site: str | None = None
    plan: str | None = None
    x_m: float | None = None
    y_m: float | None = None
    z_m: float | None = None
    reference_dbm_at_1m: float | None = None
    bias_db: float = 0.0


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """One floor of a site, `width_m` by `height_m`; `walls` are polylines of (x, y) metres."""

    id: str
    name: str
    site: str | None
    width_m: float
    height_m: float
    walls: tuple[tuple[tuple[float, float], ...], ...] = ()

"""Small made-up cases: a shop of two departments with two gateways each, a display, a shop front on the map."""

from collections.abc import Iterable, Sequence
from math import log10

from server.presence.sighting import Fix, Fixes, Heard, Heards
from server.zones.zone import AnchorSet, Circle, Disc, Place, Zone
from simulator.score.case import EPOCH_S, Case, Matching
from tests.makers import LAT, LON, METRES_PER_DEGREE_LAT, an_anchor

SHOES, HATS = AnchorSet(("shoes-1", "shoes-2")), AnchorSet(("hats-1", "hats-2"))
GATEWAYS = (*SHOES.anchors, *HATS.anchors)
SHELF = Disc("shoes-1", 3.0)


def a_case(
    heards: Iterable[Heard] = (), fixes: Iterable[Fix] = (), seconds: float = 60.0, **places: Place
) -> Case:
    """Without places: departments `shoes` and `hats`, and on the map `front` of 40 m round the corner."""
    places = places or {"shoes": SHOES, "hats": HATS, "front": Circle(LAT, LON, 40.0)}
    fixes = tuple(fixes)
    return Case(
        name="recorded",
        sense="fixes" if fixes else "radio",
        zones=tuple(Zone(id=name, name=name, place=place) for name, place in places.items()),
        around=(),
        anchors={name: an_anchor(name) for name in GATEWAYS},
        plans={},
        surveys=(),
        heards=Heards.of(tuple(heards)),
        fixes=Fixes.of(fixes),
        truth=(),
        at_each_s=(),
        seconds=seconds,
        ping_s=0.0,
        matching=Matching(3.0, 15.0),
    )


def packet(t: float, anchor: str, rssi_dbm: float, device: str = "recorded") -> Heard:
    return Heard(device, anchor, EPOCH_S + t, rssi_dbm)


def standing_at(anchor: str, since: float, until: float, *, near_dbm: float = -62.0) -> list[Heard]:
    """Two packets a second at each gateway: strong at this one, 14 dB less at its neighbour, 24 at the others."""
    team = next(place.anchors for place in (SHOES, HATS) if anchor in place.anchors)
    lost = {name: 0.0 if name == anchor else 14.0 if name in team else 24.0 for name in GATEWAYS}
    ticks = range(int(since * 2), int(until * 2))
    return [
        packet(tick / 2 + 0.1 + place / 100, name, near_dbm - lost[name])
        for tick in ticks
        for place, name in enumerate(GATEWAYS)
    ]


def a_fix(t: float, north_m: float, accuracy_m: float = 8.0, device: str = "recorded") -> Fix:
    return Fix(device, EPOCH_S + t, LAT + north_m / METRES_PER_DEGREE_LAT, LON, accuracy_m)


def walking_in(steps: Sequence[float], every_s: float = 5.0, accuracy_m: float = 8.0) -> list[Fix]:
    """A fix each few seconds, so many metres north of the corner."""
    return [a_fix(i * every_s, north_m, accuracy_m) for i, north_m in enumerate(steps)]


def dbm_at(metres: float) -> float:
    """As measured in an open office: -62 dBm at 1 m, exponent 1.47."""
    return -62.0 - 14.7 * log10(metres)


def told(said, *zones: str) -> list[tuple[str, str]]:
    """(event, zone) of what was said, of all zones or of these."""
    return [(each.event, each.zone) for each in said if not zones or each.zone in zones]

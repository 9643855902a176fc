"""A case as a peer meets it: packets in time order, cycles of a clock, and which zone an anchor stands for. Pure.

Peers know of a place no more than "this anchor is in that zone" or "within so many metres of this anchor".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log10

import numpy as np
from shapely import Point

from server.zones.zone import Anchor, AnchorSet, Disc, FloorShape, Zone
from simulator.score.case import EPOCH_S, Case

#: How often a peer without a cycle of its own looks at what it has heard. Twelve gateways hear a tag 26 times a second: who takes
#: the strongest of the last packets at each of them changes its mind twenty times as often, and nobody publishes at that rate.
CYCLE_S = 1.0
#: An anchor hangs on a wall, and may be drawn a little outside of its room.
ON_THE_WALL_M = 1.0
#: Measured over 81 standing positions in an open office (12 scanners): what is heard at 1 m, and the exponent.
REFERENCE_DBM, EXPONENT = -62.0, 1.47


@dataclass(frozen=True, slots=True)
class Packet:
    """What one anchor heard, at `t` seconds of the case."""

    t: float
    anchor: str
    rssi_dbm: float


@dataclass(frozen=True, slots=True)
class Display:
    """A zone that is all within `radius_m` of one anchor."""

    zone: str
    anchor: str
    radius_m: float


def packets(case: Case) -> list[Packet]:
    """What was heard of the case's device, in order of time; at the same time in the order given."""
    heards = case.heards
    order = np.argsort(heards.at, kind="stable").tolist()
    at, rssi = (heards.at - EPOCH_S).tolist(), heards.rssi_dbm.tolist()
    return [Packet(at[i], heards.anchor[i], rssi[i]) for i in order if heards.device[i] == case.name]


def cycles(case: Case, every_s: float = CYCLE_S) -> Iterator[tuple[float, list[Packet]]]:
    """A clock that goes on after the last packet: the end of each cycle, and the packets heard in it."""
    heard = packets(case)
    last = max(case.seconds, heard[-1].t if heard else 0.0)
    first = 0
    for cycle in range(1, ceil(last / every_s) + 1):
        t = cycle * every_s
        after = first
        while after < len(heard) and heard[after].t <= t:
            after += 1
        yield t, heard[first:after]
        first = after


def homes(case: Case) -> dict[str, str]:
    """The zone of each anchor that has one: the smallest of those that name it, or that it hangs in or on the wall of."""
    found = {}
    for anchor in case.anchors.values():
        near = [
            (off, size, zone.id)
            for zone in case.zones
            if (off := _away(anchor, zone)) is not None
            for size in [_size(zone)]
        ]
        if near:
            found[anchor.id] = min(near)[2]
    return found


def displays(case: Case) -> list[Display]:
    """The zones that are discs round an anchor."""
    return [
        Display(zone.id, zone.place.anchor, zone.place.radius_m)
        for zone in case.zones
        if isinstance(zone.place, Disc)
    ]


def strength_at(metres: float) -> float:
    """The dBm that the measured path loss gives at a distance."""
    return REFERENCE_DBM - 10 * EXPONENT * log10(max(metres, 0.1))


def _away(anchor: Anchor, zone: Zone) -> float | None:
    """Metres from the anchor to the zone, None where it does not stand for it."""
    match zone.place:
        case AnchorSet(anchors) if anchor.id in anchors:
            return 0.0
        case FloorShape(plan, geometry) if (
            anchor.plan == plan and anchor.x_m is not None and anchor.y_m is not None
        ):
            away = float(geometry.distance(Point(anchor.x_m, anchor.y_m)))
            return away if away <= ON_THE_WALL_M else None
        case _:
            return None


def _size(zone: Zone) -> float:
    """Square metres of a shape, anchors of a set: of two that hold an anchor the smaller says more."""
    match zone.place:
        case AnchorSet(anchors):
            return float(len(anchors))
        case FloorShape(_, geometry):
            return float(geometry.area)
        case _:
            return 0.0

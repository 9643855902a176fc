"""Bermuda: metres that trust near and distrust far, and a challenger who must be clearly nearer or nearer for a while.

Each cycle takes the newest advert of each scanner, or the same again where none came. A reading that would have retreated faster than one
runs is ignored; the smoothed distance is the mean of the running minimum over the last cycles, newest first, if that is less than the
reading. Then each scanner in turn races the holder.
"""

from dataclasses import dataclass, field
from itertools import accumulate
from statistics import fmean
from typing import Final

from simulator.peers.parts.holding import Holding
from simulator.peers.parts.stream import Packet, cycles, displays, homes
from simulator.score.case import Case, Said, Sense

NAME: Final = "bermuda"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "github agittins/bermuda, its state of 2026-07 (MIT)"

CYCLE_S = 1.05
REFERENCE_DBM, ATTENUATION = -55.0, 3.0
MOST_M, FASTEST_MPS = 20.0, 3.0
SMOOTHED_CYCLES, KEPT_READINGS = 20, 10
STALE_S, AWAY_S = 10.0, 30.0
#: By how much of their mean distance a challenger must be nearer: at once, or when its worst of five cycles beats the holder's best.
OUTRIGHT, STEADY, STEADY_CYCLES, LEAST_CYCLES = 0.30, 0.15, 5, 3


@dataclass(slots=True)
class Advert:
    """What one scanner knows of the device; newest first. `metres` is the smoothed distance, None when away."""

    readings: list[tuple[float, float]] = field(default_factory=list)  # (metres, when)
    cycles: list[float] = field(default_factory=list)
    metres: float | None = None

    @property
    def heard_at(self) -> float:
        return self.readings[0][1]

    def take(self, packet: Packet) -> None:
        away = 10.0 ** ((REFERENCE_DBM - packet.rssi_dbm) / (10.0 * ATTENUATION))
        self.readings = [(float(away), packet.t), *self.readings[: KEPT_READINGS - 1]]

    def end_cycle(self, t: float, *, is_new: bool) -> None:
        raw = self.readings[0][0]
        if self.metres is None:
            if is_new:
                self.metres, self.cycles = raw, [raw]
        elif not is_new and t - self.heard_at > AWAY_S:
            self.metres, self.cycles = None, []
        else:
            too_fast = _retreat_mps(self.readings) > FASTEST_MPS
            self.cycles = [self.cycles[0] if too_fast else raw, *self.cycles[: SMOOTHED_CYCLES - 1]]
            nearest = list(accumulate(self.cycles, min, initial=raw))[1:]
            self.metres = min(raw, fmean(nearest))


def _retreat_mps(readings: list[tuple[float, float]]) -> float:
    """The fastest retreat that the newest reading makes against the kept ones; an approach where the last step was one."""
    (metres, at), *before = readings
    speeds = [(metres - each) / (at - then) for each, then in before if at > then]
    if not speeds or speeds[0] < 0:
        return 0.0
    return max(speeds)


def beats(challenger: Advert, holder: Advert | None, t: float) -> bool:
    """A race of two."""
    if challenger.metres is None or challenger.metres > MOST_M or t - challenger.heard_at > STALE_S:
        return False
    if holder is None or holder.metres is None:
        return True
    nearer = (holder.metres - challenger.metres) / ((holder.metres + challenger.metres) / 2)
    worst, best = max(challenger.cycles[:STEADY_CYCLES]), min(holder.cycles[:STEADY_CYCLES])
    if len(challenger.cycles) > LEAST_CYCLES and worst < best and nearer > STEADY:
        return True
    return nearer >= OUTRIGHT


def play(case: Case) -> list[Said]:
    home, shown = homes(case), displays(case)
    adverts: dict[str, Advert] = {}
    holding, holder = Holding(), ""
    for t, heard in cycles(case, CYCLE_S):
        newest = {packet.anchor: packet for packet in heard}
        for anchor, packet in newest.items():
            adverts.setdefault(anchor, Advert()).take(packet)
        for anchor, advert in adverts.items():
            advert.end_cycle(t, is_new=anchor in newest)
        for anchor, advert in adverts.items():
            if anchor != holder and beats(advert, adverts.get(holder), t):
                holder = anchor
        if holder and adverts[holder].metres is None:
            holder = ""
        zones = {home[holder]} if holder in home else set()
        for each in shown:
            away = adverts[each.anchor].metres if each.anchor in adverts else None
            if away is not None and away <= each.radius_m:
                zones.add(each.zone)
        holding.hold(zones, t)
    return holding.said

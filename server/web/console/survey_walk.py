"""A walk through the shop with a fob: where somebody stood and when, and what the gateways heard meanwhile.

In: taps, and packets as `/v1/surveys/walks` tells them. Out: which packets belong to which place, and how good each place is. Pure: times are
given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

#: Where fewer gateways hear, a place can hardly be told from another; with fewer packets its strength is a guess.
FEWEST_ANCHORS, FEWEST_PACKETS = 2, 8

#: Whoever taps is still on their last step.
_SETTLES_S: Final = 1.0

Packet = tuple[float, str, float]


@dataclass(slots=True)
class Stop:
    """One place: metres on the plan, from when until when (UTC epoch seconds); `until_at` is None while somebody stands there."""

    x_m: float
    y_m: float
    since_at: float
    until_at: float | None = None

    def holds(self, at: float) -> bool:
        begin = self.since_at + _SETTLES_S
        return at >= begin and (self.until_at is None or at <= self.until_at)


@dataclass(slots=True)
class Walked:
    """All places so far, and all that was heard."""

    stops: list[Stop] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    def heard_at(self, stop: Stop) -> list[Packet]:
        return [packet for packet in self.packets if stop.holds(packet[0])]

    def is_good(self, stop: Stop) -> bool:
        heard = self.heard_at(stop)
        return len(heard) >= FEWEST_PACKETS and len({anchor for _, anchor, _ in heard}) >= FEWEST_ANCHORS

    def lately(self, now: float, within_s: float = 5.0) -> list[str]:
        """The anchors that heard the fob just now."""
        return sorted({anchor for at, anchor, _ in self.packets[-500:] if now - at <= within_s})

    def labelled(self) -> list[tuple[float, str, float, float, float]]:
        """As `/v1/surveys` takes it: [at, anchor, rssi, x, y]; what was heard on the way is of no place."""
        return [
            (at, anchor, rssi, stop.x_m, stop.y_m)
            for stop in self.stops
            for at, anchor, rssi in self.heard_at(stop)
        ]


def gain(proof: dict[str, dict[str, int]] | None) -> tuple[float, float] | None:
    """The share of moments in which the right zone was known, without the survey and with it; None where it was not tried."""
    tally = (proof or {}).get("all")
    if not tally or not tally["moments"]:
        return None
    return tally["right_without"] / tally["moments"], tally["right_with"] / tally["moments"]


def poorest(coverage: dict[str, float], below: float = 0.6) -> Sequence[str]:
    """The zones of which too little was walked through, the worst first."""
    return sorted(
        (zone for zone, share in coverage.items() if share < below), key=lambda zone: coverage[zone]
    )

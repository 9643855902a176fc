"""The mechanism most radio peers share: an estimate for each anchor, the nearest wins, silence ends it.

What differs is the estimate (an `Ear`), how much better a challenger must be, how near counts as "at the display", and the time-out.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.peers.parts.holding import Holding
from simulator.peers.parts.stream import Packet, cycles, displays, homes, strength_at
from simulator.score.case import Case, Said

#: How near one must come to a display with this radius to be at it, and how far to be gone again (nearness, see `Ear`).
Reach = Callable[[float], tuple[float, float]]


class Ear(Protocol):
    """What one anchor makes of the packets it hears. Nearness may be dBm or minus metres: greater is nearer."""

    def hear(self, packet: Packet, /) -> None: ...

    def nearness(self, t: float, /) -> float:
        """At `t`, once something was heard."""
        ...


def within_db(slack_db: float = 0.0) -> Reach:
    """For estimates in dBm: the measured path loss at the radius, and so many dB to both sides of it."""
    return lambda radius_m: (strength_at(radius_m) + slack_db, strength_at(radius_m) - slack_db)


def within_metres(radius_m: float) -> tuple[float, float]:
    """For estimates in minus metres without hysteresis."""
    return -radius_m, -radius_m


def play_nearest(
    case: Case, ear: Callable[[], Ear], *, timeout_s: float, reach: Reach, margin: float = 0.0
) -> list[Said]:
    """Looks each second. An anchor that heard nothing for `timeout_s` does not count; a challenger must be nearer by `margin`."""
    home, shown = homes(case), displays(case)
    ears: dict[str, Ear] = {}
    newest: dict[str, float] = {}
    holding, winner = Holding(), None
    for t, heard in cycles(case):
        for packet in heard:
            if packet.anchor not in ears:
                ears[packet.anchor] = ear()
            ears[packet.anchor].hear(packet)
            newest[packet.anchor] = packet.t
        near = {anchor: ears[anchor].nearness(t) for anchor, at in newest.items() if t - at < timeout_s}
        winner = nearest(near, winner, margin)
        zones = {home[winner]} if winner in home else set()
        for display in shown:
            arrive, leave = reach(display.radius_m)
            needed = leave if display.zone in holding.zones else arrive
            if display.anchor in near and near[display.anchor] >= needed:
                zones.add(display.zone)
        holding.hold(zones, t)
    return holding.said


def nearest(near: Mapping[str, float], holder: str | None, margin: float) -> str | None:
    """Who is nearest, of equals the first heard; while nobody is nearer by the margin the holder stays."""
    if not near:
        return None
    best = max(near, key=near.__getitem__)
    held = near.get(holder, float("-inf")) if holder is not None else float("-inf")
    return best if near[best] >= held + margin else holder

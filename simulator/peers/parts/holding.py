"""Which zones an algorithm holds the device to be in, and what it says when that changes."""

from collections.abc import Iterable

from simulator.score.case import Said


class Holding:
    """Changes are told at once, exits before entries: no zone is entered twice without an exit."""

    def __init__(self) -> None:
        self.zones: frozenset[str] = frozenset()
        self.said: list[Said] = []

    def hold(self, zones: Iterable[str], t: float) -> None:
        """From `t` on the device is in these zones and no others."""
        now = frozenset(zones)
        self.said += [Said(t, zone, "exited", t) for zone in sorted(self.zones - now)]
        self.said += [Said(t, zone, "entered", t) for zone in sorted(now - self.zones)]
        self.zones = now

"""habluetooth: which scanner owns a device. Meant to keep data fresh, so it changes hands reluctantly.

An owner is followed until another is 16 dB stronger (6 more for one who lost it so), or the owner is silent for some times the longest
interval that the device is known to advertise at.
"""

from collections import defaultdict, deque
from itertools import pairwise
from typing import Final

from simulator.peers.ema import SmoothedStrength
from simulator.peers.parts.holding import Holding
from simulator.peers.parts.stream import Packet, cycles, displays, homes, strength_at
from simulator.score.case import Case, Said, Sense

NAME: Final = "habluetooth"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "github Bluetooth-Devices/habluetooth 6.26.7, its advertisement manager (Apache 2.0)"

ALPHA = 0.3
STEAL_DB, DEADBAND_DB = 16.0, 6.0
LEARNT_FROM, WOBBLE_S = 16, 5.0
STRONG_DBM, ROAM_WINDOWS, GONE_WINDOWS = -70.0, 1.5, 2.5
AWAY_S = 195.0


class Ownership:
    """Who owns one device, packet by packet."""

    def __init__(self) -> None:
        self.owner: str | None = None
        self.owned_at = float("-inf")
        self.strength: defaultdict[str, SmoothedStrength] = defaultdict(lambda: SmoothedStrength(ALPHA))
        self._times: deque[float] = deque(maxlen=LEARNT_FROM)
        self._stale_s = AWAY_S
        self._demoted: set[str] = set()

    def hear(self, packet: Packet) -> None:
        self.strength[packet.anchor].hear(packet)
        if self.owner is not None and packet.anchor != self.owner and not self._hands_over(packet):
            return
        if packet.anchor != self.owner:
            self._times.clear()
        self.owner, self.owned_at = packet.anchor, packet.t
        self._learn(packet.t)

    def _learn(self, t: float) -> None:
        """The longest interval between the owner's last packets, once there are enough of them."""
        self._times.append(t)
        times = list(self._times)
        if len(times) == LEARNT_FROM:
            longest = max(after - before for before, after in pairwise(times))
            self._stale_s = longest + WOBBLE_S

    def _hands_over(self, packet: Packet) -> bool:
        silent_s = packet.t - self.owned_at
        old = self.strength[self.owner or ""].nearness(packet.t)
        new = self.strength[packet.anchor].nearness(packet.t)
        if silent_s > self._stale_s * GONE_WINDOWS:
            return True
        if silent_s > self._stale_s:
            return silent_s > self._stale_s * ROAM_WINDOWS and new >= old - STEAL_DB and old < STRONG_DBM
        needed = STEAL_DB + (DEADBAND_DB if packet.anchor in self._demoted else 0.0)
        if new - old <= needed:
            return False
        self._demoted = (self._demoted | {self.owner or ""}) - {packet.anchor}
        return True


def play(case: Case) -> list[Said]:
    home, shown = homes(case), displays(case)
    ownership, holding = Ownership(), Holding()
    for t, heard in cycles(case):
        for packet in heard:
            ownership.hear(packet)
        owner = ownership.owner if t - ownership.owned_at < AWAY_S else None
        zones = {home[owner]} if owner in home else set()
        for each in shown:
            strong = ownership.strength[each.anchor].nearness(t) >= strength_at(each.radius_m)
            if each.anchor == owner and strong:
                zones.add(each.zone)
        holding.hold(zones, t)
    return holding.said

"""Android Beacon Library, its other filter: a moving average of speed .1, kept in whole dB; the strongest beacon wins.

Cut to a whole number towards zero, it never falls for less than 10 dB at once, and rises by one for any that is more: it sticks.
"""

from math import trunc
from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_db
from simulator.peers.parts.stream import Packet
from simulator.score.case import Case, Said, Sense

NAME: Final = "android-arma"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "github AltBeacon/android-beacon-library, ArmaRssiFilter (Apache 2.0)"

SPEED = 0.1
#: A region is left when nothing of it was seen for this long.
TIMEOUT_S = 10.0


class WholeDecibels:
    """The average, cut to whole dB after each measurement."""

    def __init__(self) -> None:
        self._rssi_dbm: int | None = None

    def hear(self, packet: Packet) -> None:
        before = trunc(packet.rssi_dbm) if self._rssi_dbm is None else self._rssi_dbm
        self._rssi_dbm = trunc(before - SPEED * (before - packet.rssi_dbm))

    def nearness(self, _t: float) -> float:
        return float("-inf") if self._rssi_dbm is None else float(self._rssi_dbm)


def play(case: Case) -> list[Said]:
    return play_nearest(case, WholeDecibels, timeout_s=TIMEOUT_S, reach=within_db())

"""Android Beacon Library, its default filter: a mean of 20 s without the strongest and weakest tenth; the strongest beacon wins."""

from collections import deque
from statistics import fmean
from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_db
from simulator.peers.parts.stream import Packet
from simulator.score.case import Case, Said, Sense

NAME: Final = "android-mean"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "github AltBeacon/android-beacon-library, RunningAverageRssiFilter (Apache 2.0)"

WINDOW_S = 20.0
#: A region is left when nothing of it was seen for this long.
TIMEOUT_S = 10.0


class TrimmedMean:
    """Of more than two measurements a tenth and one more are cut off at each end."""

    def __init__(self) -> None:
        self._heard: deque[Packet] = deque()

    def hear(self, packet: Packet) -> None:
        self._heard.append(packet)

    def nearness(self, t: float) -> float:
        while self._heard[0].t <= t - WINDOW_S:
            self._heard.popleft()
        sorted_dbm = sorted(packet.rssi_dbm for packet in self._heard)
        cut = len(sorted_dbm) // 10 + 1 if len(sorted_dbm) > 2 else 0
        return fmean(sorted_dbm[cut : len(sorted_dbm) - cut])


def play(case: Case) -> list[Said]:
    return play_nearest(case, TrimmedMean, timeout_s=TIMEOUT_S, reach=within_db())

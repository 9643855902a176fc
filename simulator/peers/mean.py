"""The strongest mean of the last ten seconds wins."""

from collections import deque
from statistics import fmean
from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_db
from simulator.peers.parts.stream import Packet
from simulator.score.case import Case, Said, Sense

NAME: Final = "mean"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "no project: the strongest mean of 10 s wins, time-out 10 s"

WINDOW_S = 10.0


class RunningMean:
    """The mean of the window before now."""

    def __init__(self) -> None:
        self._heard: deque[Packet] = deque()

    def hear(self, packet: Packet) -> None:
        self._heard.append(packet)

    def nearness(self, t: float) -> float:
        while self._heard[0].t <= t - WINDOW_S:
            self._heard.popleft()
        return fmean(packet.rssi_dbm for packet in self._heard)


def play(case: Case) -> list[Said]:
    return play_nearest(case, RunningMean, timeout_s=WINDOW_S, reach=within_db())

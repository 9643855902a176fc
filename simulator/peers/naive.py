"""The strongest of the last packets wins: what a first version of every such product does."""

from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_db
from simulator.peers.parts.stream import Packet
from simulator.score.case import Case, Said, Sense

NAME: Final = "naive"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "no project: the strongest last packet wins, time-out 10 s"

TIMEOUT_S = 10.0


class LastPacket:
    """The last packet counts, whatever came before."""

    def __init__(self) -> None:
        self._rssi_dbm = 0.0

    def hear(self, packet: Packet) -> None:
        self._rssi_dbm = packet.rssi_dbm

    def nearness(self, _t: float) -> float:
        return self._rssi_dbm


def play(case: Case) -> list[Said]:
    return play_nearest(case, LastPacket, timeout_s=TIMEOUT_S, reach=within_db())

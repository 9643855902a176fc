"""room-assistant: a Kalman filter on the strength of each tag, a curve to metres, the closest room in range wins.

No hysteresis; the cluster's leader only decides who publishes. The filter's gain settles at .04: slow.
"""

from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_metres
from simulator.peers.parts.stream import Packet
from simulator.score.case import Case, Said, Sense

NAME: Final = "room-assistant"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "github mKeRix/room-assistant, last commit of 2022 (MIT)"

PROCESS_NOISE, MEASUREMENT_NOISE = 0.008, 4.0
MEASURED_POWER_DBM = -59.0
TIMEOUT_S = 60.0


class KalmanDistance:
    """A scalar that stands still but for its process noise; distances are published in decimetres."""

    def __init__(self) -> None:
        self._rssi_dbm: float | None = None
        self._variance = MEASUREMENT_NOISE

    def hear(self, packet: Packet) -> None:
        if self._rssi_dbm is None:
            self._rssi_dbm = packet.rssi_dbm
            return
        variance = self._variance + PROCESS_NOISE
        gain = variance / (variance + MEASUREMENT_NOISE)
        self._rssi_dbm += gain * (packet.rssi_dbm - self._rssi_dbm)
        self._variance = variance * (1.0 - gain)

    def nearness(self, _t: float) -> float:
        return float("-inf") if self._rssi_dbm is None else -round(metres(self._rssi_dbm), 1)


def metres(rssi_dbm: float) -> float:
    """The curve of Radius Networks, fitted to one phone."""
    ratio = rssi_dbm / MEASURED_POWER_DBM
    return float(ratio**10 if ratio < 1.0 else 0.89976 * ratio**7.7095 + 0.111)


def play(case: Case) -> list[Said]:
    return play_nearest(case, KalmanDistance, timeout_s=TIMEOUT_S, reach=within_metres)

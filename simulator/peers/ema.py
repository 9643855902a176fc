"""An exponential mean an anchor, and 6 dB that a challenger must be stronger: the usual home-made answer to flapping.

Near a display a challenger is nobody: there the mean is a little quicker, and the threshold has 2.5 dB to each side.
"""

from functools import partial
from typing import Final

from simulator.peers.parts.nearest import play_nearest, within_db
from simulator.peers.parts.stream import Packet, displays
from simulator.score.case import Case, Said, Sense

NAME: Final = "ema"
SENSE: Final[Sense] = "radio"
SOURCE: Final = (
    "no project: EMA .15 a packet and 6 dB; at displays EMA .2 and 2.5 dB to each side; time-out 20 s"
)

ALPHA, MARGIN_DB = 0.15, 6.0
DISPLAY_ALPHA, DISPLAY_SLACK_DB = 0.2, 2.5
TIMEOUT_S = 20.0


class SmoothedStrength:
    """Each packet moves the mean by `alpha` of the difference."""

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha
        self._rssi_dbm: float | None = None

    def hear(self, packet: Packet) -> None:
        before = packet.rssi_dbm if self._rssi_dbm is None else self._rssi_dbm
        self._rssi_dbm = before + self._alpha * (packet.rssi_dbm - before)

    def nearness(self, _t: float) -> float:
        return float("-inf") if self._rssi_dbm is None else self._rssi_dbm


def play(case: Case) -> list[Said]:
    return play_smoothed(case, DISPLAY_ALPHA if displays(case) else ALPHA)


def play_smoothed(case: Case, alpha: float) -> list[Said]:
    ear = partial(SmoothedStrength, alpha)
    return play_nearest(case, ear, timeout_s=TIMEOUT_S, reach=within_db(DISPLAY_SLACK_DB), margin=MARGIN_DB)

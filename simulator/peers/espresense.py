"""ESPresense: each node reports the distance of a tag, from the mean of 15 s without outliers; the nearest node wins, no hysteresis.

A node reports when the distance moved by half a metre, or after five seconds. Its counting mode (in at a radius, out at a third more)
is what it says of a display; there the radius is taken at the measured path loss, since its own curve sees 3 m as 1.3.
"""

from collections import deque
from statistics import fmean
from typing import Final

from simulator.peers.parts.nearest import play_nearest
from simulator.peers.parts.stream import Packet, strength_at
from simulator.score.case import Case, Said, Sense

NAME: Final = "espresense"
SENSE: Final[Sense] = "radio"
SOURCE: Final = (
    "github ESPresense/ESPresense a6f1105 (2026-08) and its companion's nearest-node locator (MIT)"
)

WINDOW_S, MOST_SAMPLES = 15.0, 200
#: Beyond this many times the middle half's width from it a sample is an outlier (Tukey).
FENCE = 1.5
REFERENCE_DBM, ABSORPTION = -71.0, 2.7  # -65, and -6 for the tag's power
MOVED_M, REPORT_EACH_S = 0.5, 5.0
MOST_M = 16.0
#: The companion forgets a node's word after this.
TIMEOUT_S = 30.0
#: Counting mode: in at 3 m, out at 4, or 10 s unseen.
OUT_AT = 4 / 3


class Node:
    """One node's reports of one tag: strength as reported, in dBm (the curve to metres is the same for all nodes)."""

    def __init__(self) -> None:
        self._heard: deque[Packet] = deque(maxlen=MOST_SAMPLES)
        self._is_new = False
        self.reported_dbm = float("-inf")
        self._reported_at = float("-inf")

    def hear(self, packet: Packet) -> None:
        self._heard.append(packet)
        self._is_new = True

    def reports(self, t: float) -> bool:
        """Whether the node has something to report at `t`, which then is its word."""
        if not self._is_new:
            return False
        while self._heard[0].t < t - WINDOW_S:
            self._heard.popleft()
        rssi_dbm = without_outliers([packet.rssi_dbm for packet in self._heard])
        away = metres(rssi_dbm)
        moved = abs(away - metres(self.reported_dbm)) >= MOVED_M
        self._is_new = False
        if away > MOST_M or not (moved or t - self._reported_at >= REPORT_EACH_S):
            return False
        self.reported_dbm, self._reported_at = rssi_dbm, t
        return True

    def nearness(self, t: float) -> float:
        self.reports(t)
        return self.reported_dbm


def without_outliers(strengths: list[float]) -> float:
    """The mean of what lies inside Tukey's fence."""
    ordered = sorted(strengths)
    low, high = _quartile(ordered, 0.25), _quartile(ordered, 0.75)
    slack = FENCE * (high - low)
    return fmean(each for each in ordered if low - slack <= each <= high + slack)


def _quartile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def metres(rssi_dbm: float) -> float:
    """By the default curve; without limit where nothing is heard."""
    return float(10.0 ** ((REFERENCE_DBM - rssi_dbm) / (10.0 * ABSORPTION)))


def counting(radius_m: float) -> tuple[float, float]:
    return strength_at(radius_m), strength_at(radius_m * OUT_AT)


def play(case: Case) -> list[Said]:
    return play_nearest(case, Node, timeout_s=TIMEOUT_S, reach=counting)

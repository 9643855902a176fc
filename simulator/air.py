"""What a radio makes of a distance. In: a path, anchors, walls, a seed. Out: which adverts were heard, how strong. Pure.

    rssi = reference - 10 n log10(distance) + bias(anchor) + shadow(anchor, place) + body(device, time) - walls + flicker

Fitted to the standing recordings of an open office (traces/tetam.py: 12 scanners, 81 positions, 300 s each): reference -61 to -62 dBm
at 1 m and exponent 1.5; 4.5 dB between positions at equal distance, of which 2.1 dB are the scanner's own bias and the rest
shadow that half forgets itself within 1.5 m; about 3 dB within a position, white from packet to packet (the three
advertising channels fade differently), its size differing from place to place (p90 6 dB); one packet in eight is missed.
The body's part (3 dB over some seconds, for people turn as they walk) is not in a recording of a tag that stands: it comes
and goes with the pace.
tests/simulator/test_air.py holds the model against the figures, and against the recordings where they are at hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.chance import drifting, stream
from simulator.frame import Floats
from simulator.walk import Path
from simulator.world import Anchor, Wall

REFERENCE_DBM = -61.5
EXPONENT = 1.5
BIAS_DB = 2.1
SHADOW_DB = 4.2
SHADOW_REACH_M = 2.0
BODY_DB = 3.0
BODY_MEMORY_S = 4.0
#: From this pace on the body's part is full.
BODY_PACE_MPS = 0.5
FLICKER_DB = 2.9
#: How much the flicker's own size differs between places (log scale): p90 of it is 1.9 times its median.
FLICKER_SPREAD = 0.5
HEARD_SHARE = 0.87
#: Where half the packets are lost: the ears of a small machine's Bluetooth.
DEAF_DBM = -95.0
DEAF_SLOPE_DB = 1.5
#: A fob hangs at the hip, a phone is in a pocket.
HIP_M = 1.1
#: How many cosines make one shadow: the field's sd is then within a few per cent of its target anywhere.
WAVES = 96


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one anchor and one device heard of one another: seconds from the story's start, and dBm."""

    device: str
    anchor: str
    at_s: Floats
    rssi_dbm: Floats


class Ground:
    """A smooth random height over the floor, the same at the same point: mean 0, sd 1, correlation exp(-distance / reach).

    A sum of cosines with random directions and phases; their frequencies are drawn so (bivariate Cauchy) that the
    correlation is exponential (Rahimi and Recht, Random Features for Large-Scale Kernel Machines, 2007).
    """

    def __init__(self, rng: np.random.Generator, reach_m: float) -> None:
        normal = rng.standard_normal((2, WAVES))
        self._wave = normal / np.abs(rng.standard_normal(WAVES)) / reach_m
        self._phase = rng.uniform(0.0, 2.0 * np.pi, WAVES)

    def height(self, x: Floats, y: Floats) -> Floats:
        angle = np.outer(x, self._wave[0]) + np.outer(y, self._wave[1]) + self._phase
        height: Floats = np.cos(angle).sum(axis=1) * np.sqrt(2.0 / WAVES)
        return height


class Air:
    """The radio of one town under one seed."""

    def __init__(self, seed: int, walls: Sequence[Wall], thin: float = 1.0) -> None:
        """`thin` keeps that share of the packets that would have been heard (0 to 1)."""
        self._seed = seed
        self._walls = walls
        self._thin = thin

    def adverts(self, device: str, every_s: float, until_s: float) -> Floats:
        """When the device calls: every so often, plus the 0 to 10 ms that Bluetooth adds (Core 5, vol 6 B 4.4.2.2.1)."""
        rng = stream(self._seed, "adverts", device)
        count = int(until_s / every_s) + 1
        return rng.uniform(0.0, every_s) + np.cumsum(every_s + rng.uniform(0.0, 0.010, count)) - every_s

    def hearings(self, device: str, path: Path, at_s: Floats, anchors: Iterable[Anchor]) -> list[Hearing]:
        """What each of these anchors hears of adverts at these times."""
        x, y = path.where(at_s)
        moving = np.minimum(path.pace_mps(at_s) / BODY_PACE_MPS, 1.0)
        body = BODY_DB * moving * drifting(stream(self._seed, "body", device), at_s, BODY_MEMORY_S)
        hearings = []
        for anchor in anchors:
            rng = stream(self._seed, "hearing", device, anchor.own_id)
            flicker = FLICKER_DB * np.exp(FLICKER_SPREAD * self._ground("flicker", anchor).height(x, y))
            rssi = self.mean_dbm(anchor, x, y) + body + flicker * rng.standard_normal(len(at_s))
            share = HEARD_SHARE * self._thin / (1.0 + np.exp((DEAF_DBM - rssi) / DEAF_SLOPE_DB))
            heard = rng.random(len(at_s)) < share
            # radios report whole dBm
            hearings.append(Hearing(device, anchor.own_id, at_s[heard], np.round(rssi[heard])))
        return hearings

    def mean_dbm(self, anchor: Anchor, x: Floats, y: Floats) -> Floats:
        """The long-time mean at these points, shadow and bias included."""
        ax, ay, az = anchor.position
        distance = np.maximum(np.sqrt((x - ax) ** 2 + (y - ay) ** 2 + (az - HIP_M) ** 2), 0.3)
        bias = BIAS_DB * float(stream(self._seed, "bias", anchor.own_id).standard_normal())
        shadow = SHADOW_DB * self._ground("shadow", anchor).height(x, y)
        return (
            REFERENCE_DBM
            - 10.0 * EXPONENT * np.log10(distance)
            + bias
            + shadow
            - self._walls_db(anchor.position, x, y)
        )

    def _ground(self, what: str, anchor: Anchor) -> Ground:
        return Ground(stream(self._seed, what, anchor.own_id), SHADOW_REACH_M)

    def _walls_db(self, position: tuple[float, float, float], x: Floats, y: Floats) -> Floats:
        """What the walls between take."""
        loss = np.zeros_like(x)
        for wall in self._walls:
            loss += wall.loss_db * _crosses(wall, position[0], position[1], x, y)
        return loss


def _crosses(wall: Wall, ax: float, ay: float, x: Floats, y: Floats) -> Floats:
    """1 where the line from (ax, ay) to each point cuts the wall, else 0."""
    (x1, y1), (x2, y2) = wall.start, wall.end
    side_a = (x2 - x1) * (ay - y1) - (y2 - y1) * (ax - x1)
    side_p = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
    side_1 = (x - ax) * (y1 - ay) - (y - ay) * (x1 - ax)
    side_2 = (x - ax) * (y2 - ay) - (y - ay) * (x2 - ax)
    return ((side_a * side_p < 0.0) & (side_1 * side_2 < 0.0)).astype(np.float64)

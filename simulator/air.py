"""What a radio makes of a distance. In: a path, anchors, walls, a seed. Out: which adverts were heard, how strong. Pure.

    rssi = reference - 10 n log10(distance) + bias(anchor) + shadow(anchor, place) + fade(anchor, channel, place)
           + body(device, time) - walls + ripple

Fitted to the recordings of an open office (traces/tetam.py: 12 scanners; 81 positions of 300 s each, five walks at 0.4 m/s);
`soglia-simulator fit` prints all figures beside those of this model:

- reference -61 to -62 dBm at 1 m, exponent 1.4 to 1.5;
- 4.5 dB between positions at equal distance: 2.2 dB are the scanner's own bias; of the rest, 0.3 is shared by places 1.5 m
  apart and 0.2 at 3 m (the shadow), half by none (the fades' mean);
- within a position 2.9 dB (median; p90 6.0), but nothing there is white: three levels, one an advertising channel, each true to
  0.4 dB for minutes. A scanner listens to the channels in turn, 0.92 s each, more or less: hence an autocorrelation of .27 / -.25 /
  -.40 / -.20 / .10 / .22 from call to call. Levels are those of a Rice channel whose straight ray is 1.5 times as strong as
  all others together, which gives spread, p90 and skew (-0.5: fades reach further than crests) with one figure;
- on a walk 5.4 dB about the line, .34 / .24 / .23 / .14 / .08 of it still there after .45 / .9 / 1.8 / 3.6 / 7 s: a new place is
  another draw of fades, and what lasts is the shadow;
- one call in seven is missed.

The body's part (people turn as they walk) comes and goes with the pace. Who walked there hardly turned: the recordings leave
room for about 1 dB, no more. tests/simulator/test_air.py holds the model against the figures, and against the recordings where
they are at hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.chance import drifting, stream
from simulator.frame import Floats
from simulator.walk import Path
from simulator.world import Anchor, Wall

REFERENCE_DBM = -61.5
EXPONENT = 1.5
BIAS_DB = 2.1
SHADOW_DB = 3.1
SHADOW_REACH_M = 3.5
BODY_DB = 1.0
BODY_MEMORY_S = 4.0
#: From this pace on the body's part is full.
BODY_PACE_MPS = 0.5
#: Advertising channels (37, 38, 39), too far apart in frequency to fade together.
CHANNELS = 3
#: The straight ray's power over that of all others (the K of a Rice channel), and how far a fade reaches: about a wavelength.
RICE_K = 1.5
FADE_REACH_M = 0.12
#: The mean of a Rice channel in dB under its power: 10 / ln 10 (ln K + E1(K) - ln(K + 1)), so that fades are 0 in the mean.
FADE_MEAN_DB = -1.784
#: How long a scanner listens to a channel before it goes to the next, and how much that differs from time to time (sd over mean).
LISTENS_S = 0.92
LISTENS_UNEVENLY = 0.4
#: What one channel at one place differs by from packet to packet.
RIPPLE_DB = 0.4
#: What the three channels look like to who does not tell them apart: sd within a place, the median of places.
FLICKER_DB = 2.9
HEARD_SHARE = 0.86
#: Where half the packets are lost: the ears of a small machine's Bluetooth.
DEAF_DBM = -95.0
DEAF_SLOPE_DB = 1.5
#: A fob hangs at the hip, a phone is in a pocket.
HIP_M = 1.1
#: How many cosines make one field: its sd is then within a few per cent of its target anywhere.
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
        height: Floats = self.rays(x, y).real * np.sqrt(2.0)
        return height

    def rays(self, x: Floats, y: Floats) -> NDArray[np.complex128]:
        """The same field with a phase: complex normal, mean power 1."""
        # who stands is at one place for many packets, and each place costs many waves
        places, back = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
        rays: NDArray[np.complex128] = np.exp(1j * (places @ self._wave + self._phase)).sum(axis=1) / np.sqrt(
            WAVES
        )
        return rays[back]


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
            ripple = RIPPLE_DB * rng.standard_normal(len(at_s))
            rssi = self.mean_dbm(anchor, x, y) + self._fades(anchor, at_s, x, y) + body + ripple
            share = HEARD_SHARE * self._thin / (1.0 + np.exp((DEAF_DBM - rssi) / DEAF_SLOPE_DB))
            heard = rng.random(len(at_s)) < share
            # radios report whole dBm
            hearings.append(Hearing(device, anchor.own_id, at_s[heard], np.round(rssi[heard])))
        return hearings

    def mean_dbm(self, anchor: Anchor, x: Floats, y: Floats) -> Floats:
        """The mean over a few steps around these points, shadow and bias included."""
        ax, ay, az = anchor.position
        distance = np.maximum(np.sqrt((x - ax) ** 2 + (y - ay) ** 2 + (az - HIP_M) ** 2), 0.3)
        bias = BIAS_DB * float(stream(self._seed, "bias", anchor.own_id).standard_normal())
        shadow = SHADOW_DB * self._ground(SHADOW_REACH_M, "shadow", anchor.own_id).height(x, y)
        return (
            REFERENCE_DBM
            - 10.0 * EXPONENT * np.log10(distance)
            + bias
            + shadow
            - self._walls_db(anchor.position, x, y)
        )

    def _fades(self, anchor: Anchor, at_s: Floats, x: Floats, y: Floats) -> Floats:
        """What the channel that the anchor listens to at each time is off by at each place, in dB."""
        channel = self._channels(anchor, at_s)
        fades = np.zeros_like(x)
        for each in range(CHANNELS):
            on = channel == each
            if on.any():
                ground = self._ground(FADE_REACH_M, "fade", str(each), anchor.own_id)
                strength = np.abs(np.sqrt(RICE_K) + ground.rays(x[on], y[on])) / np.sqrt(RICE_K + 1.0)
                fades[on] = 20.0 * np.log10(strength) - FADE_MEAN_DB
        return fades

    def _channels(self, anchor: Anchor, at_s: Floats) -> NDArray[np.intp]:
        """Which channel the anchor listens to at each time: one after the other, each for about as long."""
        rng = stream(self._seed, "channels", anchor.own_id)
        shape = 1.0 / LISTENS_UNEVENLY**2
        # a tenth and forty more than it takes: no sum of so many falls short
        count = int(1.1 * at_s.max(initial=0.0) / LISTENS_S) + 40
        begun = rng.uniform(0.0, CHANNELS * LISTENS_S)
        turns = np.cumsum(rng.gamma(shape, LISTENS_S / shape, count)) - begun
        return np.searchsorted(turns, at_s) % CHANNELS

    def _ground(self, reach_m: float, *what: str) -> Ground:
        return Ground(stream(self._seed, *what), reach_m)

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

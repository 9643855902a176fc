"""How a person moves: a path from where they were to where they go. In: points, paces, seeded chance. Out: a `Path`. Pure.

People do not glide: paces differ, and who stands at a shelf shuffles about it. Both are drawn from the generator given, so
the same seed gives the same walk.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from simulator.frame import Floats, Point

#: An unhurried walker among shop windows; street walkers keep 1.2 to 1.5 m/s.
PACE_MPS = 1.3
#: Who stands still still moves: a step of about so much, every few seconds.
SHUFFLE_M = 0.35
SHUFFLE_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class Path:
    """Points in metres at seconds from the story's start, straight lines between; at rest before and after."""

    at_s: Floats
    x: Floats
    y: Floats

    def where(self, at_s: Floats) -> tuple[Floats, Floats]:
        """Where the person truly is at these times."""
        return np.interp(at_s, self.at_s, self.x), np.interp(at_s, self.at_s, self.y)

    def pace_mps(self, at_s: Floats) -> Floats:
        """How fast the person truly walks at these times: the mean over the second around each."""
        before_x, before_y = self.where(at_s - 0.5)
        after_x, after_y = self.where(at_s + 0.5)
        return np.hypot(after_x - before_x, after_y - before_y)


class Walker:
    """Writes a path step by step: `Walker(rng, start).goes_to(...).stays(...).path()`."""

    def __init__(self, rng: np.random.Generator, start: Point, starts_at_s: float = 0.0) -> None:
        self._rng = rng
        self._steps: list[tuple[float, float, float]] = [(starts_at_s, *start)]

    @property
    def now_s(self) -> float:
        return self._steps[-1][0]

    def goes_to(self, *points: Point, pace_mps: float = PACE_MPS) -> Self:
        """Walks through these points, each leg at a pace of its own (within 8 % of the one given)."""
        for point in points:
            at, x, y = self._steps[-1]
            pace = pace_mps * float(self._rng.uniform(0.92, 1.08))
            self._steps.append((at + math.hypot(point[0] - x, point[1] - y) / pace, *point))
        return self

    def stays(self, seconds: float) -> Self:
        """Stands about here so long, shuffling, and ends on the spot where it began."""
        began, x, y = self._steps[-1]
        at = began
        while (at := at + float(self._rng.uniform(0.6, 1.4)) * SHUFFLE_EVERY_S) < began + seconds:
            off = self._rng.normal(0.0, SHUFFLE_M, 2)
            self._steps.append((at, x + float(off[0]), y + float(off[1])))
        self._steps.append((began + seconds, x, y))
        return self

    def stays_until(self, at_s: float) -> Self:
        """Stands about here until that second of the story; does nothing where it has passed."""
        return self.stays(at_s - self.now_s) if at_s > self.now_s else self

    def path(self) -> Path:
        at, x, y = (np.array(column) for column in zip(*self._steps, strict=True))
        return Path(at, x, y)

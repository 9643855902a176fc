"""Who drives where, and who strolls: paths through a downtown of square blocks. In: seeded chance, a length. Out: a `Path`. Pure.

A car goes from crossing to crossing: each block at a pace of its own, slower round corners, stopping at some of the lights, now
and then parked while its driver walks to a door and back. What makes a fence hard is in it: driving past at speed, standing
beside it at a red light, coming back to it. Traffic is such that plain point in polygon, and two fixes in a row, score on fences
here as they were measured to on drives through a real downtown.
"""

import math
from collections.abc import Iterator

import numpy as np

from simulator.frame import Point
from simulator.walk import Path, Walker

#: The blocks of an American downtown; streets bend a little, and no two blocks are alike.
BLOCK_M, BLOCK_SPREAD_M = 120.0, 15.0
#: Crossings along each side of the town: small enough that a drive of an hour comes by everywhere more than once.
CROSSINGS = 7
#: Metres a second on the straight, round a corner; metres a second squared of starting and of braking.
STREET_MPS, CORNER_MPS = (5.5, 10.5), 4.0
STARTS_MPS2, BRAKES_MPS2 = 1.6, 2.2
#: Lights that are red, and for how long one then stands there: mostly short, at most a whole phase.
RED_SHARE, RED_LEAST_S, RED_MEAN_S, RED_MOST_S = 0.22, 5.0, 17.0, 60.0
#: At each crossing: straight on, or else left or right.
STRAIGHT_SHARE = 0.6
#: Blocks after which one parks, the walk to the door, and the stay there.
PARKS_SHARE, TO_THE_DOOR_M, STAYS_S = 0.03, (15.0, 60.0), (40.0, 240.0)
#: A stroller stops before some windows.
WINDOW_SHARE, WINDOW_S, STROLL_MPS = 0.5, (10.0, 90.0), (0.9, 1.6)


def drive(rng: np.random.Generator, seconds: float) -> Path:
    """A car's way through the town, a point each second of driving."""
    town = _Town(rng)
    steps: list[tuple[float, float, float]] = [(0.0, *town.start)]
    speed = 0.0
    for there, turns in town.blocks():
        if steps[-1][0] >= seconds:
            break
        red = bool(rng.random() < RED_SHARE)
        at_end = 0.0 if red else CORNER_MPS if turns else math.inf
        speed = _along(steps, there, speed, (float(rng.uniform(*STREET_MPS)), at_end))
        if red:
            waits = min(RED_LEAST_S + float(rng.exponential(RED_MEAN_S - RED_LEAST_S)), RED_MOST_S)
            steps.append((steps[-1][0] + waits, *there))
            speed = 0.0
        if red and rng.random() < PARKS_SHARE / RED_SHARE:
            walker = Walker(rng, there, steps[-1][0])
            _errand(rng, walker, there)
            walked = walker.path()
            steps += zip(walked.at_s[1:].tolist(), walked.x[1:].tolist(), walked.y[1:].tolist(), strict=True)
    return _path(steps)


def stroll(rng: np.random.Generator, seconds: float) -> Path:
    """A walk along the same streets, with stops before windows."""
    town = _Town(rng)
    walker = Walker(rng, town.start)
    here = town.start
    for there, _ in town.blocks():
        if walker.now_s >= seconds:
            break
        share = float(rng.uniform(0.2, 0.8))
        window = (here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1]))
        pace = float(rng.uniform(*STROLL_MPS))
        walker.goes_to(window, pace_mps=pace)
        if rng.random() < WINDOW_SHARE:
            walker.stays(float(rng.uniform(*WINDOW_S)))
        walker.goes_to(there, pace_mps=pace)
        here = there
    return walker.path()


class _Town:
    """Crossings of streets, and somebody's endless way from one to the next."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._at = (int(rng.integers(CROSSINGS)), int(rng.integers(CROSSINGS)))
        grid = np.arange(CROSSINGS) * BLOCK_M
        off = rng.normal(0.0, BLOCK_SPREAD_M, (2, CROSSINGS, CROSSINGS))
        self._x, self._y = grid[:, None] + off[0], grid[None, :] + off[1]

    @property
    def start(self) -> Point:
        return self._corner(self._at)

    def blocks(self) -> Iterator[tuple[Point, bool]]:
        """The next crossing, and whether one turns there."""
        heading = self._turned(None)
        while True:
            there = (self._at[0] + heading[0], self._at[1] + heading[1])
            onward = self._turned(heading, there)
            yield self._corner(there), onward != heading
            self._at, heading = there, onward

    def _corner(self, at: tuple[int, int]) -> Point:
        return float(self._x[at]), float(self._y[at])

    def _turned(self, heading: tuple[int, int] | None, at: tuple[int, int] | None = None) -> tuple[int, int]:
        """Where to go on from a crossing: mostly straight, never back, never out of the town."""
        i, j = at or self._at
        ways = [
            (di, dj)
            for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1))
            if 0 <= i + di < CROSSINGS
            and 0 <= j + dj < CROSSINGS
            and (heading is None or (di, dj) != (-heading[0], -heading[1]))
        ]
        if heading in ways and self._rng.random() < STRAIGHT_SHARE:
            return heading
        others = [way for way in ways if way != heading] or ways
        return others[int(self._rng.integers(len(others)))]


def _along(
    steps: list[tuple[float, float, float]],
    there: Point,
    speed: float,
    paces: tuple[float, float],
) -> float:
    """Drives a block, second by second, to be no faster than `paces[1]` at its end. Out: the speed there."""
    street, at_end = paces
    at, x, y = steps[-1]
    length = math.hypot(there[0] - x, there[1] - y)
    gone = 0.0
    while gone < length - 0.5:
        may = math.sqrt(min(at_end, street) ** 2 + 2.0 * BRAKES_MPS2 * (length - gone))
        speed = max(min(speed + STARTS_MPS2, street, may), speed - 1.3 * BRAKES_MPS2, 0.5)
        second = min(1.0, (length - gone) / speed)
        gone += speed * second
        at += second
        share = gone / length
        steps.append((at, x + share * (there[0] - x), y + share * (there[1] - y)))
    return min(speed, at_end)


def _errand(rng: np.random.Generator, walker: Walker, car: Point) -> None:
    """To a door nearby, a stay, and back to the car."""
    away, turn = float(rng.uniform(*TO_THE_DOOR_M)), float(rng.uniform(0.0, 2.0 * math.pi))
    door = (car[0] + away * math.cos(turn), car[1] + away * math.sin(turn))
    walker.goes_to(door).stays(float(rng.uniform(*STAYS_S))).goes_to(car)


def _path(steps: list[tuple[float, float, float]]) -> Path:
    at, x, y = (np.array(column) for column in zip(*steps, strict=True))
    return Path(at, x, y)

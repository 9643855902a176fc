"""Where somebody was when each packet was heard, from the few moments at which they said so.

In: marks ("at 10:31:05 I was at (x, y)") and times. Out: a position for each time that the marks tell of. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats

#: Two marks nearer than this are one place: nobody writes their place down better than to an arm's length.
SAME_PLACE_M = 0.5
#: Between two places somebody walks at 1.3 m/s in shops. Slower than this they stopped somewhere on the way and did not say
#: where, so that no straight line tells where they were; unless the marks are so close that it does not matter.
SLOWEST_M_PER_S = 0.3
CLOSE_S = 3.0


@dataclass(frozen=True, slots=True)
class Marks:
    """Moments in order of time: at (UTC epoch seconds), x and y (metres on the plan)."""

    at: Floats
    x_m: Floats
    y_m: Floats


@dataclass(frozen=True, slots=True)
class Placed:
    """Positions for times, and which of them are known; the others are NaN."""

    x_m: Floats
    y_m: Floats
    known: NDArray[np.bool_]


def in_order(rows: Sequence[tuple[float, float, float]]) -> Marks:
    """Marks of rows of (at, x, y), sorted by time."""
    table = np.array(sorted(rows), np.float64).reshape(-1, 3)
    return Marks(table[:, 0], table[:, 1], table[:, 2])


def placed(at: Floats, marks: Marks) -> Placed:
    """Between two marks of one place somebody stood there; between two places they walked straight from one to the other.

    Before the first mark, after the last, and where a walk took too long to have been straight, nothing is known.
    """
    if len(marks.at) < 2:
        nothing = np.full(len(at), np.nan)
        return Placed(nothing, nothing, np.zeros(len(at), np.bool_))
    seconds = np.diff(marks.at)
    metres = np.hypot(np.diff(marks.x_m), np.diff(marks.y_m))
    told = (metres <= SAME_PLACE_M) | (seconds <= CLOSE_S) | (metres >= SLOWEST_M_PER_S * seconds)
    leg = np.clip(np.searchsorted(marks.at, at, side="right") - 1, 0, len(seconds) - 1)
    known = (at >= marks.at[0]) & (at <= marks.at[-1]) & told[leg]
    return Placed(
        np.where(known, np.interp(at, marks.at, marks.x_m), np.nan),
        np.where(known, np.interp(at, marks.at, marks.y_m), np.nan),
        known,
    )

"""What stands in the line of sight: where straight lines from one point to many others meet walls. Pure.

In: walls as polylines, a point and other points, all in metres on one plan. Out: which line meets a wall, and how far along. Lines that
only touch a wall meet it; of a wall that lies along a line of sight both ends are met. Arrays throughout, in
blocks: a thousand walls and a hundred anchors make millions of pairs.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats, Indexes

#: Pairs of a line and a segment that are looked at together: some megabytes, which a processor's own memory holds.
_AT_ONCE: Final = 200_000


class Segments(NamedTuple):
    """Straight pieces of walls, from `begin` to `end`: (segments, 2) metres."""

    begin: Floats
    end: Floats


def segments(walls: Sequence[Sequence[tuple[float, float]]]) -> Segments:
    """The pieces of all walls, wall by wall; a wall of one corner has none."""
    corners = [np.array(wall, np.float64) for wall in walls if len(wall) >= 2]
    if not corners:
        return Segments(np.empty((0, 2)), np.empty((0, 2)))
    return Segments(
        np.concatenate([wall[:-1] for wall in corners]), np.concatenate([wall[1:] for wall in corners])
    )


def crossings(origin: Floats, points: Floats, walls: Segments) -> tuple[Indexes, Floats]:
    """Where the lines from `origin` (2) to `points` (points, 2) meet walls: the point's number, and the share of the way there."""
    away = points - origin
    begin, end = (corner - origin for corner in _near(origin, points, walls))
    rows = max(_AT_ONCE // max(len(begin), 1), 1)
    blocks = [
        _crossings(away[start : start + rows], begin, end, start) for start in range(0, len(points), rows)
    ]
    if not blocks:
        return np.empty(0, np.intp), np.empty(0)
    return np.concatenate([point for point, _ in blocks]), np.concatenate([share for _, share in blocks])


def _near(origin: Floats, points: Floats, walls: Segments) -> Segments:
    """The pieces that reach into the box of all lines of sight."""
    all_points = np.vstack([points, origin])
    low, high = all_points.min(axis=0), all_points.max(axis=0)
    first, last = np.minimum(*walls), np.maximum(*walls)
    within = ((first <= high) & (last >= low)).all(axis=1)
    return Segments(walls.begin[within], walls.end[within])


def _crossings(away: Floats, begin: Floats, end: Floats, start: int) -> tuple[Indexes, Floats]:
    """As `crossings`, of some points from number `start` on; everything seen from the origin."""
    one, other = _cross(away[:, None], begin), _cross(away[:, None], end)
    here = np.broadcast_to(_cross(begin, end), one.shape)  # on which side of each piece the origin lies, ...
    there = here + one - other  # ... and on which each point
    met = _opposite(one, other) & _opposite(here, there)
    along = met & (here == 0.0) & (there == 0.0)
    point, piece = np.nonzero(met & ~along)
    share = here[point, piece] / (here[point, piece] - there[point, piece])
    line, lying = np.nonzero(along)
    touched, shares = _along(away[line], begin[lying], end[lying])
    return (
        np.concatenate([point, line[touched], line[touched]]) + start,
        np.concatenate([share, *shares]),
    )


def _along(away: Floats, begin: Floats, end: Floats) -> tuple[NDArray[np.bool_], tuple[Floats, Floats]]:
    """Of pieces that lie on the line through a sight: which are met at all, and the shares of the way at both their ends."""
    squared = np.maximum((away**2).sum(axis=1), np.finfo(np.float64).tiny)
    one, other = (away * begin).sum(axis=1) / squared, (away * end).sum(axis=1) / squared
    first, last = np.maximum(np.minimum(one, other), 0.0), np.minimum(np.maximum(one, other), 1.0)
    met = first <= last
    return met, (first[met], last[met])


def _cross(some: Floats, others: Floats) -> Floats:
    return np.asarray(some[..., 0] * others[..., 1] - some[..., 1] * others[..., 0], np.float64)


def _opposite(some: Floats, others: Floats) -> NDArray[np.bool_]:
    """Whether two sides are different ones; on the line itself is on both."""
    return np.asarray((np.minimum(some, others) <= 0.0) & (np.maximum(some, others) >= 0.0))

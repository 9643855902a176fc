"""Whether a device stays where it is: what its anchors heard in the last seconds against what they heard before.

Where a device lies or somebody stands, each anchor goes on hearing the level of that very place: packets swing about it by some
decibels (the three advertising channels fade differently), the level itself stays. Some steps on all anchors have new levels at
once, since shadows and multipath are others there. One anchor alone cannot tell these apart, all together do in some
seconds: a likelihood ratio of "moved" against "stayed" (a change of mean: Page, Continuous inspection schemes, Biometrika 41,
1954). Arrays in, arrays out; nothing here knows of cells or zones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.zones.kriging import SPOT_DB
from server.zones.shape import Floats

#: The last seconds: three steps. A device that is heard seldom has some of its gaps.
RECENT_S, RECENT_GAPS = 3.0, 1.5
#: What was heard before counts for so long: a shop's air changes too.
BEFORE_S, BEFORE_GAPS = 60.0, 3.0
#: Spread of one packet about the level of its place where a tag lies still (tetam: median 2.9).
SWING_DB: Final = 3.0
#: A single anchor tells no more than three standard deviations do: somebody stepped into its line.
MOST_SIGMAS: Final = 3.0
#: It stayed when that is twenty times likelier, it moved when that is likelier: log odds. Wrongly still is late, wrongly moved
#: only as nervous as without all this.
STAYED_AT, MOVED_AT = -3.0, 0.0
#: Anchors that heard less than this (packets, faded) tell nothing yet: lately, and before.
LEAST_RECENT, LEAST_BEFORE = 0.5, 1.0

#: Rows of the levels of one device: sums of strengths (dBm), of packets, and of their squared weights.
RECENT_DBM, RECENT, RECENT_SQUARED, ALL_DBM, ALL = range(5)
ROWS: Final = 5


def follow_levels(
    levels: Floats, heard_dbm: Floats, packets: Floats, passed_s: Floats, usual_gap_s: Floats
) -> None:
    """Adds a scan to the levels (devices, ROWS, anchors), in place: the sum of strengths and how many, each (devices, anchors)."""
    recent = np.exp(-passed_s / np.maximum(RECENT_S, RECENT_GAPS * usual_gap_s))[:, None]
    before = np.exp(-passed_s / np.maximum(BEFORE_S, BEFORE_GAPS * usual_gap_s))[:, None]
    for row, left, more in (
        (RECENT_DBM, recent, heard_dbm),
        (RECENT, recent, packets),
        (RECENT_SQUARED, recent**2, packets),
        (ALL_DBM, before, heard_dbm),
        (ALL, before, packets),
    ):
        levels[:, row] *= left
        levels[:, row] += more


def moved_odds(levels: Floats) -> Floats:
    """Log odds that each device moved lately against that it stayed, both as likely beforehand; 0 where nothing tells."""
    recent, before = levels[:, RECENT], levels[:, ALL] - levels[:, RECENT]
    tells = (recent > LEAST_RECENT) & (before > LEAST_BEFORE)
    n_recent = np.where(tells, recent, 1.0)
    n_before = np.where(tells, before, 1.0)
    alike = np.where(tells, levels[:, RECENT_SQUARED], 1.0) / n_recent**2 + 1.0 / n_before
    apart_db = levels[:, RECENT_DBM] / n_recent - (levels[:, ALL_DBM] - levels[:, RECENT_DBM]) / n_before
    variance = SWING_DB**2 * alike
    squared = np.minimum(apart_db**2 / variance, MOST_SIGMAS**2)
    # Two places differ by what is their own, twice: once here, once there.
    more = 2.0 * SPOT_DB**2 / variance
    odds = 0.5 * (squared * more / (1.0 + more) - np.log1p(more))
    return np.asarray(np.where(tells, odds, 0.0).sum(axis=1), np.float64)


def stayed(levels: Floats, still_s: Floats, passed_s: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """For how long (s) each device has been where it is, and which moved. Of those what was heard before is forgotten, in place."""
    odds = moved_odds(levels)
    moved = odds > MOVED_AT
    levels[moved, ALL_DBM], levels[moved, ALL] = levels[moved, RECENT_DBM], levels[moved, RECENT]
    return np.where(moved, 0.0, np.where(odds < STAYED_AT, still_s + passed_s, still_s)), moved

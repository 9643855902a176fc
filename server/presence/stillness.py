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
from server.zones.radiomap import Floats32
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

#: Rows of the levels, of seven digits, which is a thousand times finer than any radio: sums of strengths (dBm), of packets, and of their squared weights; a row is (devices, anchors).
RECENT_DBM, RECENT, RECENT_SQUARED, ALL_DBM, ALL = range(5)
ROWS: Final = 5


def follow_levels(
    levels: Floats32, heard_dbm: Floats32, packets: Floats32, passed_s: Floats, usual_gap_s: Floats
) -> None:
    """Adds a scan to the levels (ROWS, devices, anchors), in place: the sum of strengths and how many, each (devices, anchors)."""
    recent = np.exp(-passed_s / np.maximum(RECENT_S, RECENT_GAPS * usual_gap_s))
    before = np.exp(-passed_s / np.maximum(BEFORE_S, BEFORE_GAPS * usual_gap_s))
    # The same for all anchors of a device, each by itself: numpy multiplies blocks much faster than short rows by a number each.
    recent, before = (
        np.repeat(left.astype(np.float32), packets.shape[1]).reshape(packets.shape)
        for left in (recent, before)
    )
    for row, left, more in (
        (RECENT_DBM, recent, heard_dbm),
        (RECENT, recent, packets),
        (RECENT_SQUARED, recent**2, packets),
        (ALL_DBM, before, heard_dbm),
        (ALL, before, packets),
    ):
        levels[row] *= left
        levels[row] += more


def moved_odds(levels: Floats32) -> Floats:
    """Log odds that each device moved lately against that it stayed, both as likely beforehand; 0 where nothing tells."""
    recent, before = levels[RECENT], levels[ALL] - levels[RECENT]
    tells = (recent > LEAST_RECENT) & (before > LEAST_BEFORE)
    # Shares of one, as products: a quotient costs four of them. What does not tell is kept from zero, and left out in the end.
    share_recent = 1.0 / np.maximum(recent, LEAST_RECENT)
    share_before = 1.0 / np.maximum(before, LEAST_BEFORE)
    apart_db = levels[RECENT_DBM] * share_recent - (levels[ALL_DBM] - levels[RECENT_DBM]) * share_before
    surety = 1.0 / (levels[RECENT_SQUARED] * share_recent**2 + share_before) / SWING_DB**2
    squared = np.minimum(apart_db**2 * surety, MOST_SIGMAS**2)
    # Two places differ by what is their own, twice: once here, once there.
    wider = 1.0 + 2.0 * SPOT_DB**2 * surety
    odds = 0.5 * (squared * (1.0 - 1.0 / wider) - np.log(wider))
    return np.asarray(np.where(tells, odds, 0.0).sum(axis=1), np.float64)


def stayed(levels: Floats32, still_s: Floats, passed_s: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """For how long (s) each device has been where it is, and which moved. Of those what was heard before is forgotten, in place."""
    odds = moved_odds(levels)
    moved = odds > MOVED_AT
    levels[ALL_DBM, moved], levels[ALL, moved] = levels[RECENT_DBM, moved], levels[RECENT, moved]
    return np.where(moved, 0.0, np.where(odds < STAYED_AT, still_s + passed_s, still_s)), moved

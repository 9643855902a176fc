"""When zones are open, for arrays of zones and times: opening hours as edges on the line of time.

In: of each zone the hours that hold for it and for all that it lies in: nobody is at the shelf of a shop that is shut, so a zone is
open while all of them are. Out: whether it is open, when it next closes, and which zones open when. A zone without any hours
is always open. Times are epoch seconds; pure but for a memo of weeks that were worked out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from server.zones.hours import OpeningHours
from server.zones.shape import Floats, Indexes

WEEK_S = 7 * 86_400.0
#: Behind a week's end, so that what opens in its last night is seen to close; and the most that lies between two openings but one.
MARGIN = timedelta(days=10)
#: Weeks that are remembered: this one, the last, and what a spool told of.
MOST_WEEKS = 1_000


class Openings:
    """See the module's text. `any` is False where no zone has hours."""

    def __init__(self, hours: Sequence[Sequence[OpeningHours]]) -> None:
        """`hours[i]`: those of zone i and of what it lies in."""
        chains = [tuple(dict.fromkeys(chain)) for chain in hours]
        self._chains = list(dict.fromkeys(chain for chain in chains if chain))
        number = {chain: i for i, chain in enumerate(self._chains)}
        self.of_zone: Indexes = np.array([number.get(chain, -1) for chain in chains], np.intp)
        self.any = bool(self._chains)
        self._weeks: dict[tuple[int, int], Floats] = {}

    def is_open(self, zone: Indexes, at: Floats) -> NDArray[np.bool_]:
        """Whether each zone is open at its time."""
        found = np.ones(len(zone), np.bool_)
        for some, edges in self._together(zone, at):
            found[some] = np.searchsorted(edges, at[some], "right") % 2 == 1
        return found

    def closes_after(self, zone: Indexes, at: Floats) -> Floats:
        """When each zone next closes after its time; infinity where that is out of sight."""
        found = np.full(len(zone), np.inf)
        for some, edges in self._together(zone, at):
            closings = edges[1::2]
            next_one = np.searchsorted(closings, at[some], "right")
            found[some] = np.append(closings, np.inf)[next_one]
        return found

    def opens_after(self, at: float) -> float:
        """When the next zone opens after a time, or a time at which to look again; infinity where no zone has hours."""
        return min((self._next_opening(number, at) for number in range(len(self._chains))), default=np.inf)

    def opening_at(self, at: float) -> list[int]:
        """The zones that open at this very time."""
        week = int(at // WEEK_S)
        opening = [number for number in range(len(self._chains)) if at in self._edges(number, week)[0::2]]
        return np.flatnonzero(np.isin(self.of_zone, opening)).tolist()

    def _next_opening(self, number: int, at: float) -> float:
        week = int(at // WEEK_S)
        openings = self._edges(number, week)[0::2]
        found = np.searchsorted(openings, at, "right")
        return float(openings[found]) if found < len(openings) else (week + 1) * WEEK_S

    def _together(self, zone: Indexes, at: Floats) -> list[tuple[Indexes, Floats]]:
        """Lines that have the same hours and week, with the edges of those."""
        number = self.of_zone[zone]
        lines = np.flatnonzero(number >= 0)
        if not len(lines):
            return []
        week = (at[lines] // WEEK_S).astype(np.int64)
        keys, which = np.unique(number[lines] + len(self._chains) * week, return_inverse=True)
        return [
            (lines[which == i], self._edges(*divmod(key, len(self._chains))[::-1]))
            for i, key in enumerate(keys.tolist())
        ]

    def _edges(self, number: int, week: int) -> Floats:
        """Opening, closing, opening, ... round a week, ascending; what goes on out of sight closes at infinity."""
        known = self._weeks.get((number, week))
        if known is not None:
            return known
        if len(self._weeks) >= MOST_WEEKS:
            self._weeks.clear()
        since = datetime.fromtimestamp(week * WEEK_S, UTC)
        days = timedelta(days=7) + MARGIN
        stretches = [_seconds(hours.stretches(since, days)) for hours in self._chains[number]]
        common = stretches[0]
        for others in stretches[1:]:
            common = _in_both(common, others)
        edges = np.array(common, np.float64).ravel()
        self._weeks[number, week] = edges
        return edges


Stretches = list[tuple[float, float]]


def _seconds(stretches: Sequence[tuple[datetime, datetime | None]]) -> Stretches:
    return [(start.timestamp(), np.inf if end is None else end.timestamp()) for start, end in stretches]


def _in_both(some: Stretches, others: Stretches) -> Stretches:
    """What two lists of stretches have in common, in order."""
    common = [
        (max(start, other_start), min(end, other_end))
        for start, end in some
        for other_start, other_end in others
        if max(start, other_start) < min(end, other_end)
    ]
    return sorted(common)

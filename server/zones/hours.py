"""Opening hours in the site's own time zone: right past midnight and on the days when the clocks change.

In: a plain dict such as {"mon-fri": ["09:00-19:30"], "sat": ["10:00-13:00", "15:00-19:00"], "2026-12-25": []}.
Out: OpeningHours, which answers for an aware time, in UTC. Rules:

- A span belongs to the day on which it opens: "22:00-02:00" on a Friday ends on Saturday, even where Saturday is closed.
- A date's own spans replace those of its weekday; an empty list is a day closed. A range of dates is "2026-08-10/2026-08-23".
- A wall time that the clock skips (spring) stands for the moment of the jump; a span inside the jump does not happen.
- A wall time that the clock shows twice (autumn) stands for the first of both: people open and close when they first see it.
- Spans that touch or overlap are one stretch: a shop open 00:00-24:00 on all days never closes.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from server.zones.complaint import did_you_mean

DAY_MIN = 24 * 60

# How far opens_at and closes_at look. Without dates the week repeats, so that two weeks and a day (a weekly opening may fall
# into a clock's jump once) are all there is to see; dates are followed for as long as they go on, up to two years.
_REPEATING = timedelta(days=16)
_FARTHEST = timedelta(days=731)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `opens_min` until before `closes_min`, minutes of wall clock since 00:00 of its day; past 1440 is the next day."""

    opens_min: int
    closes_min: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens_min < DAY_MIN or not 0 < self.closes_min - self.opens_min <= DAY_MIN:
            raise ValueError("a span opens within its day and lasts a day at most")


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`weekly` has seven days, Monday first; `exceptions` are (date, spans), in order of date.

    ValueError where days are missing, spans or dates are out of order or double, or the time zone is unknown.
    """

    weekly: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    time_zone: str
    exceptions: tuple[tuple[date, Spans], ...] = ()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _days: tuple[date, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.weekly) != 7:
            raise ValueError("a week has seven days")
        for spans in (*self.weekly, *(spans for _, spans in self.exceptions)):
            if any(later.opens_min < earlier.closes_min for earlier, later in itertools.pairwise(spans)):
                raise ValueError("the spans of a day are in order and do not overlap")
        days = tuple(day for day, _ in self.exceptions)
        if any(later <= earlier for earlier, later in itertools.pairwise(days)):
            raise ValueError("exceptions are in order of date, each date once")
        object.__setattr__(self, "_zone", time_zone_named(self.time_zone))
        object.__setattr__(self, "_days", days)

    def is_open(self, at: datetime) -> bool:
        """Whether the shop is open at this aware time; ValueError at a naive one."""
        moment, today = self._local_day(at)
        # The day before may last past midnight, two where a whole day was skipped; tomorrow may have begun before the clock
        # went back over midnight.
        days = (today + timedelta(days=ahead) for ahead in (-2, -1, 0, 1))
        return any(opens <= moment < closes for day in days for opens, closes in self._spans_of(day))

    def opens_at(self, at: datetime) -> datetime | None:
        """The next moment after `at` (aware; UTC in the answer) at which it opens, None where there is none in sight."""
        moment, today = self._local_day(at)
        return next((opens for opens, _ in self._stretches(today) if opens > moment), None)

    def closes_at(self, at: datetime) -> datetime | None:
        """The next moment after `at` (aware; UTC in the answer) at which it closes: today's closing where it is open now.

        None where there is none in sight: always open, or closed for good.
        """
        moment, today = self._local_day(at)
        return next(
            (closes for _, closes in self._stretches(today) if closes is not None and closes > moment), None
        )

    def spans_on(self, day: date) -> Spans:
        """The spans that open on this date of the site's calendar."""
        index = bisect_left(self._days, day)
        if index < len(self._days) and self._days[index] == day:
            return self.exceptions[index][1]
        return self.weekly[day.weekday()]

    def _local_day(self, at: datetime) -> tuple[datetime, date]:
        if at.utcoffset() is None:
            raise ValueError("opening hours are asked with an aware time")
        return at.astimezone(UTC), at.astimezone(self._zone).date()

    def _spans_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The spans that open on `day` as UTC moments, without those that a jump of the clock swallows."""
        for span in self.spans_on(day):
            opens, closes = self._moment(day, span.opens_min), self._moment(day, span.closes_min)
            if opens < closes:
                yield opens, closes

    def _stretches(self, today: date) -> Iterator[tuple[datetime, datetime | None]]:
        """Spans from two days before `today` on, joined where they touch; None closes what goes on out of sight."""
        last = max(self._days[-1], today) if self._days else today
        days = (min(last - today + _REPEATING, _FARTHEST)).days
        start: datetime | None = None
        end: datetime | None = None
        for ahead in range(-2, days + 1):
            for opens, closes in self._spans_of(today + timedelta(days=ahead)):
                if start is None or end is None:
                    start, end = opens, closes
                elif opens <= end:
                    end = max(end, closes)
                else:
                    yield start, end
                    start, end = opens, closes
        if start is not None and end is not None:
            beyond = self._moment(today + timedelta(days=days + 1), 0)
            yield start, end if end < beyond else None

    def _moment(self, day: date, minutes: int) -> datetime:
        """The first moment (UTC) at which the site's clock shows this wall time, or at which it jumps over it."""
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001  (a wall time has no zone yet)
        by_old_offset = wall.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        if by_old_offset.astimezone(self._zone).replace(tzinfo=None) == wall:
            return by_old_offset
        # Skipped. PEP 495: fold=0 reads it with the offset before the jump, which gives a moment after it; fold=1 the reverse.
        by_new_offset = wall.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        return self._jump_between(by_new_offset, by_old_offset)

    def _jump_between(self, before: datetime, after: datetime) -> datetime:
        """The moment, to the second, from which the offset of `after` holds."""
        new_offset = after.astimezone(self._zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
            if middle.astimezone(self._zone).utcoffset() == new_offset:
                after = middle
            else:
                before = middle
        return after


def time_zone_named(name: str) -> ZoneInfo:
    """The IANA time zone of this name; ValueError, with what was perhaps meant, where there is none."""
    if name not in known_time_zones():
        raise ValueError(f"{name[:64]!r} is no IANA time zone{did_you_mean(name, known_time_zones())}")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def known_time_zones() -> frozenset[str]:
    """All names of the IANA database that this machine has; read once, since listing walks its files."""
    return frozenset(available_timezones())

"""Days and hours by the clocks of the shops, so that a database that knows no time zones can count by them.

In: a time zone and days. Out: the stretches of UTC within which its clock is ahead by the same seconds: in each of them local time is
arithmetic. Right across the changes of daylight saving time: the night that has two 2 o'clocks counts both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

_DAY: Final = timedelta(days=1)
_FIRST_DAY: Final = date(1970, 1, 1)  # a Thursday
DAY_S: Final = 86_400
HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` until just before `until` the clock is `ahead_s` seconds ahead of UTC."""

    since: datetime
    until: datetime
    ahead_s: int


def stretches(clock: tzinfo, first: date, last: date) -> list[Stretch]:
    """The days from `first` to `last`, both included, by this clock."""
    begin = datetime.combine(first, time(), clock).astimezone(UTC)
    end = datetime.combine(last + _DAY, time(), clock).astimezone(UTC)
    changes = [begin, *_changes(clock, begin, end), end]
    return [Stretch(since, until, _ahead_s(clock, since)) for since, until in pairwise(changes)]


def day_of(number: int) -> date:
    """The day that is so many after 1 January 1970."""
    return _FIRST_DAY + timedelta(days=number)


def weekday_of(number: int) -> int:
    """The same day's weekday, Monday being 1 and Sunday 7 (ISO 8601)."""
    return (number + 3) % 7 + 1


def _changes(clock: tzinfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """When the clock was set between these: looked for from day to day, then by halves to the second."""
    at = begin
    while at < end:
        following = min(at + _DAY, end)
        if _ahead_s(clock, at) != _ahead_s(clock, following):
            change = _change(clock, at, following)
            if change < end:
                yield change
        at = following


def _change(clock: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the clock is no longer as it was at `before`."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _ahead_s(clock, middle) == _ahead_s(clock, before):
            before = middle
        else:
            after = middle
    return after


def _ahead_s(clock: tzinfo, at: datetime) -> int:
    ahead = at.astimezone(clock).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())

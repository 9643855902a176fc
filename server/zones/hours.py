"""Opening hours in the site's own time zone: right past midnight and on the days when the clocks change.

In: a plain dict such as {"mon-fri": ["09:00-19:30"], "sat": ["10:00-13:00", "15:00-19:00"], "2026-12-25": []}.
Out: OpeningHours, which answers for an aware time, in UTC. Rules:

- A span belongs to the day on which it opens: "22:00-02:00" on a Friday ends on Saturday, even where Saturday is closed.
- A date's own spans replace those of its weekday; an empty list is a day closed. A range of dates is "2026-08-10/2026-08-23".
- A wall time that the clock skips (spring) stands for the moment of the jump; a span inside the jump does not happen.
- A wall time that the clock shows twice (autumn) stands for the first of both: people open and close when they first see it.
- Spans that touch or overlap are one stretch: a shop open 00:00-24:00 on all days never closes.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from server.zones.complaint import HoursComplaint, Remark, at_most, called, did_you_mean, within

DAY_MIN: Final = 24 * 60
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_DATES: Final = 3_660  # ten years of days
_YEARS: Final = range(1970, 2200)

_SPAN: Final = re.compile(r"\s*(\d{1,2}):(\d\d)\s*[-\u2013]\s*(\d{1,2}):(\d\d)\s*", re.ASCII)
_DATES: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?", re.ASCII)

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
        length_min = self.closes_min - self.opens_min
        whole_day = (self.opens_min, self.closes_min) == (0, DAY_MIN)
        if not 0 <= self.opens_min < DAY_MIN or not (0 < length_min < DAY_MIN or whole_day):
            raise ValueError("a span opens within its day and lasts less than a day, or is 00:00-24:00")


Spans = tuple[Span, ...]
Day = TypeVar("Day", bound=int | date)


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
            if any(later.opens_min < earlier.closes_min for earlier, later in pairwise(spans)):
                raise ValueError("the spans of a day are in order and do not overlap")
        days = tuple(day for day, _ in self.exceptions)
        if any(later <= earlier for earlier, later in pairwise(days)):
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

    def stretches(self, since: datetime, span: timedelta) -> list[tuple[datetime, datetime | None]]:
        """From when to when it is open, from some days before `since` (aware) until a `span` after it, in order, in UTC.

        Spans that touch are one stretch; one that goes on beyond the span has no end.
        """
        _, first = self._local_day(since)
        return list(self._joined(first, span.days))

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
        return self._joined(today, (min(last - today + _REPEATING, _FARTHEST)).days)

    def _joined(self, today: date, days: int) -> Iterator[tuple[datetime, datetime | None]]:
        """The same for so many days."""
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


#: Names of the IANA database that are no place's: whatever the machine is set to, and a machine that nobody has set.
NOWHERE: Final = frozenset({"localtime", "Factory"})


@lru_cache(maxsize=1)
def known_time_zones() -> frozenset[str]:
    """All names of the IANA database that this machine has; read once, since listing walks its files."""
    return frozenset(available_timezones())


def read_hours(obj: Any, place: str, time_zone: str) -> OpeningHours:
    """Opening hours from parsed JSON; HoursComplaint with every reason found, nothing else, whatever `obj` is.

    Keys are weekdays ("mon", "mon-fri", "sat,sun", "fri-mon") or dates ("2026-12-25", "2026-08-10/2026-08-23"), values lists
    of spans. A weekday that is not named is a day closed. `time_zone` must be known.
    """
    if not isinstance(obj, dict) or not obj:
        reason = f"opening hours are an object of weekdays and dates with lists of spans, not {called(obj)}"
        raise HoursComplaint([Remark(place, reason)])
    complaints: list[Remark] = []
    weekly: dict[int, Spans] = {}
    dates: dict[date, Spans] = {}
    for key, value in obj.items():
        try:
            spans = _read_spans(value, within(place, key))
            if _DATES.fullmatch(key):
                _add_once(dates, _read_dates(key), spans)
            else:
                _add_once(weekly, _read_weekdays(key), spans)
        except HoursComplaint as complaint:
            complaints += complaint.remarks
        except ValueError as error:
            complaints.append(Remark(within(place, key), str(error)))
    if len(dates) > MOST_DATES:
        complaints.append(Remark(place, f"names more than {MOST_DATES:,} dates"))
    if complaints:
        raise HoursComplaint(at_most(complaints, place))
    mon, tue, wed, thu, fri, sat, sun = (weekly.get(day, ()) for day in range(7))
    return OpeningHours((mon, tue, wed, thu, fri, sat, sun), time_zone, tuple(sorted(dates.items())))


def write_hours(hours: OpeningHours) -> dict[str, list[str]]:
    """What read_hours reads as the same hours: equal days that follow each other share a key, closed days are named."""
    written: dict[str, list[str]] = {}
    for spans, days in groupby(range(7), key=hours.weekly.__getitem__):
        names = [WEEKDAYS[day] for day in days]
        written[f"{names[0]}-{names[-1]}" if len(names) > 1 else names[0]] = _write_spans(spans)
    runs: list[tuple[date, date, Spans]] = []
    for day, spans in hours.exceptions:
        first, last, known = runs[-1] if runs else (day, day, None)
        if known == spans and day - last == timedelta(days=1) and (day - first).days < 366:
            runs[-1] = (first, day, spans)
        else:
            runs.append((day, day, spans))
    for first, last, spans in runs:
        written[f"{first}/{last}" if first < last else str(first)] = _write_spans(spans)
    return written


def _add_once(known: dict[Day, Spans], days: list[Day], spans: Spans) -> None:
    for day in days:
        if day in known:
            raise ValueError(f"{day if isinstance(day, date) else WEEKDAYS[day]} is given twice")
        known[day] = spans


def _read_weekdays(key: str) -> list[int]:
    """The days of "mon", "mon-fri", "sat,sun"; a range may run over Sunday. ValueError otherwise."""
    days: list[int] = []
    for part in key.replace(" ", "").lower().split(","):
        first, dash, last = part.partition("-")
        for name in (first, last) if dash else (first,):
            if name not in WEEKDAYS:
                hint = did_you_mean(name[:3], WEEKDAYS) or f"; weekdays are {', '.join(WEEKDAYS)}"
                raise ValueError(f"{name[:40]!r} is neither a weekday nor a date like 2026-12-25{hint}")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        days += [(begin + i) % 7 for i in range((end - begin) % 7 + 1)]
    return days


def _read_dates(key: str) -> list[date]:
    """The dates of "2026-12-25" or "2026-08-10/2026-08-23", both ends included. ValueError otherwise."""
    found = _DATES.fullmatch(key)
    first, last = (found[1], found[2] or found[1]) if found else (key, key)
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise ValueError("there is no such date in the calendar") from None
    if begin.year not in _YEARS or end.year not in _YEARS:
        raise ValueError(f"dates lie between the years {_YEARS[0]} and {_YEARS[-1]}")
    if not 0 <= (end - begin).days < 366:
        raise ValueError("a range of dates runs forward, over a year at most")
    return [begin + timedelta(days=i) for i in range((end - begin).days + 1)]


def _read_spans(obj: Any, place: str) -> Spans:
    """The spans of a day in order; HoursComplaint otherwise."""
    if not isinstance(obj, list):
        raise HoursComplaint(
            [Remark(place, f'a day is a list of spans like "09:00-19:30", not {called(obj)}')]
        )
    read: list[tuple[Span, int]] = []
    complaints: list[Remark] = []
    for i, text in enumerate(obj):
        try:
            read.append((_read_span(text), i))
        except ValueError as error:
            complaints.append(Remark(f"{place}[{i}]", str(error)))
    read.sort()
    for (earlier, j), (later, i) in pairwise(read):
        if later.opens_min < earlier.closes_min:
            complaints.append(Remark(f"{place}[{i}]", f"overlaps {place}[{j}]"))
    if complaints:
        raise HoursComplaint(at_most(complaints, place))
    return tuple(span for span, _ in read)


def _read_span(text: Any) -> Span:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'a span is written "09:00-19:30", not {called(text)}')
    opens, closes = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if int(found[2]) > 59 or int(found[4]) > 59 or opens >= DAY_MIN or closes > DAY_MIN:
        raise ValueError("the clock has no such time: it runs from 00:00 to 23:59, and 24:00 may close a day")
    if opens == closes:
        raise ValueError(
            "opens and closes at the same time: a whole day is 00:00-24:00, a day closed an empty list"
        )
    return Span(opens, closes if closes > opens else closes + DAY_MIN)


def _write_spans(spans: Spans) -> list[str]:
    return [f"{_clock(span.opens_min)}-{_clock(_closing(span))}" for span in spans]


def _closing(span: Span) -> int:
    return span.closes_min if span.closes_min <= DAY_MIN else span.closes_min - DAY_MIN


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"

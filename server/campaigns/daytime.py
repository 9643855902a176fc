"""A stretch of the day by the wall clock, which may run across midnight.

In: local times (already in the shop's or the shopper's time zone). Out: whether they lie within, and to which day that
stretch belongs, and when (UTC) it ends or a time of day comes next. Whether it holds comes from UTC by the time zone, never the
other way, so the hour that a summer-time change skips simply does not happen and the one it repeats counts twice.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _read_time(given: object) -> time:
    if isinstance(given, str):
        try:
            given = time() if given == "24:00" else time.fromisoformat(given)
        except ValueError:
            raise ValueError("write the time of day as hours and minutes, such as '09:30'") from None
    if not isinstance(given, time):
        raise ValueError("write the time of day as text, such as '09:30'")  # noqa: TRY004  (pydantic reports ValueError)
    if given.tzinfo is not None or given.microsecond:
        raise ValueError("a time of day is by the wall clock, without an offset and in whole seconds")
    return given


def _write_time(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")


TimeOfDay = Annotated[
    time,
    BeforeValidator(_read_time),
    PlainSerializer(_write_time, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "daytime",
            "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00)$",
            "examples": ["09:30"],
        }
    ),
]


class Daytime(BaseModel):
    """From `start` up to, and without, `end`. An end before the start is on the next day; the same time is a whole day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: TimeOfDay
    end: TimeOfDay

    def holds(self, local: datetime) -> bool:
        return self.day_of(local) is not None

    def day_of(self, local: datetime) -> date | None:
        """The day on which the stretch that holds this time began; None outside of it.

        Friday's 22:00 to 02:00 holds Saturday 01:00, and that is still Friday's.
        """
        at = local.time()
        if self.start < self.end:
            return local.date() if self.start <= at < self.end else None
        if at >= self.start:
            return local.date()
        return local.date() - timedelta(days=1) if at < self.end or self.start == self.end else None

    def ends_after(self, local: datetime) -> datetime | None:
        """When (UTC) the stretch that holds this time ends; None outside of it, and where it is always."""
        if self.start == self.end or not self.holds(local):
            return None
        # Where a whole day is skipped its end is jumped over, and the next day's is the one that counts.
        ends = times_after(self.end, local)
        return next((end for end in ends if not self.holds(end.astimezone(local.tzinfo))), None)


def times_after(at: time, local: datetime) -> list[datetime]:
    """When (UTC) the clock of `local` shows this time of day, or jumps over it, in the two or three days after it, in order."""
    now = local.astimezone(UTC)
    days = (local.date() + timedelta(days=ahead) for ahead in range(-1, 4))
    moments = {moment for day in days for moment in _moments(datetime.combine(day, at, local.tzinfo))}
    return sorted(moment for moment in moments if moment > now)


def _moments(wall: datetime) -> tuple[datetime, ...]:
    """When (UTC) the clock of a place shows this wall time: once, twice (autumn), or at the jump that skips it (spring)."""
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first, second
    # Skipped. PEP 495: fold=0 reads it with the offset before the jump, which gives a moment after it; fold=1 the reverse.
    before, after = second, first
    offset = after.astimezone(wall.tzinfo).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(wall.tzinfo).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return (after,)

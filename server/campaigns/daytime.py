"""A stretch of the day by the wall clock, which may run across midnight.

In: local times (already in the shop's or the shopper's time zone). Out: whether they lie within, and to which day that
stretch belongs. Times come from UTC by the time zone, never the other way, so the hour that a summer-time change skips simply
does not happen and the one it repeats counts twice; nothing here can fall into a gap.
"""

from datetime import date, datetime, time, timedelta
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

"""When a campaign runs: dates, weekdays and hours, by the wall clock of the shop or the shopper, right across DST."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from server.campaigns.condition import Condition
from server.campaigns.daytime import Daytime, Weekday
from server.campaigns.moment import Clock, Moment
from server.campaigns.words import WEEKDAYS as SPOKEN_WEEKDAYS
from server.campaigns.words import Phrases, spoken_day, spoken_list, spoken_time
from server.zones.hours import WEEKDAYS


class Schedule(Condition, frozen=True):
    """Runs from the first to the last day (both included), on these weekdays, in these hours; what is empty does not limit.

    Hours across midnight belong to the day on which they begin: Friday's 22:00 to 02:00 ends on Saturday morning.
    """

    phrases: ClassVar[Phrases] = {
        "en": {
            "before": "starts on {day}",
            "after": "ended on {day}",
            "weekday": "does not run on a {today}, only on {days}",
            "hours": "runs {hours}, and it was {at}",
            "stretch": "{start} to {end}",
        }
    }
    kind: Literal["schedule"] = "schedule"
    first_day: date | None = None
    last_day: date | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[Daytime, ...] = ()
    clock: Clock = "shop"

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("the last day lies before the first")
        if not (self.first_day or self.last_day or self.weekdays or self.hours):
            raise ValueError("give a first or last day, weekdays or hours")
        return self

    def objection(self, moment: Moment) -> str | None:
        local = moment.local_time(self.clock)
        days = (
            [day for stretch in self.hours if (day := stretch.day_of(local))]
            if self.hours
            else [local.date()]
        )
        objections = [self._objection_to(day) for day in days]
        if None in objections:
            return None
        return objections[0] if objections else self._outside_hours(local)

    def _objection_to(self, day: date) -> str | None:
        if self.first_day and day < self.first_day:
            return self.say("before", day=spoken_day(self.first_day))
        if self.last_day and day > self.last_day:
            return self.say("after", day=spoken_day(self.last_day))
        if self.weekdays and WEEKDAYS[day.weekday()] not in self.weekdays:
            wanted = [
                SPOKEN_WEEKDAYS[WEEKDAYS.index(name)] for name in sorted(self.weekdays, key=WEEKDAYS.index)
            ]
            return self.say("weekday", today=SPOKEN_WEEKDAYS[day.weekday()], days=spoken_list(wanted))
        return None

    def _outside_hours(self, local: datetime) -> str:
        """Outside of all hours: a day on which it would not run anyway is the better reason."""
        hours = [
            self.say("stretch", start=spoken_time(stretch.start), end=spoken_time(stretch.end))
            for stretch in self.hours
        ]
        return self._objection_to(local.date()) or self.say(
            "hours", hours=spoken_list(hours), at=spoken_time(local)
        )

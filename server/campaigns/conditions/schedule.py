"""When a campaign runs: dates, weekdays, holidays and hours, by the clock of the shop or the shopper, right across DST."""

from datetime import date, datetime, timedelta
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from server.campaigns.condition import About, Condition
from server.campaigns.daytime import Daytime, Weekday, times_after
from server.campaigns.moment import Clock, Moment
from server.campaigns.words import AllOf, DayName, Phrases, Sentence
from server.zones.hours import WEEKDAYS

DAY = timedelta(days=1)
WHOLE_DAY = Daytime.model_validate({"start": "00:00", "end": "24:00"})


class Schedule(Condition, frozen=True):
    """Runs from the first to the last day (both included), on these weekdays, in these hours; what is empty does not limit.

    Hours across midnight belong to the day on which they begin: Friday's 22:00 to 02:00 ends on Saturday morning. On the shop's
    holidays it runs as on other days, or never ("skip"), or then alone ("only").
    """

    phrases: ClassVar[Phrases] = {
        "en": {
            "before": "starts on {day}",
            "after": "ended on {day}",
            "weekday": "does not run on a {today}, only on {days}",
            "skip": "does not run on holidays such as {day}",
            "only": "runs on holidays only, and {day} is none",
            "hours": "runs {hours}, and it was {at}",
            "stretch": "{start} to {end}",
        },
        "it": {
            "before": "comincia in data {day}",
            "after": "è finita in data {day}",
            "weekday": "di {today} non è attiva, solo di {days}",
            "skip": "non è attiva nei giorni festivi, in data {day}",
            "only": "è attiva solo nei giorni festivi, e {day} non lo è",
            "hours": "è attiva {hours}, ed erano le {at}",
            "stretch": "dalle {start} alle {end}",
        },
    }
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "On certain days and hours",
            "help": "What you leave empty does not limit. Hours across midnight belong to the day on which they begin.",
            "first_day": "First day",
            "last_day": "Last day",
            "weekdays": "On these weekdays",
            "holidays": "On the shop's holidays",
            "holidays.run": "as on other days",
            "holidays.skip": "never",
            "holidays.only": "then alone",
            "hours": "In these hours",
        },
        "it": {
            "title": "In certi giorni e orari",
            "help": "Ciò che lasci vuoto non limita. Gli orari a cavallo della mezzanotte valgono per il giorno in cui cominciano.",
            "first_day": "Primo giorno",
            "last_day": "Ultimo giorno",
            "weekdays": "In questi giorni",
            "holidays": "Nei giorni di festa del negozio",
            "holidays.run": "come gli altri giorni",
            "holidays.skip": "mai",
            "holidays.only": "solo allora",
            "hours": "In questi orari",
        },
    }
    kind: Literal["schedule"] = "schedule"
    first_day: date | None = None
    last_day: date | None = None
    weekdays: tuple[Weekday, ...] = ()
    holidays: Literal["run", "skip", "only"] = "run"
    hours: tuple[Daytime, ...] = ()
    clock: Clock = "shop"

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("the last day lies before the first")
        if not (self.first_day or self.last_day or self.weekdays or self.hours or self.holidays != "run"):
            raise ValueError("give a first or last day, weekdays, holidays or hours")
        return self

    def objection(self, moment: Moment) -> Sentence | None:
        return self._objection_at(moment.local_time(self.clock), moment.zone.holidays)

    def holds_until(self, moment: Moment) -> datetime | None:
        """The next time within a day at which it runs: it can only begin where one of its stretches or a day begins."""
        local, holidays = moment.local_time(self.clock), moment.zone.holidays
        if self._objection_at(local, holidays) is None:
            return None
        starts = {at for each in self.hours or (WHOLE_DAY,) for at in times_after(each.start, local)}
        return next(
            (
                at
                for at in sorted(starts)
                if at - moment.now <= DAY
                and self._objection_at(at.astimezone(local.tzinfo), holidays) is None
            ),
            None,
        )

    def _objection_at(self, local: datetime, holidays: frozenset[date]) -> Sentence | None:
        stretches = self.hours or (WHOLE_DAY,)
        days = [day for stretch in stretches if (day := stretch.day_of(local))]
        objections = [self._objection_to(day, holidays) for day in days]
        if None in objections:
            return None
        return objections[0] if objections else self._outside_hours(local, holidays)

    def _objection_to(self, day: date, holidays: frozenset[date]) -> Sentence | None:
        if self.first_day and day < self.first_day:
            return self.say("before", day=self.first_day)
        if self.last_day and day > self.last_day:
            return self.say("after", day=self.last_day)
        if self.weekdays and WEEKDAYS[day.weekday()] not in self.weekdays:
            wanted = sorted({WEEKDAYS.index(name) for name in self.weekdays})
            return self.say("weekday", today=DayName(day.weekday()), days=AllOf([DayName(n) for n in wanted]))
        if self.holidays != "run" and (day in holidays) == (self.holidays == "skip"):
            return self.say(self.holidays, day=day)
        return None

    def _outside_hours(self, local: datetime, holidays: frozenset[date]) -> Sentence:
        """Outside of all hours: a day on which it would not run anyway is the better reason."""
        hours = [self.say("stretch", start=each.start, end=each.end) for each in self.hours]
        at = local.time().replace(second=0, microsecond=0)
        return self._objection_to(local.date(), holidays) or self.say("hours", hours=AllOf(hours), at=at)

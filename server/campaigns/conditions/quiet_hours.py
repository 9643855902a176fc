"""Hours in which a campaign keeps quiet. A shopper's own quiet hours hold for every campaign besides (gates.py)."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.condition import About, Condition
from server.campaigns.daytime import Daytime, TimeOfDay
from server.campaigns.moment import Clock, Moment
from server.campaigns.words import Phrases, Sentence


class QuietHours(Condition, frozen=True):
    """Silent from start to end, every day; an end before the start is on the next morning."""

    phrases: ClassVar[Phrases] = {
        "en": {"quiet": "quiet hours of this campaign until {end}"},
        "it": {"quiet": "ore di silenzio di questa campagna fino alle {end}"},
    }
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Quiet hours",
            "help": "Silent from start to end, every day. An end before the start is on the next morning.",
            "start": "Silent from",
            "end": "until",
        },
        "it": {
            "title": "Ore di silenzio",
            "help": "In silenzio dall'inizio alla fine, ogni giorno. Una fine prima dell'inizio cade il mattino dopo.",
            "start": "In silenzio dalle",
            "end": "fino alle",
        },
    }
    kind: Literal["quiet_hours"] = "quiet_hours"
    start: TimeOfDay
    end: TimeOfDay
    clock: Clock = "shopper"

    def objection(self, moment: Moment) -> Sentence | None:
        return self.say("quiet", end=self.end) if self._hours.holds(moment.local_time(self.clock)) else None

    def holds_until(self, moment: Moment) -> datetime | None:
        return self._hours.ends_after(moment.local_time(self.clock))

    @property
    def _hours(self) -> Daytime:
        return Daytime(start=self.start, end=self.end)

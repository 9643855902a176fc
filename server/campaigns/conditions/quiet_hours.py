"""Hours in which a campaign keeps quiet. A shopper's own quiet hours hold for every campaign besides (gates.py)."""

from typing import ClassVar, Literal

from server.campaigns.condition import Condition
from server.campaigns.daytime import Daytime, TimeOfDay
from server.campaigns.moment import Clock, Moment
from server.campaigns.words import Phrases, spoken_time


class QuietHours(Condition, frozen=True):
    """Silent from start to end, every day; an end before the start is on the next morning."""

    phrases: ClassVar[Phrases] = {"en": {"quiet": "quiet hours of this campaign until {end}"}}
    kind: Literal["quiet_hours"] = "quiet_hours"
    start: TimeOfDay
    end: TimeOfDay
    clock: Clock = "shopper"

    def objection(self, moment: Moment) -> str | None:
        if Daytime(start=self.start, end=self.end).holds(moment.local_time(self.clock)):
            return self.say("quiet", end=spoken_time(self.end))
        return None

"""Only while the shop is open. Opening hours belong to the zone (or what it lies in), in the shop's own time zone."""

from typing import ClassVar, Literal

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment
from server.campaigns.words import Phrases


class OpeningHours(Condition, frozen=True):
    """The shop is open. Where its hours are not known the campaign stays silent, and says so."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "closed": "'{zone}' is closed now",
            "unknown": "'{zone}' has no opening hours, so we cannot know that it is open",
        }
    }
    kind: Literal["opening_hours"] = "opening_hours"

    def objection(self, moment: Moment) -> str | None:
        if moment.zone.open is None:
            return self.say("unknown", zone=moment.zone.name)
        return None if moment.zone.open else self.say("closed", zone=moment.zone.name)

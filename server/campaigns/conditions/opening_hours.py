"""Only while the shop is open. Opening hours belong to the zone (or what it lies in), in the shop's own time zone."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Moment
from server.campaigns.span import Span
from server.campaigns.words import Phrases, Sentence


class OpeningHours(Condition, frozen=True):
    """The shop is open, and for so long to come (`left`). Where its hours are not known the campaign stays silent, and says so."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "closed": "'{zone}' is closed now",
            "closing": "'{zone}' closes in {left}, and {wanted} must be left",
            "unknown": "'{zone}' has no opening hours, so we cannot know that it is open",
        },
        "it": {
            "closed": "'{zone}' ora è chiuso",
            "closing": "'{zone}' chiude tra {left}, e il minimo è {wanted}",
            "unknown": "'{zone}' non ha orari di apertura, quindi non possiamo sapere se è aperto",
        },
    }
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only while the shop is open",
            "help": "By the opening hours of the zone or shop. Where these are not known, the campaign stays silent.",
            "left": "And for at least so long to come",
        },
        "it": {
            "title": "Solo a negozio aperto",
            "help": "Secondo gli orari della zona o del negozio. Dove non sono noti la campagna resta in silenzio.",
            "left": "E ancora per almeno",
        },
    }
    kind: Literal["opening_hours"] = "opening_hours"
    left: Span | None = None

    def objection(self, moment: Moment) -> Sentence | None:
        zone = moment.zone
        if zone.open is None:
            return self.say("unknown", zone=zone.name)
        if not zone.open:
            return self.say("closed", zone=zone.name)
        if self.left and zone.closes_at and zone.closes_at - moment.now < self.left:
            return self.say("closing", zone=zone.name, left=zone.closes_at - moment.now, wanted=self.left)
        return None

    def holds_until(self, moment: Moment) -> datetime | None:
        opens_at = moment.zone.opens_at
        return opens_at if self.objection(moment) and opens_at and opens_at > moment.now else None

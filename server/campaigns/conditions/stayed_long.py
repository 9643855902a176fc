"""Only who once stayed long in a zone: tried things on, did not just walk through."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from server.campaigns.moment import ZonePast
from server.campaigns.span import Span
from server.campaigns.visiting import PlaceCondition, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class StayedLong(PlaceCondition, frozen=True):
    """The shopper's longest earlier stay in this zone (or shop) was at least so long. A campaign on a dwell asks about this stay."""

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {
                "never": "the shopper was never in {place} before",
                "short": "the longest earlier stay in {place} was {stay}, at least {wanted} are asked for",
            },
            "it": {
                "never": "il cliente non è mai stato prima in {place}",
                "short": "la permanenza precedente più lunga in {place} è stata di {stay}, il minimo è {wanted}",
            },
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who once stayed long",
            "help": "The longest earlier stay in this shop or zone was at least so long.",
            "at_least": "Stayed at least",
        },
        "it": {
            "title": "Solo chi si è fermato a lungo",
            "help": "La permanenza precedente più lunga in questo negozio o zona è durata almeno così.",
            "at_least": "Si è fermato almeno",
        },
    }
    kind: Literal["stayed_long"] = "stayed_long"
    at_least: Span

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        del now
        if past is None:
            return self.say("never", place=place)
        stay = timedelta(seconds=past.longest_s)
        return (
            None if stay >= self.at_least else self.say("short", place=place, stay=stay, wanted=self.at_least)
        )

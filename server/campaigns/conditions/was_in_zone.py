"""Only who was in a certain zone before: looked at shoes last week, came here at least three times."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.moment import ZonePast
from server.campaigns.span import Span
from server.campaigns.visiting import PlaceCondition, since_last, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class WasInZone(PlaceCondition, frozen=True):
    """The shopper made at least so many visits to this zone (or shop) before, the last of them `within` this time."""

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {
                "few": "earlier visits to {place}: {visits}, at least {wanted} are asked for",
                "few_one": "earlier visits to {place}: {visits}, at least {wanted} is asked for",
                "long_ago": "the last visit to {place} was {ago} ago, not within {within}",
            },
            "it": {
                "few": "visite precedenti in {place}: {visits}, ne servono almeno {wanted}",
                "few_one": "visite precedenti in {place}: {visits}, ne serve almeno {wanted}",
                "long_ago": "l'ultima visita in {place} risale a {ago} fa, non entro {within}",
            },
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who was there before",
            "help": "At least so many earlier visits to this shop or zone, the last of them in the time you give.",
            "at_least": "Visits, at least",
            "within": "The last one in the last (else: ever)",
        },
        "it": {
            "title": "Solo chi c'è già stato",
            "help": "Almeno tante visite precedenti in questo negozio o zona, l'ultima nel tempo indicato.",
            "at_least": "Visite, almeno",
            "within": "L'ultima nell'arco di (altrimenti: da sempre)",
        },
    }
    kind: Literal["was_in_zone"] = "was_in_zone"
    at_least: int = Field(default=1, ge=1, le=10_000)
    within: Span | None = None

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        if past is None or past.visits < self.at_least:
            few = "few_one" if self.at_least == 1 else "few"
            return self.say(few, place=place, visits=past.visits if past else 0, wanted=self.at_least)
        ago = since_last(past, now)
        if self.within is not None and ago > self.within:
            return self.say("long_ago", place=place, ago=ago, within=self.within)
        return None

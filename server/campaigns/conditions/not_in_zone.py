"""Only who was not in a certain zone before, or not lately: never saw the new floor."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.moment import ZonePast
from server.campaigns.span import Span
from server.campaigns.visiting import PlaceCondition, since_last, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class NotInZone(PlaceCondition, frozen=True):
    """The shopper made no visit to this zone (or shop) before; or none `within` this time, if that is given."""

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {
                "ever": "the shopper was in {place} before, {ago} ago",
                "lately": "the shopper was in {place} {ago} ago, within {within}",
            },
            "it": {
                "ever": "il cliente è già stato in {place}, {ago} fa",
                "lately": "il cliente è stato in {place} {ago} fa, entro {within}",
            },
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who was not there before",
            "help": "No earlier visit to this shop or zone; or none in the time you give.",
            "within": "In the last (else: never)",
        },
        "it": {
            "title": "Solo chi non c'è ancora stato",
            "help": "Nessuna visita precedente in questo negozio o zona; oppure nessuna nel tempo indicato.",
            "within": "Nell'arco di (altrimenti: mai)",
        },
    }
    kind: Literal["not_in_zone"] = "not_in_zone"
    within: Span | None = None

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        if past is None or past.visits == 0:
            return None
        ago = since_last(past, now)
        if self.within is None:
            return self.say("ever", place=place, ago=ago)
        return self.say("lately", place=place, ago=ago, within=self.within) if ago <= self.within else None

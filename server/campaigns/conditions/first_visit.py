"""Only who comes for the first time."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.moment import ZonePast
from server.campaigns.visiting import HereCondition, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class FirstVisit(HereCondition, frozen=True):
    """The shopper is in this shop, or in this very zone, for the first time."""

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {"again": "this is not the first visit to {place} but number {number}"},
            "it": {"again": "questa non è la prima visita in {place} ma la numero {number}"},
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only at the first visit",
            "help": "The shopper is here for the first time.",
        },
        "it": {
            "title": "Solo alla prima visita",
            "help": "Il cliente è qui per la prima volta.",
        },
    }
    kind: Literal["first_visit"] = "first_visit"

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        del now
        return self.say("again", place=place, number=past.visits + 1) if past and past.visits else None

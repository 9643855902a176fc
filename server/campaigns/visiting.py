"""What the conditions about earlier visits have in common: which place they ask about, and what is known of it.

In: a shopper's past by zone. Out: the past of one place, or an objection where it is not known.
"""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.condition import AudienceCondition
from server.campaigns.moment import Fact, ShopperFacts, ZoneFacts, ZonePast
from server.campaigns.words import LANGUAGES, Phrases, Sentence

Place = Literal["site", "zone"]
"""The shop in which it happens (the zone itself where it is in none), or the very zone."""

VISIT_PHRASES: Phrases = {
    "en": {
        "nobody": "nobody is known whose visits could be looked up",
        "unknown": "it was not looked up where the shopper was before",
        "nowhere": "it is not known which place is meant",
        "site": "this shop",
        "zone": "this zone",
        "named": "'{zone}'",
    },
    "it": {
        "nobody": "non si sa di chi siano le visite da cercare",
        "unknown": "non è stato cercato dove il cliente sia stato prima",
        "nowhere": "non si sa di quale luogo si parli",
        "site": "questo negozio",
        "zone": "questa zona",
        "named": "'{zone}'",
    },
}


def with_visit_phrases(phrases: Phrases) -> Phrases:
    return {language: {**VISIT_PHRASES[language], **phrases[language]} for language in LANGUAGES}


def since_last(past: ZonePast, now: datetime) -> timedelta:
    """How long ago the last visit ended; since it began, where its end is not known."""
    return now - (past.last_exited_at or past.last_entered_at)


class VisitCondition(AudienceCondition, ABC, frozen=True):
    """Asks about earlier visits to one place, over all of the shopper's devices, without the visit that is open now."""

    needs: ClassVar[frozenset[Fact]] = frozenset({"past"})

    @abstractmethod
    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        """What the past there (None: never there) lacks. `place` is its name in words."""

    @abstractmethod
    def place(self, here: ZoneFacts | None) -> tuple[str, Sentence] | None:
        """The id and the name of the place that is asked about; None where it is not known."""

    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        place = self.place(here)
        if place is None:
            return self.say("nowhere")
        if shopper.past is None:
            return self.say("unknown")
        zone, name = place
        return self.lack_of(shopper.past.get(zone), name, now)


class HereCondition(VisitCondition, ABC, frozen=True):
    """Asks about the place in which it happens: `of` says whether the shop or the very zone is meant."""

    of: Place = "site"

    @property
    def same_everywhere(self) -> bool:
        return False

    def place(self, here: ZoneFacts | None) -> tuple[str, Sentence] | None:
        if here is None:
            return None
        return here.shop if self.of == "site" else here.id, self.say(self.of)


class PlaceCondition(HereCondition, ABC, frozen=True):
    """Asks about one zone by its id, or where there is none about the place in which it happens."""

    zone: str | None = Field(default=None, json_schema_extra={"x-names": "zone"})

    @property
    def same_everywhere(self) -> bool:
        return self.zone is not None

    def place(self, here: ZoneFacts | None) -> tuple[str, Sentence] | None:
        return super().place(here) if self.zone is None else (self.zone, self.say("named", zone=self.zone))

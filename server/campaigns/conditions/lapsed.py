"""Only who has been away for long: to win back, not to pester those who come anyway."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.moment import ZonePast
from server.campaigns.span import Span
from server.campaigns.visiting import PlaceCondition, since_last, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class Lapsed(PlaceCondition, frozen=True):
    """The shopper's last visit to this shop (or zone) ended at least so long ago. Who was never there has not lapsed."""

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {
                "never": "the shopper was never in {place} before",
                "lately": "the last visit to {place} was {ago} ago, it takes {away}",
            },
            "it": {
                "never": "il cliente non è mai stato prima in {place}",
                "lately": "l'ultima visita in {place} risale a {ago} fa, l'assenza richiesta è di {away}",
            },
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who has been away for long",
            "help": "The shopper's last visit ended at least so long ago. Who was never there has not lapsed.",
            "away": "Away for at least",
        },
        "it": {
            "title": "Solo chi manca da tempo",
            "help": "L'ultima visita è finita almeno da questo tempo. Chi non c'è mai stato non conta.",
            "away": "Assente da almeno",
        },
    }
    kind: Literal["lapsed"] = "lapsed"
    away: Span

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        if past is None:
            return self.say("never", place=place)
        ago = since_last(past, now)
        return None if ago >= self.away else self.say("lately", place=place, ago=ago, away=self.away)

"""Only at a visit of a certain number: the tenth, from the third on, every fifth."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.moment import ZonePast
from server.campaigns.visiting import HereCondition, with_visit_phrases
from server.campaigns.words import Phrases, Sentence


class NthVisit(HereCondition, frozen=True):
    """This is the shopper's visit number `n` to this shop, or to this very zone.

    `counting`: exactly that one, every one from it on ("from"), or each multiple of it ("every").
    """

    phrases: ClassVar[Phrases] = with_visit_phrases(
        {
            "en": {
                "exactly": "this is visit {number} to {place}, not number {n}",
                "from": "this is visit {number} to {place}, it begins at number {n}",
                "every": "this is visit {number} to {place}, and only each multiple of {n} counts",
            },
            "it": {
                "exactly": "questa è la visita numero {number} in {place}, non la numero {n}",
                "from": "questa è la visita numero {number} in {place}, si comincia dalla numero {n}",
                "every": "questa è la visita numero {number} in {place}, e contano solo i multipli di {n}",
            },
        }
    )
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only at a visit of a certain number",
            "help": "The tenth visit, every visit from the third on, every fifth.",
            "n": "Number of the visit",
            "counting": "Counts",
            "counting.exactly": "exactly this one",
            "counting.from": "from this one on",
            "counting.every": "each multiple of it",
        },
        "it": {
            "title": "Solo a una certa visita",
            "help": "La decima visita, dalla terza in poi, una ogni cinque.",
            "n": "Numero della visita",
            "counting": "Vale",
            "counting.exactly": "solo questa",
            "counting.from": "da questa in poi",
            "counting.every": "a ogni multiplo",
        },
    }
    kind: Literal["nth_visit"] = "nth_visit"
    n: int = Field(ge=1, le=10_000)
    counting: Literal["exactly", "from", "every"] = "exactly"

    def lack_of(self, past: ZonePast | None, place: Sentence, now: datetime) -> Sentence | None:
        del now
        number = past.visits + 1 if past else 1
        holds = {"exactly": number == self.n, "from": number >= self.n, "every": number % self.n == 0}
        return None if holds[self.counting] else self.say(self.counting, number=number, place=place, n=self.n)

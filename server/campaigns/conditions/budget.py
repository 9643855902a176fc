"""Only while there is money left: what a campaign's offers may cost in all, and on one day."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Fact, Moment, Spent
from server.campaigns.words import Money, Phrases, Sentence


class Budget(Condition, frozen=True):
    """This campaign's offers cost the shop at most so much: in all, and on one day by the shop's clock; each as its offer says."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "unknown": "it was not counted what this campaign has spent",
            "no_cost": "nobody said what one offer of this campaign costs",
            "total": "{spent} of the budget of {limit} is spent, and one more offer costs {cost}",
            "per_day": "{spent} of today's budget of {limit} is spent, and one more offer costs {cost}",
        },
        "it": {
            "unknown": "non è stato contato quanto abbia speso questa campagna",
            "no_cost": "nessuno ha detto quanto costi un'offerta di questa campagna",
            "total": "spesi {spent} del budget di {limit}, e un'altra offerta costa {cost}",
            "per_day": "spesi {spent} del budget di oggi di {limit}, e un'altra offerta costa {cost}",
        },
    }
    about: ClassVar[About] = "often"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only while there is money left",
            "help": "What all offers of this campaign may cost the shop together. Say under the offer what one costs.",
            "total": "In all, at most",
            "per_day": "On one day, at most",
        },
        "it": {
            "title": "Solo finché c'è budget",
            "help": "Quanto possono costare al negozio tutte le offerte di questa campagna. Indica accanto all'offerta quanto ne costa una.",
            "total": "In tutto, al massimo",
            "per_day": "In un giorno, al massimo",
        },
    }
    needs: ClassVar[frozenset[Fact]] = frozenset({"issued"})
    kind: Literal["budget"] = "budget"
    total: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    per_day: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.total is None and self.per_day is None:
            raise ValueError("give a total, or an amount per_day")
        return self

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.budget_spent is None:
            return self.say("unknown")
        cost = moment.offer.cost if moment.offer else None
        if cost is None:
            return self.say("no_cost")
        spent = moment.budget_spent.get(moment.campaign, Spent())
        amounts = {"total": (spent.total, self.total), "per_day": (spent.today, self.per_day)}
        for phrase, (so_far, limit) in amounts.items():
            if limit is not None and _cents(so_far + cost) > _cents(limit):
                return self.say(phrase, spent=Money(so_far), limit=Money(limit), cost=Money(cost))
        return None


def _cents(amount: float) -> int:
    """Amounts meet to the cent: 0.1 + 0.2 spends 0.3."""
    return round(amount * 100)

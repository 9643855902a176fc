"""Only while stocks last: so many offers in all, a day, a day in each shop."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Fact, Issued, Moment
from server.campaigns.words import Phrases, Sentence


class Stock(Condition, frozen=True):
    """This campaign gives at most so many offers: in all, on one day, and on one day in one shop. Days are by the shop's clock."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "unknown": "it was not counted how many offers this campaign has given",
            "total": "{issued} of {limit} offers are given",
            "per_day": "{issued} of the {limit} offers of today are given",
            "per_shop_per_day": "{issued} of the {limit} offers of today in this shop are given",
            "total_one": "{issued} of {limit} offer is given",
            "per_day_one": "{issued} of the {limit} offer of today is given",
            "per_shop_per_day_one": "{issued} of the {limit} offer of today in this shop is given",
        },
        "it": {
            "unknown": "non è stato contato quante offerte abbia dato questa campagna",
            "total": "offerte già date: {issued} su {limit}",
            "per_day": "offerte di oggi già date: {issued} su {limit}",
            "per_shop_per_day": "offerte di oggi in questo negozio già date: {issued} su {limit}",
            "total_one": "offerta già data: {issued} su {limit}",
            "per_day_one": "offerta di oggi già data: {issued} su {limit}",
            "per_shop_per_day_one": "offerta di oggi in questo negozio già data: {issued} su {limit}",
        },
    }
    about: ClassVar[About] = "often"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only while stocks last",
            "help": "So many offers of this campaign are given: in all, on one day, on one day in one shop.",
            "total": "In all",
            "per_day": "On one day",
            "per_shop_per_day": "On one day in one shop",
        },
        "it": {
            "title": "Fino a esaurimento",
            "help": "Quante offerte di questa campagna si danno: in tutto, in un giorno, in un giorno in un negozio.",
            "total": "In tutto",
            "per_day": "In un giorno",
            "per_shop_per_day": "In un giorno in un negozio",
        },
    }
    needs: ClassVar[frozenset[Fact]] = frozenset({"issued"})
    kind: Literal["stock"] = "stock"
    total: int | None = Field(default=None, ge=1, le=1_000_000_000)
    per_day: int | None = Field(default=None, ge=1, le=1_000_000_000)
    per_shop_per_day: int | None = Field(default=None, ge=1, le=1_000_000_000)

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.total is None and self.per_day is None and self.per_shop_per_day is None:
            raise ValueError("give a total, or a number per_day or per_shop_per_day")
        return self

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.issued is None:
            return self.say("unknown")
        issued = moment.issued.get(moment.campaign, Issued())
        counts = {
            "total": (issued.total, self.total),
            "per_day": (issued.today, self.per_day),
            "per_shop_per_day": (issued.today_here, self.per_shop_per_day),
        }
        for phrase, (given, limit) in counts.items():
            if limit is not None and given >= limit:
                return self.say(f"{phrase}_one" if given == 1 else phrase, issued=given, limit=limit)
        return None

"""Only who used offers before, or who did not: by how often, how lately, and for how much."""

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from server.campaigns.condition import AudienceCondition
from server.campaigns.moment import Fact, RedeemedOffer, ShopperFacts, ZoneFacts
from server.campaigns.span import Span
from server.campaigns.words import Money, Phrases, Sentence


class Redeemed(AudienceCondition, frozen=True):
    """The shopper redeemed at least and at most so many offers (of one `campaign`, or of all), `within` this time or ever.

    `spent_at_least`: what they paid with these in all. `at_most` 0 asks for who redeemed none.
    """

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known whose redemptions could be looked up",
            "unknown": "it was not looked up what the shopper redeemed",
            "few": "offers of {which} redeemed {when}: {count}, at least {wanted} are asked for",
            "many": "offers of {which} redeemed {when}: {count}, at most {wanted} are asked for",
            "few_one": "offers of {which} redeemed {when}: {count}, at least {wanted} is asked for",
            "many_one": "offers of {which} redeemed {when}: {count}, at most {wanted} is asked for",
            "little": "spent with offers of {which} {when}: {spent}, at least {wanted} are asked for",
            "one": "'{campaign}'",
            "all": "all campaigns",
            "ever": "so far",
            "within": "in the last {within}",
        },
        "it": {
            "nobody": "non si sa di chi siano i riscatti da cercare",
            "unknown": "non è stato cercato che cosa il cliente abbia riscattato",
            "few": "offerte di {which} riscattate {when}: {count}, ne servono almeno {wanted}",
            "many": "offerte di {which} riscattate {when}: {count}, ne servono al massimo {wanted}",
            "few_one": "offerte di {which} riscattate {when}: {count}, ne serve almeno {wanted}",
            "many_one": "offerte di {which} riscattate {when}: {count}, ne serve al massimo {wanted}",
            "little": "speso con offerte di {which} {when}: {spent}, serve almeno {wanted}",
            "one": "'{campaign}'",
            "all": "tutte le campagne",
            "ever": "finora",
            "within": "nell'arco di {within}",
        },
    }
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who used offers before, or did not",
            "help": "Give at least one of: how many at least, how many at most (0: none), how much was spent.",
            "campaign": "Offers of (else: of all campaigns)",
            "at_least": "At least",
            "at_most": "At most",
            "spent_at_least": "Spent with them at least",
            "within": "In the last (else: ever)",
        },
        "it": {
            "title": "Solo chi ha già usato offerte, o non ancora",
            "help": "Indica almeno uno tra: quante almeno, quante al massimo (0: nessuna), quanto è stato speso.",
            "campaign": "Offerte di (altrimenti: di tutte le campagne)",
            "at_least": "Almeno",
            "at_most": "Al massimo",
            "spent_at_least": "Speso con esse almeno",
            "within": "Nell'arco di (altrimenti: da sempre)",
        },
    }
    needs: ClassVar[frozenset[Fact]] = frozenset({"redeemed"})
    kind: Literal["redeemed"] = "redeemed"
    campaign: str | None = Field(default=None, json_schema_extra={"x-names": "campaign"})
    within: Span | None = None
    at_least: int = Field(default=0, ge=0, le=10_000)
    at_most: int | None = Field(default=None, ge=0, le=10_000)
    spent_at_least: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.at_least and self.at_most is None and self.spent_at_least is None:
            raise ValueError(
                "give at_least (1 for who redeemed any), at_most (0 for who redeemed none) or spent_at_least"
            )
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError("at_most is less than at_least")
        return self

    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        del here
        if shopper.redeemed is None:
            return self.say("unknown")
        theirs = [each for each in shopper.redeemed if self._counts(each, now)]
        if len(theirs) < self.at_least:
            return self._say(
                "few_one" if self.at_least == 1 else "few", count=len(theirs), wanted=self.at_least
            )
        if self.at_most is not None and len(theirs) > self.at_most:
            return self._say(
                "many_one" if self.at_most == 1 else "many", count=len(theirs), wanted=self.at_most
            )
        spent = sum(each.amount or 0.0 for each in theirs)
        if self.spent_at_least is not None and spent < self.spent_at_least:
            return self._say("little", spent=Money(spent), wanted=Money(self.spent_at_least))
        return None

    def _counts(self, redeemed: RedeemedOffer, now: datetime) -> bool:
        lately = self.within is None or redeemed.at > now - self.within
        return lately and self.campaign in (None, redeemed.campaign)

    def _say(self, phrase: str, **facts: object) -> Sentence:
        which = self.say("one", campaign=self.campaign) if self.campaign is not None else self.say("all")
        when = self.say("within", within=self.within) if self.within else self.say("ever")
        return self.say(phrase, which=which, when=when, **facts)

"""Only while there is time enough to use the offer: nobody is called in for a coupon that ends on the way."""

from typing import ClassVar, Literal

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Moment
from server.campaigns.span import Span
from server.campaigns.words import Phrases, Sentence


class Redeemable(Condition, frozen=True):
    """The offer can be used for so long from now on: until its coupon's last day, or where it has none until the offer ends."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "unknown": "it is not known until when the offer can be used",
            "over": "the offer can no longer be used since {at}",
            "short": "the offer can be used for {left} only, at least {wanted} are asked for",
        },
        "it": {
            "unknown": "non si sa fino a quando si possa usare l'offerta",
            "over": "l'offerta non si può più usare, è finita in data {at}",
            "short": "l'offerta si può usare solo per {left}, il minimo è {wanted}",
        },
    }
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only while there is time to use it",
            "help": "Nobody is called in for an offer that ends on the way: it must hold for so long from now on.",
            "left": "Must still hold for",
        },
        "it": {
            "title": "Solo se c'è tempo per usarla",
            "help": "Nessuno viene chiamato per un'offerta che scade lungo la strada: deve valere ancora per questo tempo.",
            "left": "Deve valere ancora per",
        },
    }
    kind: Literal["redeemable"] = "redeemable"
    left: Span

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.offer is None:
            return self.say("unknown")
        ends_at = moment.offer.redeemable_until or moment.offer.ends_at
        if ends_at <= moment.now:
            return self.say("over", at=ends_at.astimezone(moment.time_zone()))
        left = ends_at - moment.now
        return None if left >= self.left else self.say("short", left=left, wanted=self.left)

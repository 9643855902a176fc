"""A time of silence after an offer, counted per shopper."""

from datetime import timedelta
from typing import ClassVar, Literal

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Moment, Scope
from server.campaigns.span import Span
from server.campaigns.words import Phrases, Sentence


class Cooldown(Condition, frozen=True):
    """So long must pass since the shopper's last offer: of this campaign, of its group, or of any campaign."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known whose last offer could be looked up",
            "no_group": "this campaign is in no group whose last offer could be looked up",
            "campaign": "the last offer of this campaign was {ago} ago, {wait} must pass",
            "group": "the last offer of the group '{group}' was {ago} ago, {wait} must pass",
            "all": "the last offer of any campaign was {ago} ago, {wait} must pass",
        },
        "it": {
            "nobody": "non si sa di chi sia l'ultima offerta da cercare",
            "no_group": "questa campagna non è in un gruppo di cui cercare l'ultima offerta",
            "campaign": "l'ultima offerta di questa campagna risale a {ago} fa, l'attesa è di {wait}",
            "group": "l'ultima offerta del gruppo '{group}' risale a {ago} fa, l'attesa è di {wait}",
            "all": "l'ultima offerta di una qualsiasi campagna risale a {ago} fa, l'attesa è di {wait}",
        },
    }
    about: ClassVar[About] = "often"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "A pause after an offer",
            "help": "So long must pass since the shopper's last offer.",
            "wait": "Wait at least",
        },
        "it": {
            "title": "Una pausa dopo un'offerta",
            "help": "Deve passare questo tempo dall'ultima offerta ricevuta dal cliente.",
            "wait": "Aspetta almeno",
        },
    }
    kind: Literal["cooldown"] = "cooldown"
    wait: Span
    scope: Scope = "campaign"

    @property
    def look_back(self) -> timedelta:
        return self.wait

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.shopper is None:
            return self.say("nobody")
        if self.scope == "group" and moment.group is None:
            return self.say("no_group")
        last = max((offer.at for offer in moment.sent_by(self.scope)), default=None)
        if last is None or moment.now - last >= self.wait:
            return None
        of_group = {"group": moment.group} if self.scope == "group" else {}
        return self.say(self.scope, ago=moment.now - last, wait=self.wait, **of_group)

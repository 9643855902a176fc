"""Only for shoppers who agreed to a purpose: e.g. profiling, before a campaign looks at their habits."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.condition import AudienceCondition
from server.campaigns.moment import Moment, Purpose, ShopperFacts, ZoneFacts
from server.campaigns.words import Phrases, Sentence


class Consent(AudienceCondition, frozen=True):
    """The shopper has agreed to this purpose. Never asked means no."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known who could have agreed to {purpose}",
            "never": "the shopper has not agreed to {purpose}",
            "no": "the shopper has said no to {purpose}",
            "lapsed": "the shopper agreed to {purpose} by an earlier text, and has not answered the new one yet",
            "location": "the use of location",
            "profiling": "a profile of their habits",
            "push": "push messages",
            "email": "e-mail",
            "sms": "SMS",
        },
        "it": {
            "nobody": "non si sa chi possa aver acconsentito a {purpose}",
            "never": "il cliente non ha acconsentito a {purpose}",
            "no": "il cliente ha detto di no a {purpose}",
            "lapsed": "il cliente ha acconsentito a {purpose} con un testo precedente, e al nuovo non ha ancora risposto",
            "location": "l'uso della posizione",
            "profiling": "un profilo delle sue abitudini",
            "push": "i messaggi push",
            "email": "le e-mail",
            "sms": "gli SMS",
        },
    }
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who agreed to a purpose",
            "help": "Who was never asked counts as no. The use of location and of each channel is asked for by every campaign anyway.",
            "purpose": "Agreed to",
            "purpose.location": "the use of location",
            "purpose.profiling": "a profile of their habits",
            "purpose.push": "push messages",
            "purpose.email": "e-mail",
            "purpose.sms": "SMS",
        },
        "it": {
            "title": "Solo chi ha dato un consenso",
            "help": "Chi non è mai stato interpellato vale come no. La posizione e ogni canale vengono controllati comunque da ogni campagna.",
            "purpose": "Ha acconsentito a",
            "purpose.location": "l'uso della posizione",
            "purpose.profiling": "un profilo delle abitudini",
            "purpose.push": "messaggi push",
            "purpose.email": "e-mail",
            "purpose.sms": "SMS",
        },
    }
    kind: Literal["consent"] = "consent"
    purpose: Purpose

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.shopper is None:
            return self.say("nobody", purpose=self.say(self.purpose))
        return self.lack(moment.shopper, moment.now, moment.zone)

    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        del now, here
        given = shopper.consents.get(self.purpose)
        if given is not None and given.holds:
            return None
        why = "never" if given is None else "lapsed" if given.granted else "no"
        return self.say(why, purpose=self.say(self.purpose))

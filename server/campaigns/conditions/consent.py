"""Only for shoppers who agreed to a purpose: e.g. profiling, before a campaign looks at their habits."""

from typing import ClassVar, Literal

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment, Purpose
from server.campaigns.words import Phrases


class Consent(Condition, frozen=True):
    """The shopper has agreed to this purpose. Never asked means no."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known who could have agreed to {purpose}",
            "never": "the shopper has not agreed to {purpose}",
            "no": "the shopper has said no to {purpose}",
            "location": "the use of location",
            "profiling": "a profile of their habits",
            "push": "push messages",
            "email": "e-mail",
            "sms": "SMS",
        }
    }
    kind: Literal["consent"] = "consent"
    purpose: Purpose

    def objection(self, moment: Moment) -> str | None:
        purpose = self.say(self.purpose)
        if moment.shopper is None:
            return self.say("nobody", purpose=purpose)
        given = moment.shopper.consents.get(self.purpose)
        if given is None:
            return self.say("never", purpose=purpose)
        return None if given.granted else self.say("no", purpose=purpose)

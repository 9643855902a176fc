"""Only who can be reached by certain channels: a picture for phones, a letter for those who gave an address."""

from datetime import datetime
from typing import ClassVar, Literal

from server.campaigns.channels import ChannelName
from server.campaigns.condition import AudienceCondition
from server.campaigns.moment import ShopperFacts, ZoneFacts
from server.campaigns.words import AnyOf, Phrases, Sentence


class Reachable(AudienceCondition, frozen=True):
    """The shopper has a living address for one of these channels; for any channel where none is named."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known who could be reached",
            "none": "the shopper cannot be reached by any channel",
            "by": "the shopper cannot be reached by {channels}",
            "fcm": "push to the app",
            "webpush": "push to the browser",
            "email": "e-mail",
            "sms": "SMS",
            "chat": "chat",
            "webhook": "the shop's own systems",
            "inbox": "the app's inbox",
            "live": "the open app",
        },
        "it": {
            "nobody": "non si sa chi si possa raggiungere",
            "none": "il cliente non si può raggiungere con alcun canale",
            "by": "il cliente non si può raggiungere con {channels}",
            "fcm": "push all'app",
            "webpush": "push al browser",
            "email": "e-mail",
            "sms": "SMS",
            "chat": "chat",
            "webhook": "i sistemi del negozio",
            "inbox": "la posta dell'app",
            "live": "l'app aperta",
        },
    }
    kind: Literal["reachable"] = "reachable"
    channels: tuple[ChannelName, ...] = ()

    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        del now, here
        if not self.channels:
            return None if shopper.reachable else self.say("none")
        if shopper.reach.isdisjoint(self.channels):
            return self.say("by", channels=AnyOf([self.say(name) for name in self.channels]))
        return None

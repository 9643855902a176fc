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
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who can be reached",
            "help": "The shopper has a living address for one of these channels; for any, where you choose none.",
            "channels": "By one of these channels",
            "channels.fcm": "push to the app",
            "channels.webpush": "push to the browser",
            "channels.email": "e-mail",
            "channels.sms": "SMS",
            "channels.chat": "chat",
            "channels.webhook": "the shop's own systems",
            "channels.inbox": "the app's inbox",
            "channels.live": "the open app",
        },
        "it": {
            "title": "Solo chi si può raggiungere",
            "help": "Il cliente ha un recapito valido per uno di questi canali; per uno qualsiasi, se non ne scegli.",
            "channels": "Con uno di questi canali",
            "channels.fcm": "push all'app",
            "channels.webpush": "push al browser",
            "channels.email": "e-mail",
            "channels.sms": "SMS",
            "channels.chat": "chat",
            "channels.webhook": "i sistemi del negozio",
            "channels.inbox": "la posta dell'app",
            "channels.live": "l'app aperta",
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

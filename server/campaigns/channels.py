"""The channels by which an offer may reach a shopper, as campaigns name them, and what each of them asks of the shopper.

A channel is sent through by its file in delivery; which consent it needs is law and no matter of transport, so it stands here,
where decisions and the outbox both see it.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from server.campaigns.moment import Moment, Purpose

ChannelName = Literal["fcm", "webpush", "email", "sms", "chat", "webhook", "inbox", "live"]

#: The purpose that a shopper must have agreed to. The inbox, an app that is open (live) and the shop's own systems (webhook) push
#: nothing at anybody. A chat message (WhatsApp, Telegram) rings like an SMS and goes to the same number.
PURPOSES: Mapping[str, Purpose] = MappingProxyType(
    {"fcm": "push", "webpush": "push", "email": "email", "sms": "sms", "chat": "sms"}
)

#: What goes to the shop's own systems reaches them wherever the shopper is.
TO_THE_SHOP = frozenset({"webhook"})


def agreed(channels: Iterable[str], moment: Moment) -> tuple[str, ...]:
    """Of these channels, in order, those that the shopper allows: never asked means no."""
    consents = moment.shopper.consents if moment.shopper else {}
    allowed = []
    for name in channels:
        purpose = PURPOSES.get(name)
        answer = consents.get(purpose) if purpose else None
        if purpose is None or (answer is not None and answer.holds):
            allowed.append(name)
    return tuple(allowed)


def open_to(channels: Iterable[str], moment: Moment) -> tuple[str, ...]:
    """Of these channels, in order, those that the shopper allows and can be reached by now."""
    reach = moment.shopper.reach if moment.shopper else frozenset()
    if moment.device.has_address:
        reach |= {"fcm"}
    return tuple(name for name in agreed(channels, moment) if name in reach or name in TO_THE_SHOP)

"""What a phone may give as an address, by its kind; and for which kinds the shop must vouch.

In: the body of `PUT /v1/devices/me/address`. Out: a kind and a value that its channel can use. A push address is a secret of the phone's own app, so
whoever says it has it. A mailbox or a number is no secret: those need a proof (`proof.py`).
"""

import json
import re
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from server.records.devices import AddressKind
from server.web.fields import Given

#: Kinds that anybody may know of anybody.
VOUCHED: Final = frozenset({"email", "sms", "chat"})

_FORMS: Final = {
    "email": (re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+"), "an e-mail address"),
    "sms": (re.compile(r"\+[1-9]\d{6,14}"), "a phone number: + and 7 to 15 digits"),
}


class AddressGiven(Given):
    """Where a channel reaches this device, in place of where it did before."""

    kind: AddressKind
    value: Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$")] = (
        Field(
            description="the token; for webpush PushSubscription.toJSON() as text; an e-mail address; +39..."
        )
    )
    proof: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="for email, sms and chat: the shop's word that it is the shopper's"
    )

    @model_validator(mode="after")
    def _has_its_form(self) -> Self:
        form, name = _FORMS.get(self.kind, (None, ""))
        if form is not None and not form.fullmatch(self.value):
            raise ValueError(f"value is not {name}")
        if self.kind == "webpush" and not _is_subscription(self.value):
            raise ValueError("value is no push subscription: an https endpoint with keys p256dh and auth")
        return self


def _is_subscription(value: str) -> bool:
    try:
        said = json.loads(value)
        keys = said["keys"]
        return (
            urlsplit(said["endpoint"]).scheme == "https"
            and isinstance(keys["p256dh"], str)
            and isinstance(keys["auth"], str)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False

"""The shop's own systems send the offer (a CRM, their own push): a signed POST of JSON to one URL.

In: a parcel. Out: a receipt, or why not. Signed as Standard Webhooks asks (standardwebhooks.com, HMAC-SHA256 over id, time and
body); `webhook-id` is the offer's id, so that a receiver knows a repeat. Any 2xx takes it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator
from standardwebhooks import Webhook

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import ChannelSettings, Receipt, Refused
from server.delivery.line import Line, opened, retry_after_s, usual_verdict
from server.records.parcels import Parcel

KINDS: frozenset[str] = frozenset()


class Settings(ChannelSettings):
    """The shop's own system that is to send offers. Without a URL there is none."""

    secrets = frozenset({"secret"})
    url: str | None = Field(
        None, pattern=r"^https?://[^/\s]+(/\S*)?$", description="Where offers are posted to."
    )
    secret: SecretStr | None = Field(
        None,
        description="What posts are signed with: whsec_ and 24 to 64 bytes in base64 (Standard Webhooks).",
    )
    timeout_s: float = Field(10.0, gt=0, le=12, description="How long one post may take.")
    connections: int = Field(20, ge=1, le=1000, description="Connections kept open at most.")
    per_second: float = Field(50.0, gt=0, description="Offers a second at most: a CRM is no push service.")

    @property
    def enabled(self) -> bool:
        return self.url is not None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.enabled:
            self.signer()
        return self

    def signer(self) -> Webhook:
        """What signs. ValueError without a secret, or for one that is none."""
        if self.secret is None:
            raise ValueError("secret is missing: nobody could tell our posts from anybody's")
        try:
            return Webhook(self.secret.get_secret_value())
        except Exception:  # noqa: BLE001 - the library raises what its base64 raises
            raise ValueError("secret is no Standard Webhooks secret: whsec_ and base64") from None


@asynccontextmanager
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["OwnSystem"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked yet."""
    signer = settings.signer()
    async with opened("the webhook", connections=settings.connections, timeout_s=settings.timeout_s) as line:
        yield OwnSystem(settings.url or "", signer, line)


class OwnSystem:
    """The opened channel."""

    def __init__(self, url: str, signer: Webhook, line: Line) -> None:
        self._url = url
        self._signer = signer
        self._line = line

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        body = encode(parcel)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": parcel.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(parcel.id, now, body.decode()),
        }
        answer = await self._line.post(self._url, body, headers)
        if 200 <= answer.status < 300:
            return Receipt(f"{answer.status} {parcel.id}")
        after_s = retry_after_s(answer.headers.get("Retry-After"), now)
        raise usual_verdict(answer.status, f"the webhook answered {answer.status}", after_s)

    async def check(self) -> None:
        """Only a post would tell, and a post is an offer."""

    def health(self) -> dict[str, Any]:
        """Nothing that is not in the settings."""
        return {}


def encode(parcel: Parcel) -> bytes:
    """What the shop's system reads: whom it is for, by our id, and all that is to be said. Raises Refused for what is no text."""
    said = {
        "type": "offer.due",
        "data": {
            "offer": parcel.id,
            "shopper": parcel.shopper,
            "campaign": parcel.campaign,
            "visit": parcel.visit,
            "title": parcel.title,
            "body": parcel.body,
            "data": dict(parcel.data),
            "collapse_key": parcel.collapse_key,
            "expires_at": parcel.expires_at.isoformat(),
        },
    }
    try:
        return json.dumps(said, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Refused(f"not a message: {type(error).__name__}") from error

"""Web push without a middleman (RFC 8030, 8291, 8292), UnifiedPush too. In: a parcel. Out: a receipt, or why not.

The address is what the browser's `PushSubscription.toJSON()` gives. pywebpush encrypts, py-vapid says who we are; the connections are our own.
The body is declarative (`"web_push": 8030`, WebKit): a browser that knows it shows the offer without a service worker, others
hand the same JSON to theirs.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException
from pydantic import Field, SecretStr, model_validator
from pywebpush import WebPusher, WebPushException

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import (
    ChannelDown,
    ChannelSettings,
    Receipt,
    Refused,
    SendError,
    Undeliverable,
)
from server.delivery.line import Answer, Line, opened, retry_after_s, usual_verdict
from server.records.parcels import Parcel

KINDS = frozenset({"webpush"})

# Every push service takes 4,096 bytes (RFC 8030, 7.2): less a header of 86 and a tag and delimiter of 17 (RFC 8188).
_BODY_LIMIT_BYTES = 4096 - 86 - 17
_LONGEST_TTL_S = 2_419_200  # four weeks, where the services that have a limit have theirs
_VAPID_HOLDS = timedelta(hours=12)  # at most 24 (RFC 8292, 2)
# One subscription that was made with another key is a leftover. Several in a row are our own key, which was changed.
_REFUSALS_THAT_ARE_OURS = 5


class Settings(ChannelSettings):
    """Web push. Without a VAPID key browsers are not reached."""

    secrets = frozenset({"private_key"})
    private_key: SecretStr | None = Field(
        None, description="The VAPID key: 32 bytes in base64url, as `vapid` and `web-push` make it, or PEM."
    )
    subject: str | None = Field(
        None,
        pattern=r"^(mailto:\S+@\S+|https://\S+)$",
        description="Whom a push service writes to when something is wrong: mailto: or https:.",
    )
    home: str | None = Field(
        None,
        pattern=r"^https://\S+$",
        description="Where an offer without a link of its own leads; a declarative message must lead somewhere.",
    )
    allow_private: bool = Field(
        False,
        description="Whether push services in your own network may be reached. Else a phone could send us to its doors.",
    )
    timeout_s: float = Field(10.0, gt=0, le=12, description="How long one request may take.")
    connections: int = Field(100, ge=1, le=1000, description="Connections kept open at most.")
    per_second: float = Field(500.0, gt=0, description="Offers a second at most, over all push services.")

    @property
    def enabled(self) -> bool:
        return self.private_key is not None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.enabled:
            self.vapid()
            if self.subject is None:
                raise ValueError("subject is missing: push services refuse whom they cannot write to")
        return self

    def vapid(self) -> Vapid02:
        """Who signs. ValueError where there is no key, or none that can be used."""
        key = self.private_key.get_secret_value() if self.private_key else ""
        try:
            return Vapid02.from_pem(key.encode()) if "BEGIN" in key else Vapid02.from_string(key)
        except Exception:  # noqa: BLE001 - the library raises whatever its parts raise
            raise ValueError("private_key is no P-256 key in base64url or PEM") from None

    @property
    def public_key(self) -> str:
        """What a page gives as `applicationServerKey` when it subscribes: 65 bytes in base64url."""
        point = self.vapid().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _base64url(point)


@asynccontextmanager
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["WebPush"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked of anybody yet."""
    async with opened(
        "the push service",
        connections=settings.connections,
        timeout_s=settings.timeout_s,
        public_only=not settings.allow_private,
    ) as line:
        yield WebPush(settings, line)


class WebPush:
    """The opened channel."""

    def __init__(self, settings: Settings, line: Line) -> None:
        self._settings = settings
        self._vapid = settings.vapid()
        self._line = line
        self._refusals = 0
        self._words: dict[str, tuple[datetime, str]] = {}  # push service -> until when, Authorization

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        body = encode(parcel, self._settings.home)
        endpoint, sealed = _sealed(parcel, body)
        headers = {
            "Authorization": self._authorization(endpoint, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(min(max(int((parcel.expires_at - now).total_seconds()), 0), _LONGEST_TTL_S)),
            "Topic": topic(parcel.collapse_key),
            "Urgency": "high",  # the shopper stands in the shop now
        }
        answer = await self._line.post(endpoint, sealed, headers)
        if answer.status in {200, 201, 202}:
            self._refusals = 0
            return Receipt(answer.headers.get("Location", "").rpartition("/")[2] or f"webpush/{parcel.id}")
        raise self._read(answer, now)

    async def check(self) -> None:
        """Our key was read when the settings were; a push service tells only when it is sent something."""

    def health(self) -> dict[str, Any]:
        """The public key, which is no secret."""
        return {"public_key": self._settings.public_key}

    def _read(self, answer: Answer, now: datetime) -> SendError:
        why = f"the push service answered {answer.status}"
        if answer.status in {404, 410}:
            return Undeliverable(why)
        if answer.status in {401, 403}:
            self._refusals += 1
            if self._refusals >= _REFUSALS_THAT_ARE_OURS:
                return ChannelDown(f"{why}: our VAPID key is refused")
            return Undeliverable(f"{why}: subscribed with another key")
        verdict = usual_verdict(answer.status, why, retry_after_s(answer.headers.get("Retry-After"), now))
        # Whose door the phone named is not ours to mend: an odd answer is about this address alone.
        return Undeliverable(why) if isinstance(verdict, ChannelDown) else verdict

    def _authorization(self, endpoint: str, now: datetime) -> str:
        """One signature holds for half a day at one push service: making one for each offer would cost more than the rest."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        until, said = self._words.get(audience, (now, ""))
        if until - now < _VAPID_HOLDS / 2:
            until = now + _VAPID_HOLDS
            claims = {"aud": audience, "sub": self._settings.subject, "exp": int(until.timestamp())}
            try:
                said = self._vapid.sign(claims)["Authorization"]
            except VapidException as error:  # it signs for no IPv6 literal, and no push service is one
                raise Undeliverable("the endpoint is no push service's address") from error
            if len(self._words) > 1000:  # a few services serve the world: so many are somebody's game
                self._words.clear()
            self._words[audience] = (until, said)
        return said


def encode(parcel: Parcel, home: str | None) -> bytes:
    """The declarative message (webkit.org/blog/16535); raises Refused where it is longer than push services take."""
    navigate = parcel.data.get("url") or home
    notification: dict[str, Any] = {
        "title": parcel.title,
        "body": parcel.body,
        "tag": parcel.collapse_key,
        "data": dict(parcel.data),
        **({"navigate": navigate} if navigate else {}),
        **({"image": parcel.data["image"]} if "image" in parcel.data else {}),
    }
    try:
        body = json.dumps({"web_push": 8030, "notification": notification}, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Refused(f"not a message: {error}") from error
    if len(body) > _BODY_LIMIT_BYTES:
        raise Refused(f"title, body and data are more than {_BODY_LIMIT_BYTES} bytes")
    return body


def topic(collapse_key: str) -> str:
    """A Topic of at most 32 characters of base64url (RFC 8030, 5.4): the same for the same key."""
    return _base64url(hashlib.blake2b(collapse_key.encode(), digest_size=24).digest())


def _sealed(parcel: Parcel, body: bytes) -> tuple[str, bytes]:
    """Where to, and the body that only this browser can read (RFC 8291). Raises Undeliverable for what is no subscription."""
    try:
        subscription = json.loads(parcel.address.value if parcel.address else "")
        return str(subscription["endpoint"]), WebPusher(subscription).encode(body, "aes128gcm")["body"]
    except (ValueError, LookupError, TypeError, AttributeError, WebPushException) as error:
        raise Undeliverable(f"not a push subscription: {type(error).__name__}") from None


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")

"""Text messages to phone numbers, through whichever service apprise knows. In: a parcel. Out: a receipt, or why not.

No such service knows a collapse key: where a line breaks just after a message was taken, the repeat is shown too.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import ChannelSettings, Receipt, Refused, Undeliverable
from server.delivery.through_apprise import Apprise, check_url, opened
from server.records.parcels import Parcel

KINDS = frozenset({"sms"})

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164


class Settings(ChannelSettings):
    """Text messages. Without a service none is sent."""

    secrets = frozenset({"url"})
    url: SecretStr | None = Field(
        None,
        description="The service as an apprise URL with a place for the address: twilio://SID:TOKEN@+15550100/{to}.",
    )
    longest: int = Field(
        480, ge=70, description="Characters at most: 480 are three or four messages, which is what it costs."
    )
    at_once: int = Field(8, ge=1, le=100, description="Messages under way at the same time, a thread each.")
    per_second: float = Field(
        5.0,
        gt=0,
        description="Messages a second at most: a long number may send one, a short code a hundred.",
    )

    @property
    def enabled(self) -> bool:
        return self.url is not None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.url is not None:
            check_url(self.url.get_secret_value())
        return self


@asynccontextmanager
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["Sms"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked of the service yet."""
    url = settings.url.get_secret_value() if settings.url else ""
    async with opened(url, "the SMS service", at_once=settings.at_once) as service:
        yield Sms(service, settings.longest)


class Sms:
    """The opened channel."""

    def __init__(self, service: Apprise, longest: int) -> None:
        self._service = service
        self._longest = longest

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        del now
        if parcel.address is None or not _NUMBER.fullmatch(parcel.address.value):
            raise Undeliverable("not a phone number: + and 7 to 15 digits")
        text = "\n".join([parcel.title, parcel.body, *([parcel.data["url"]] if "url" in parcel.data else [])])
        if len(text) > self._longest:
            raise Refused(f"the text has {len(text)} characters, at most {self._longest} may go")
        await self._service.send(parcel.address.value, "", text)
        return Receipt(f"sms/{parcel.id}")

    async def check(self) -> None:
        """Whether the service's URL is one; asking more would be sending."""
        self._service.check()

    def health(self) -> dict[str, Any]:
        """Nothing that is not in the settings."""
        return {}

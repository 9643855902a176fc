"""Messages in chats (Telegram, WhatsApp, Signal, Matrix ...), through whichever service apprise knows. In: a parcel. Out: a receipt, or why not.

No such service knows a collapse key: where a line breaks just after a message was taken, the repeat is shown too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import ChannelSettings, Receipt, Refused, Undeliverable
from server.delivery.through_apprise import Apprise, check_url, opened
from server.records.parcels import Parcel

KINDS = frozenset({"chat"})


class Settings(ChannelSettings):
    """Chat messages. Without a service none is sent."""

    secrets = frozenset({"url"})
    url: SecretStr | None = Field(
        None,
        description="The service as an apprise URL with a place for the address: tgram://BOT_TOKEN/{to}.",
    )
    longest: int = Field(
        2000, ge=70, description="Characters at most: more than that nobody reads in a chat."
    )
    at_once: int = Field(8, ge=1, le=100, description="Messages under way at the same time, a thread each.")
    per_second: float = Field(
        20.0, gt=0, description="Messages a second at most: Telegram allows some thirty over all chats."
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
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["Chat"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked of the service yet."""
    url = settings.url.get_secret_value() if settings.url else ""
    async with opened(url, "the chat service", at_once=settings.at_once) as service:
        yield Chat(service, settings.longest)


class Chat:
    """The opened channel."""

    def __init__(self, service: Apprise, longest: int) -> None:
        self._service = service
        self._longest = longest

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        del now
        if parcel.address is None:
            raise Undeliverable("no address in a chat")
        text = "\n".join([parcel.title, parcel.body, *([parcel.data["url"]] if "url" in parcel.data else [])])
        if len(text) > self._longest:
            raise Refused(f"the text has {len(text)} characters, at most {self._longest} may go")
        await self._service.send(parcel.address.value, "", text)
        return Receipt(f"chat/{parcel.id}")

    async def check(self) -> None:
        """Whether the service's URL is one; asking more would be sending."""
        self._service.check()

    def health(self) -> dict[str, Any]:
        """Nothing that is not in the settings."""
        return {}

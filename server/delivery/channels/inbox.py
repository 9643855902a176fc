"""The inbox of the shop's own app: nothing leaves. In: a parcel. Out: a receipt; the app fetches it with `GET /v1/inbox`.

The outbox row itself is what the inbox shows, so that there is nothing to keep twice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import ChannelSettings, Receipt
from server.records.parcels import Parcel

KINDS: frozenset[str] = frozenset()


class Settings(ChannelSettings):
    """The inbox in the shop's app, which it fetches by itself."""

    inside: ClassVar[bool] = True
    shows_outbox: ClassVar[bool] = True
    on: bool = Field(True, description="Whether campaigns may speak through the inbox.")

    @property
    def enabled(self) -> bool:
        return self.on


@asynccontextmanager
async def open(_settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["Inbox"]:  # noqa: A001 - the contract's word
    """Open the channel: there is nothing to open."""
    yield Inbox()


class Inbox:
    """The opened channel."""

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """Leave the offer where it is: settled as sent, it is in the inbox."""
        del now
        return Receipt(f"inbox/{parcel.id}")

    async def check(self) -> None:
        """Nobody can refuse us."""

    def health(self) -> dict[str, Any]:
        """Nothing can be wrong with it."""
        return {}

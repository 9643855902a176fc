"""The live stream of a phone whose app is open (`GET /v1/live`): delivered only where somebody listens.

In: a parcel. Out: a receipt once it went out on the phone's line; Undeliverable where no phone of the shopper listens to this process,
so that the next channel of the order has its turn.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import ChannelSettings, Receipt, Undeliverable
from server.records.parcels import Parcel

KINDS: frozenset[str] = frozenset()


class Settings(ChannelSettings):
    """The live stream of phones whose app is open."""

    inside: ClassVar[bool] = True
    on: bool = Field(True, description="Whether campaigns may speak through the live stream.")
    within_s: float = Field(
        3.0,
        gt=0,
        le=10,
        description="How long a phone's line may take to swallow an offer; then the phone is taken for gone.",
    )

    @property
    def enabled(self) -> bool:
        return self.on


@asynccontextmanager
async def open(settings: Settings, phones: Phones = NOBODY) -> AsyncIterator["Live"]:  # noqa: A001 - the contract's word
    """Open the channel to the phones that listen."""
    yield Live(phones, settings.within_s)


class Live:
    """The opened channel."""

    def __init__(self, phones: Phones, within_s: float) -> None:
        self._phones = phones
        self._within_s = within_s

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        del now
        news = {
            "type": "offer",
            "offer": parcel.id,
            "title": parcel.title,
            "body": parcel.body,
            "data": dict(parcel.data),
            "collapse_key": parcel.collapse_key,
            "expires_at": parcel.expires_at,
        }
        device = await self._phones.tell(parcel.shopper, parcel.device, news, self._within_s)
        if device is None:
            raise Undeliverable("no phone listens")
        return Receipt(f"live/{device}/{parcel.id}")

    async def check(self) -> None:
        """Nobody can refuse us."""

    def health(self) -> dict[str, Any]:
        """Nothing can be wrong with it."""
        return {}

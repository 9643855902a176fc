"""The other sides of our channels: what the contract of a channel is proven against. One for each channel."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.delivery.channels import fcm
from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Fault
from tests.server.delivery.makers import a_parcel


@dataclass
class Peer:
    """A running other side, and how to make it misbehave towards the address of `parcel`."""

    settings: Any
    parcel: Any
    unacceptable: Any
    arrived: Callable[[], int]
    fails_for_a_while: Callable[[], None]
    forgets_the_address: Callable[[], None]
    refuses_us: Callable[[], None]
    goes_away: Callable[[], Any]


@asynccontextmanager
async def fcm_peer(folder: Path) -> AsyncIterator[Peer]:
    async with FcmStandIn() as stand_in:
        yield Peer(
            settings=fcm.Settings(
                service_account_file=stand_in.service_account_file(folder), endpoint=stand_in.url
            ),
            parcel=a_parcel(),
            unacceptable=a_parcel(body="x" * 5000),
            arrived=lambda: len(stand_in.arrivals),
            fails_for_a_while=lambda: stand_in.fail("phone-1", Fault.UNAVAILABLE, times=1),
            forgets_the_address=lambda: stand_in.fail("phone-1", Fault.UNREGISTERED),
            refuses_us=stand_in.refuse_tokens,
            goes_away=lambda: stand_in.__aexit__(None, None, None),
        )


PEERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Peer]]] = {"fcm": fcm_peer}

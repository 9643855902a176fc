"""The contract of a channel: what a file in `channels/` gives, and how a send may end.

In: a parcel (an outbox row with its address). Out: a receipt, or one of four errors, each of which says what to do
next. A file in `channels/` is a channel when it has

    KINDS                    the kinds of address it sends to; none where it needs no address
    class Settings           a ChannelSettings: the channel's section of the settings, every key with a default
    def open(settings, phones)   an async context manager that yields a Channel and closes it; `phones` are those that listen now

and nothing else has to know its name: `channels.found()` reads the folder.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from server.bus.phones import Phones
from server.records.parcels import Parcel
from server.section import Section


class SendError(Exception):
    """A send did not succeed.

    SendError
      +- TryAgain       a passing fault: the same parcel, to the same address, later
      +- Undeliverable  the address is dead: forget it
      +- Refused        our message is bad: never send it again, keep the address
      +- ChannelDown    the channel takes nothing from us: stop, alarm, keep the parcels
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TryAgain(SendError):
    """A passing fault. `after_s` (seconds) is the least wait that the other side asked for."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Undeliverable(SendError):
    """The address is dead; nothing will ever arrive there."""


class Refused(SendError):
    """The message itself is unacceptable, to whatever address."""


class ChannelDown(SendError):
    """Our own credentials or settings are refused: no parcel can go until somebody acts."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered when it took a message: its own name for it. Taken is not yet shown."""

    name: str


class ChannelSettings(Section):
    """A channel's section of the settings. A channel that is not `enabled` is not opened.

    `inside` is True for a channel by which nothing leaves the house: it needs nobody's credentials. `shows_outbox` is True where the
    outbox row itself is what the shopper sees, so that nothing can be shown which is not kept there. `per_second` is the most offers a
    second that the other side may be sent: each channel has its own.
    """

    inside: ClassVar[bool] = False
    shows_outbox: ClassVar[bool] = False

    @property
    def rate(self) -> float | None:
        """Offers a second at most; None for a channel without a limit."""
        per_second: float | None = getattr(self, "per_second", None)
        return per_second

    @property
    def enabled(self) -> bool:
        """Whether enough is given to open it."""
        raise NotImplementedError


class Channel(Protocol):
    """An opened channel. Used by many sends at once, on one event loop."""

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """Send one parcel, whose offer has not ended at `now`, to its address (None only where KINDS is empty).

        Raises TryAgain, Undeliverable, Refused or ChannelDown, and nothing else for what the other side does.
        """
        ...

    async def check(self) -> None:
        """Find out without sending whether our credentials are good; raises TryAgain or ChannelDown."""
        ...

    def health(self) -> dict[str, Any]:
        """What an operator would ask of this channel. No addresses, no secrets."""
        ...


class ChannelFile(Protocol):
    """What a file of `channels/` must have."""

    KINDS: frozenset[str]
    Settings: type[ChannelSettings]
    open: Callable[[Any, Phones], AbstractAsyncContextManager[Channel]]

"""What the air brings, and how a radio tells of itself: the values that every scanner room shares.

In: nothing. Out: `Advertisement` (one packet as heard), `RadioHealth`, and `Radio`, the contract that the real
radio (BlueZ through bleak), a recording and the simulator's pretend radio fulfil. Imports nothing of ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

NO_RSSI = -127
"""dBm; what the Bluetooth specification and bleak report where the signal strength is not known."""

Condition = Literal["hearing", "silent", "off", "failed"]
"""hearing: packets arrive. silent: the radio listens and hears nothing. off: switched off. failed: broken or gone."""


@dataclass(frozen=True, slots=True)
class Advertisement:
    """One advertisement as heard.

    `manufacturer_data` is keyed by company number (0x004C is Apple), `service_data` by the service's short name:
    four lower-case hex digits for the 16-bit ones ("feaa" is Eddystone), the whole UUID text for the others.
    `rssi` is in dBm, `heard_at` in UTC epoch seconds of this machine's clock. What `encode` of a format returns has
    no rssi and no time yet: `dataclasses.replace(advertisement, rssi=-70, heard_at=now)` puts it on the air.
    """

    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)
    service_data: Mapping[str, bytes] = field(default_factory=dict)
    address: str | None = None
    rssi: float = NO_RSSI
    heard_at: float = 0.0


@dataclass(frozen=True, slots=True)
class RadioHealth:
    """How a radio is: `reason` are words for the store's staff (None while all is well).

    `restarts` counts how often scanning had to be started anew; `last_heard_at` is when any packet at all, ours or
    not, was last heard (UTC epoch seconds).
    """

    condition: Condition
    reason: str | None = None
    restarts: int = 0
    last_heard_at: float | None = None


class Radio(Protocol):
    """A radio calls `hear` for each advertisement, from the event loop's own thread, and survives its own troubles.

    `run` ends when nothing more will ever be heard (a recording is over); a real radio runs until it is cancelled.
    `health` may be asked at any moment.
    """

    async def run(self, hear: Callable[[Advertisement], None]) -> None: ...

    def health(self) -> RadioHealth: ...

"""The shop's gateways: real `scanner` agents on a pretend radio. In: what each anchor hears. Out: their sightings at the server.

Everything behind the radio is the scanner as it ships: formats, allow-list, window, spool, signed and packed batches, heartbeat.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx

from scanner.advertisement import Advertisement, RadioHealth
from scanner.agent import Agent
from scanner.formats import ibeacon
from scanner.settings import Settings
from simulator.air import Hearing
from simulator.clock import StoryClock

Span = tuple[float, float]
#: What a fob says of itself at 1 m. Nothing believes it: bodies and pockets differ by more.
POWER_AT_1M_DBM = -59
#: Neighbours' headphones and watches, a second and gateway: the scanner must forget them on the spot.
STRANGER_EVERY_S = 0.5
STRANGER = Advertisement(
    manufacturer_data={0x004C: bytes.fromhex("1005381c0a1b2c")}, address="5E:00:00:00:00:01"
)


def advertisement_of(beacon: str) -> Advertisement:
    """The packet that a fob of this id sends. ValueError for an id that is no iBeacon's."""
    kind, _, rest = beacon.partition(":")
    if kind != "ibeacon":
        raise ValueError(f"fobs of this town are iBeacons, not {beacon!r}")
    uuid, major, minor = rest.split(":")
    return ibeacon.encode(ibeacon.IBeacon(UUID(uuid), int(major), int(minor), POWER_AT_1M_DBM))


@dataclass(frozen=True, slots=True)
class Packet:
    at_s: float
    rssi_dbm: float
    advertisement: Advertisement


def packets(hearings: Sequence[Hearing], beacons: Mapping[str, str], until_s: float) -> list[Packet]:
    """All that one anchor hears, in order of time: its hearings as packets of `beacons` (by device), strangers between."""
    heard = [
        Packet(at, rssi, advertisement)
        for hearing in hearings
        for advertisement in [advertisement_of(beacons[hearing.device])]
        for at, rssi in zip(hearing.at_s.tolist(), hearing.rssi_dbm.tolist(), strict=True)
    ]
    strangers = [
        Packet(i * STRANGER_EVERY_S, -82.0, STRANGER) for i in range(int(until_s / STRANGER_EVERY_S))
    ]
    return sorted([*heard, *strangers], key=lambda packet: packet.at_s)


class PretendRadio:
    """A radio that hears a script: `scanner.advertisement.Radio`. Deaf for the spans given, and says so."""

    def __init__(self, script: Sequence[Packet], clock: StoryClock, deaf: Span | None = None) -> None:
        self._script = script
        self._clock = clock
        self._deaf = deaf
        self._last_heard_at: float | None = None

    async def run(self, hear: Callable[[Advertisement], None]) -> None:
        """Hears each packet at its second, then nothing more: real radios run until they are cancelled."""
        for packet in self._script:
            await self._clock.until(packet.at_s)
            if not self._is_deaf(packet.at_s):
                self._last_heard_at = time.time()
                hear(
                    replace(
                        packet.advertisement, rssi=packet.rssi_dbm, heard_at=self._clock.epoch(packet.at_s)
                    )
                )
        await asyncio.Event().wait()

    def health(self) -> RadioHealth:
        if self._is_deaf(self._clock.now_s):
            return RadioHealth("off", "the Bluetooth adapter is switched off", 0, self._last_heard_at)
        return RadioHealth("hearing", None, 0, self._last_heard_at)

    def _is_deaf(self, at_s: float) -> bool:
        return self._deaf is not None and self._deaf[0] <= at_s < self._deaf[1]


class CutLine(httpx.AsyncBaseTransport):
    """A line to the server that is cut for a span of the story."""

    def __init__(self, clock: StoryClock, cut: Span) -> None:
        self._clock = clock
        self._cut = cut
        self._whole = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._cut[0] <= self._clock.now_s < self._cut[1]:
            raise httpx.ConnectError("the line is cut", request=request)
        return await self._whole.handle_async_request(request)

    async def aclose(self) -> None:
        await self._whole.aclose()


def gateway(
    anchor: str,
    server_url: str,
    token: str,
    radio: PretendRadio,
    folder: Path,
    line: httpx.AsyncBaseTransport | None = None,
) -> Agent:
    """One store machine: a real agent with a spool of its own under `folder`; `line` in the place of the network."""
    settings = Settings(
        server={"url": server_url, "token": token},
        spool={"folder": folder / anchor},
        uplink={"heartbeat_s": 5.0, "settings_s": 10.0, "retry_first_s": 0.25, "retry_longest_s": 2.0},
    )
    return Agent(settings, radio, transport=line, name=anchor)

"""Eddystone-TLM: service data FEAA, frame 20: version 00 tells battery, temperature and counts; 01 is the same, sealed.

Source: google/eddystone, eddystone-tlm/tlm-plain.md and tlm-encrypted.md (both big-endian). Telemetry names no
beacon: the agent joins it to the id heard from the same address.
"""

import struct
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval, Len

from scanner.advertisement import Advertisement
from scanner.battery import coin_cell_left
from scanner.beacon import Beacon
from scanner.eddystone import SERVICE

FRAME = 0x20
PLAIN = struct.Struct(">BBHhII")
SEALED = struct.Struct(">BB12sHH")
NO_TEMPERATURE = -0x8000


@dataclass(frozen=True, slots=True)
class Telemetry(Beacon):
    """`battery_mv` is 0 where the beacon cannot tell; `temperature_256` is in 1/256 °C; `uptime_tenths` in 0.1 s."""

    battery_mv: Annotated[int, Interval(ge=0, le=0xFFFF)]
    temperature_256: Annotated[int, Interval(ge=-0x8000, le=0x7FFF)]
    packets_sent: Annotated[int, Interval(ge=0, le=0xFFFFFFFF)]
    uptime_tenths: Annotated[int, Interval(ge=0, le=0xFFFFFFFF)]

    @property
    def temperature_c(self) -> float | None:
        return None if self.temperature_256 == NO_TEMPERATURE else self.temperature_256 / 256

    @property
    def battery(self) -> float | None:
        return coin_cell_left(self.battery_mv) if self.battery_mv else None


@dataclass(frozen=True, slots=True)
class SealedTelemetry(Beacon):
    """Telemetry that only the holder of the beacon's identity key can open (AES-EAX): the twin of Eddystone-EID."""

    sealed: Annotated[bytes, Len(12, 12)]
    salt: Annotated[int, Interval(ge=0, le=0xFFFF)]
    check: Annotated[int, Interval(ge=0, le=0xFFFF)]


def decode(advertisement: Advertisement) -> Telemetry | SealedTelemetry | None:
    data = advertisement.service_data.get(SERVICE)
    if data is None or len(data) < 2 or data[0] != FRAME:
        return None
    if data[1] == 0 and len(data) == PLAIN.size:
        return Telemetry(*PLAIN.unpack(data)[2:])
    if data[1] == 1 and len(data) == SEALED.size:
        return SealedTelemetry(*SEALED.unpack(data)[2:])
    return None


def encode(value: Telemetry | SealedTelemetry) -> Advertisement:
    """Raises ValueError for a sealed part that is not 12 bytes long."""
    if isinstance(value, SealedTelemetry):
        if len(value.sealed) != 12:
            raise ValueError(f"sealed telemetry has 12 bytes, not {len(value.sealed)}")
        data = SEALED.pack(FRAME, 1, value.sealed, value.salt, value.check)
    else:
        told = (value.battery_mv, value.temperature_256, value.packets_sent, value.uptime_tenths)
        data = PLAIN.pack(FRAME, 0, *told)
    return Advertisement(service_data={SERVICE: data})

"""AltBeacon: manufacturer data of any company, code BEAC, a 20-byte id, power at 1 m, one byte of the maker's own.

Source: AltBeacon/spec, AltBeacon v1.0. Many beacons leave the last byte out; it then counts as 0, as in
android-beacon-library.
"""

import struct
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval, Len

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon

CODE = b"\xbe\xac"
LAYOUT = struct.Struct(">2s20sbB")


@dataclass(frozen=True, slots=True)
class AltBeacon(Beacon):
    """`identity` is organisation (16 bytes) and unit (4 bytes); `power` is dBm at 1 m; `reserved` is the maker's."""

    company: Annotated[int, Interval(ge=0, le=0xFFFF)]
    identity: Annotated[bytes, Len(20, 20)]
    power: Annotated[int, Interval(ge=-128, le=127)]
    reserved: Annotated[int, Interval(ge=0, le=0xFF)] = 0

    @property
    def beacon_id(self) -> str:
        return f"altbeacon:{self.company:04x}:{self.identity.hex()}"

    @property
    def owned_by(self) -> str:
        return f"altbeacon:{self.company:04x}:{self.identity[:16].hex()}"

    @property
    def tx_at_1m(self) -> int | None:
        return self.power if self.power < 0 else None


def decode(advertisement: Advertisement) -> AltBeacon | None:
    for company, data in advertisement.manufacturer_data.items():
        if data.startswith(CODE) and len(data) in (LAYOUT.size - 1, LAYOUT.size):
            _, identity, power, reserved = LAYOUT.unpack(data.ljust(LAYOUT.size, b"\x00"))
            return AltBeacon(company, identity, power, reserved)
    return None


def encode(value: AltBeacon) -> Advertisement:
    """Raises ValueError for an identity that is not 20 bytes long."""
    if len(value.identity) != 20:
        raise ValueError(f"an AltBeacon's id has 20 bytes, not {len(value.identity)}")
    data = LAYOUT.pack(CODE, value.identity, value.power, value.reserved)
    return Advertisement(manufacturer_data={value.company: data})

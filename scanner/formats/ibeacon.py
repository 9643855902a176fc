"""iBeacon: manufacturer data of Apple (004C), type 02, length 15 (hex), then UUID, major, minor, power at 1 m.

Source: Apple, Proximity Beacon Specification. Apple's other types (nearby 10, handoff 0C, Find My 12, AirDrop 05 and
the rest) are phones and watches of strangers and give None.
"""

import struct
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from annotated_types import Interval

from scanner.advertisement import Advertisement
from scanner.battery import coin_cell_left
from scanner.beacon import Beacon

APPLE = 0x004C
HEADER = b"\x02\x15"
LAYOUT = struct.Struct(">2s16sHHb")


@dataclass(frozen=True, slots=True)
class IBeacon(Beacon):
    """`power` is the signed last byte: dBm at 1 m, or, in some cheap fobs, tenths of a volt of their battery."""

    uuid: UUID
    major: Annotated[int, Interval(ge=0, le=0xFFFF)]
    minor: Annotated[int, Interval(ge=0, le=0xFFFF)]
    power: Annotated[int, Interval(ge=-128, le=127)]

    @property
    def beacon_id(self) -> str:
        return f"ibeacon:{self.uuid}:{self.major}:{self.minor}"

    @property
    def owned_by(self) -> str:
        return f"ibeacon:{self.uuid}"

    @property
    def tx_at_1m(self) -> int | None:
        # No beacon is heard at 0 dBm or more from a metre away: such a byte means something else.
        return self.power if self.power < 0 else None

    @property
    def battery(self) -> float | None:
        # 1.8 to 3.6 V is what a beacon's chip runs on; the same reading as Theengs decoder's "volt".
        return coin_cell_left(self.power * 100) if 18 <= self.power <= 36 else None


def decode(advertisement: Advertisement) -> IBeacon | None:
    data = advertisement.manufacturer_data.get(APPLE)
    if data is None or len(data) != LAYOUT.size or not data.startswith(HEADER):
        return None
    _, uuid, major, minor, power = LAYOUT.unpack(data)
    return IBeacon(UUID(bytes=uuid), major, minor, power)


def encode(value: IBeacon) -> Advertisement:
    data = LAYOUT.pack(HEADER, value.uuid.bytes, value.major, value.minor, value.power)
    return Advertisement(manufacturer_data={APPLE: data})

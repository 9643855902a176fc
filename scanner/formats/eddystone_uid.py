"""Eddystone-UID: service data FEAA, frame 00, power at 0 m, namespace (10 bytes), instance (6 bytes), 2 bytes unused.

Source: google/eddystone, eddystone-uid/README.md. Some beacons leave the unused bytes out; what stands in them is
ignored, as the specification asks.
"""

import struct
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval, Len

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon
from scanner.eddystone import LOSS_TO_1M_DB, SERVICE

FRAME = 0x00
LAYOUT = struct.Struct(">Bb10s6s")
UNUSED = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class EddystoneUid(Beacon):
    """`tx_at_0m` in dBm, as the beacon states it."""

    namespace: Annotated[bytes, Len(10, 10)]
    instance: Annotated[bytes, Len(6, 6)]
    tx_at_0m: Annotated[int, Interval(ge=-128, le=127)]

    @property
    def beacon_id(self) -> str:
        return f"eddystone-uid:{self.namespace.hex()}:{self.instance.hex()}"

    @property
    def owned_by(self) -> str:
        return f"eddystone-uid:{self.namespace.hex()}"

    @property
    def tx_at_1m(self) -> int:
        return self.tx_at_0m - LOSS_TO_1M_DB


def decode(advertisement: Advertisement) -> EddystoneUid | None:
    data = advertisement.service_data.get(SERVICE)
    if data is None or len(data) not in (LAYOUT.size, LAYOUT.size + len(UNUSED)) or data[0] != FRAME:
        return None
    _, tx_at_0m, namespace, instance = LAYOUT.unpack_from(data)
    return EddystoneUid(namespace, instance, tx_at_0m)


def encode(value: EddystoneUid) -> Advertisement:
    """Raises ValueError for a namespace that is not 10 or an instance that is not 6 bytes long."""
    if (len(value.namespace), len(value.instance)) != (10, 6):
        raise ValueError("an Eddystone-UID has a namespace of 10 bytes and an instance of 6")
    frame = LAYOUT.pack(FRAME, value.tx_at_0m, value.namespace, value.instance)
    return Advertisement(service_data={SERVICE: frame + UNUSED})

"""Eddystone-EID: service data FEAA, frame 30, power at 0 m, an 8-byte id that changes every few minutes.

Source: google/eddystone, eddystone-eid/README.md. Only the holder of the identity key (our server) can tell whose it
is: here all EIDs look alike, and pass or are forgotten together. Find Hub's trackers (frames 40 and 41) give None.
"""

import struct
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval, Len

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon
from scanner.eddystone import LOSS_TO_1M_DB, SERVICE

FRAME = 0x30
LAYOUT = struct.Struct(">Bb8s")


@dataclass(frozen=True, slots=True)
class EddystoneEid(Beacon):
    """`tx_at_0m` in dBm, as the beacon states it."""

    eid: Annotated[bytes, Len(8, 8)]
    tx_at_0m: Annotated[int, Interval(ge=-128, le=127)]

    @property
    def beacon_id(self) -> str:
        return f"eddystone-eid:{self.eid.hex()}"

    @property
    def owned_by(self) -> str:
        return "eddystone-eid"

    @property
    def tx_at_1m(self) -> int:
        return self.tx_at_0m - LOSS_TO_1M_DB


def decode(advertisement: Advertisement) -> EddystoneEid | None:
    data = advertisement.service_data.get(SERVICE)
    if data is None or len(data) != LAYOUT.size or data[0] != FRAME:
        return None
    _, tx_at_0m, eid = LAYOUT.unpack(data)
    return EddystoneEid(eid, tx_at_0m)


def encode(value: EddystoneEid) -> Advertisement:
    """Raises ValueError for an id that is not 8 bytes long."""
    if len(value.eid) != 8:
        raise ValueError(f"an EID has 8 bytes, not {len(value.eid)}")
    return Advertisement(service_data={SERVICE: LAYOUT.pack(FRAME, value.tx_at_0m, value.eid)})

"""What this gateway says of one device in one window: the value that is spooled and sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """`at` is UTC epoch seconds (the middle of what was heard), `rssi` the mean in dBm, `count` the packets.

    `tx` is the strength the beacon claims for 1 m (dBm), `battery` the share that is left (0..1); None where unknown.
    """

    at: float
    id: str
    rssi: float
    count: int
    tx: int | None = None
    battery: float | None = None

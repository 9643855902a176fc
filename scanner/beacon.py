"""What a decoded frame can say of the beacon that sent it: the base of every format's values."""


class Beacon:
    """A frame answers what it knows and leaves the rest None."""

    __slots__ = ()

    @property
    def beacon_id(self) -> str | None:
        """The beacon's id as the server knows it; None where the frame does not identify (telemetry, a URL)."""
        return None

    @property
    def owned_by(self) -> str | None:
        """The part of the id that all beacons of one owner share: what an allow-list names."""
        return None

    @property
    def tx_at_1m(self) -> int | None:
        """The strength that the beacon claims for 1 m distance, dBm; None where it claims none."""
        return None

    @property
    def battery(self) -> float | None:
        """Share of the battery that is left, 0..1; None where the frame does not tell."""
        return None

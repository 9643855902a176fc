"""Joins telemetry, which names no beacon, to the beacon whose id was heard from the same address.

In: addresses with ids, addresses with a battery's share. Out: the share for an id, once each time it was told. Only
beacons of ours are remembered, in memory alone, and the addresses that rotate away are forgotten first.
"""

from collections import OrderedDict

MOST_BEACONS = 5000
"""As many as a window holds (window.MOST_DEVICES)."""


class Batteries:
    def __init__(self) -> None:
        self._id_at: OrderedDict[str, str] = OrderedDict()
        self._left: dict[str, float] = {}

    def heard(self, address: str | None, beacon_id: str) -> None:
        """This beacon of ours has this address now."""
        if address is None:
            return
        self._id_at[address] = beacon_id
        self._id_at.move_to_end(address)
        if len(self._id_at) > MOST_BEACONS:
            _, forgotten = self._id_at.popitem(last=False)
            self._left.pop(forgotten, None)

    def told(self, address: str | None, left: float) -> None:
        """Telemetry came from this address; a stranger's is forgotten."""
        beacon_id = self._id_at.get(address) if address is not None else None
        if beacon_id is not None:
            self._left[beacon_id] = left

    def news_of(self, beacon_id: str) -> float | None:
        """What is left (0..1) where it was told since we last asked."""
        return self._left.pop(beacon_id, None)

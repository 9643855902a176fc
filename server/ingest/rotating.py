"""Whose a rotating id is: the ids of all rotating devices about now, so that one look-up tells.

In: rotations by device, and the time. Out: the device that sent an id at a time. Making an id costs two AES keys (some 20 us), so only
what is new is made: of a hundred thousand fobs that turn each 1,024 s some six thousand ids a minute.
"""

from collections.abc import Container
from heapq import heappop, heappush
from math import inf

from server.ingest.eid import Rotation

#: Ids are made this long before their time: `turn` must be called at least this often.
AHEAD_S = 120.0
#: Ids stay known this long: what a gateway kept while its line was down still finds its device ...
BEHIND_S = 3_600.0
#: ... but no more than this many turns, or a device that turns each second would fill the memory.
MOST_BEHIND = 8


class _Turning:
    """One device: its rotation, and its known ids by turn."""

    def __init__(self, rotation: Rotation) -> None:
        self.rotation = rotation
        self.ids: dict[int, str] = {}
        self.due_s = inf

    def wanted(self, now_s: float) -> range:
        """The turns to know about, one more on either side: fobs' clocks drift."""
        behind_s = min(BEHIND_S, MOST_BEHIND * self.rotation.turn_s)
        return range(self.rotation.turn(now_s - behind_s) - 1, self.rotation.turn(now_s + AHEAD_S) + 2)


class RotatingIds:
    """See the module's text. Times are UTC epoch seconds; all calls are made with a clock that may be set, but mostly goes on."""

    def __init__(self) -> None:
        self._devices: dict[str, _Turning] = {}
        self._of_id: dict[str, tuple[str, int]] = {}
        self._due: list[tuple[float, str]] = []
        self._turned_s = -inf

    def __len__(self) -> int:
        """How many ids are known."""
        return len(self._of_id)

    def device(self, beacon: str, at_s: float) -> str | None:
        """The device that sends this id at that time, give or take one turn: an id recorded and played later is nobody's."""
        found = self._of_id.get(beacon)
        if found is None:
            return None
        device, turn = found
        now = self._devices[device].rotation.turn(at_s)
        return device if abs(now - turn) <= 1 else None

    def add(self, device: str, rotation: Rotation, now_s: float) -> None:
        """Knows a device from now on; one that is known by the same rotation stays as it is."""
        known = self._devices.get(device)
        if known is not None and known.rotation == rotation:
            return
        self.drop(device)
        self._devices[device] = _Turning(rotation)
        self._make(device, now_s)

    def drop(self, device: str) -> None:
        """Forgets a device and its ids."""
        gone = self._devices.pop(device, None)
        for beacon in gone.ids.values() if gone else ():
            self._of_id.pop(beacon, None)

    def drop_all_but(self, some: Container[str]) -> None:
        for device in [device for device in self._devices if device not in some]:
            self.drop(device)

    def turn(self, now_s: float) -> None:
        """Makes the ids that come next, forgets those that are over."""
        if now_s < self._turned_s - AHEAD_S:  # our clock was set back: everything is due
            self._due = []
            for device in self._devices:
                self._make(device, now_s)
        self._turned_s = now_s
        while self._due and self._due[0][0] <= now_s:
            due_s, device = heappop(self._due)
            turning = self._devices.get(device)
            if turning is not None and turning.due_s == due_s:  # else it was dropped, or made anew meanwhile
                self._make(device, now_s)

    def _make(self, device: str, now_s: float) -> None:
        turning = self._devices[device]
        wanted = turning.wanted(now_s)
        for turn in [turn for turn in turning.ids if turn not in wanted]:
            self._of_id.pop(turning.ids.pop(turn), None)
        for turn in wanted:
            if turn not in turning.ids:
                turning.ids[turn] = beacon = turning.rotation.id(turn)
                self._of_id[beacon] = (device, turn)
        # One turn more is wanted as soon as AHEAD_S from then lies in the last one made.
        turning.due_s = turning.rotation.begins_s(wanted.stop - 1) - AHEAD_S
        heappush(self._due, (turning.due_s, device))

"""Walks for a site survey that are under way in this process: what gateways hear of one fob while somebody carries it through the shop.

In: what doors hear, packet by packet. Out: of the fobs that are walked with, who heard them, when and how strong: in memory, bounded, and
gone when the walk ends. Nothing is kept of any other fob, and while nobody walks nothing is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

#: A department store on foot; whoever needs longer walks a floor at a time. A walk that was forgotten ends by itself.
LONGEST: Final = timedelta(hours=2)
#: What one body of `POST /v1/surveys` takes.
MOST_HEARD: Final = 50_000
#: One a floor, and few floors are walked at once.
MOST_WALKS: Final = 10


class TooManyWalks(Exception):
    """As many as there may be are under way."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk. `heard`: (UTC epoch seconds, anchor, dBm) in the order in which doors were told."""

    id: str
    plan: str
    beacon: str
    begun_at: datetime
    ends_at: datetime
    heard: list[tuple[float, str, float]] = field(default_factory=list)


class Walks:
    """Those under way. Truthy while there are any."""

    def __init__(self) -> None:
        self._walks: dict[str, Walk] = {}

    def __bool__(self) -> bool:
        return bool(self._walks)

    def begin(self, plan: str, beacon: str, now: datetime) -> Walk:
        """Raises TooManyWalks. Whoever begins anew with the same fob ends their last walk with it."""
        for walk in list(self._walks.values()):
            if walk.ends_at <= now or walk.beacon == beacon:
                self.end(walk.id)
        if len(self._walks) >= MOST_WALKS:
            raise TooManyWalks(f"{MOST_WALKS} walks are under way")
        walk = Walk(f"walk_{uuid4().hex[:12]}", plan, beacon, now, now + LONGEST)
        self._walks[walk.id] = walk
        return walk

    def find(self, walk: str, now: datetime) -> Walk | None:
        """None for one that has ended."""
        found = self._walks.get(walk)
        if found is not None and found.ends_at <= now:
            self.end(walk)
            return None
        return found

    def end(self, walk: str) -> None:
        self._walks.pop(walk, None)

    def hear(
        self,
        beacons: Sequence[str],
        anchors: Sequence[str],
        at: NDArray[np.float64],
        rssi_dbm: NDArray[np.float64],
    ) -> None:
        """What one request told, in columns; of anchors that nobody knows (""), and of fobs that nobody walks with, nothing is kept."""
        for walk in list(self._walks.values()):
            if walk.ends_at.timestamp() < at.max(initial=0.0):
                self.end(walk.id)
                continue
            for row, beacon in enumerate(beacons):
                if beacon == walk.beacon and anchors[row] and len(walk.heard) < MOST_HEARD:
                    walk.heard.append((float(at[row]), anchors[row], float(rssi_dbm[row])))

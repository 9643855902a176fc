"""A site survey: somebody walked through with a fob and said where they were. In: labelled strengths. Out: `Survey`, spot by spot.

What is kept is small and readable: for each spot how strong each anchor was heard, how much it swung, and for how long somebody was
there. floorplan.py makes a radio map of it; records keep it, versioned. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.zones.shape import Floats

#: Packets heard within such a square are of one spot: less than the 1.5 m within which shadows forget half of themselves.
SPOT_M: Final = 0.75


@dataclass(frozen=True, slots=True)
class Strength:
    """What one anchor heard at one spot: the mean (dBm) and sd (dB) of so many packets."""

    mean_dbm: float
    sd_db: float
    packets: int


@dataclass(frozen=True, slots=True)
class Spot:
    """One labelled place: where (metres on the plan), and for how many seconds somebody was there. Anchors that heard nothing are absent."""

    x_m: float
    y_m: float
    seconds: float
    heard: Mapping[str, Strength]


@dataclass(frozen=True, slots=True)
class Survey:
    """All spots of one plan. A shop has at most one that counts; records keep the earlier ones."""

    plan: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording, packet by packet in columns: at (seconds), x and y (metres on the plan), which anchor, how strong (dBm)."""

    at: Floats
    x_m: Floats
    y_m: Floats
    anchor: Sequence[str]
    rssi_dbm: Floats


def gather(plan: str, recording: Labelled) -> Survey:
    """The recording as spots, in order of place. Seconds are counted as the distinct seconds in which anything was heard."""
    column, row = (np.floor(axis / SPOT_M).astype(np.intp) for axis in (recording.x_m, recording.y_m))
    places, spot_of = np.unique(np.column_stack([column, row]), axis=0, return_inverse=True)
    anchors = np.array(recording.anchor, object)
    spots = []
    for number in range(len(places)):
        mine = np.flatnonzero(spot_of.ravel() == number)
        heard = {
            str(name): _strength(recording.rssi_dbm[mine[anchors[mine] == name]])
            for name in sorted(set(anchors[mine].tolist()))
        }
        seconds = len(np.unique(np.floor(recording.at[mine])))
        x_m, y_m = float(recording.x_m[mine].mean()), float(recording.y_m[mine].mean())
        spots.append(Spot(x_m, y_m, float(seconds), heard))
    return Survey(plan, tuple(spots))


def _strength(rssi_dbm: Floats) -> Strength:
    return Strength(float(rssi_dbm.mean()), float(rssi_dbm.std()), len(rssi_dbm))

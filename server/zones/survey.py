"""A site survey: somebody walked through with a fob and said where they were. In: labelled strengths. Out: `Survey`, spot by spot.

What is kept is small and readable: for each spot how strong each anchor was heard, how much it swung, and for how long somebody was
there. floorplan.py makes a radio map of it; records keep it, versioned. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.zones.shape import Floats, Indexes

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
    spot = np.unique(np.column_stack([column, row]), axis=0, return_inverse=True)[1].ravel()
    count = np.bincount(spot)
    x_m, y_m = (np.bincount(spot, axis) / count for axis in (recording.x_m, recording.y_m))
    moments = np.unique(np.column_stack([spot, np.floor(recording.at)]), axis=0)
    seconds = np.bincount(moments[:, 0].astype(np.intp))
    heard = _heard(spot, len(count), recording)
    return Survey(plan, tuple(map(Spot, x_m.tolist(), y_m.tolist(), map(float, seconds), heard)))


def _heard(spot: Indexes, spots: int, recording: Labelled) -> list[dict[str, Strength]]:
    """By spot what each anchor heard there, anchors in the order of their names."""
    names, anchor = np.unique(np.array(recording.anchor, str), return_inverse=True)
    pairs, pair = np.unique(spot * len(names) + anchor, return_inverse=True)
    packets = np.bincount(pair)
    mean_dbm = np.bincount(pair, recording.rssi_dbm) / packets
    sd_db = np.sqrt(np.bincount(pair, (recording.rssi_dbm - mean_dbm[pair]) ** 2) / packets)
    heard: list[dict[str, Strength]] = [{} for _ in range(spots)]
    strengths = map(Strength, mean_dbm.tolist(), sd_db.tolist(), packets.tolist())
    for number, strength in zip(pairs.tolist(), strengths, strict=True):
        heard[number // len(names)][str(names[number % len(names)])] = strength
    return heard

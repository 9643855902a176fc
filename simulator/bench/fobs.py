"""Many fobs in one store, for benchmarks: what twelve gateways hear of two thousand people, second after second. Pure and seeded.

The store is 20 x 18 m with four departments of three gateways each. Each second each gateway tells of the fobs it heard, each by the mean
of its packets: of a fob those 3 to 6 that hear it best. People go to and fro between shelves and stand at them for a while.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.presence.sighting import Heards
from simulator.air import EXPONENT, FLICKER_DB, REFERENCE_DBM
from simulator.frame import Floats

Indexes = NDArray[np.intp]

STORE, PLAN = "store", "store-ground"
WIDTH_M, HEIGHT_M = 20.0, 18.0
#: Each department's corner (x, y); all are as large as a quarter of the floor.
DEPARTMENTS: dict[str, tuple[float, float]] = {
    "shoes": (0.0, 0.0),
    "hats": (10.0, 0.0),
    "bags": (0.0, 9.0),
    "tills": (10.0, 9.0),
}
#: Where the gateways of a department hang, from its corner.
HANG_M = ((5.0, 0.5), (1.0, 6.0), (8.0, 7.0))
PACE_MPS, STAY_S = 0.9, 40.0
FEWEST_HEAR, MOST_HEAR = 3, 6
#: A fob sends a few times a second; a gateway tells of their mean.
PACKETS = 4


@dataclass(frozen=True, slots=True)
class Second:
    """What was heard in a second, gateway by gateway: fob, gateway (their numbers), seconds since the beginning, dBm."""

    fob: Indexes
    gateway: Indexes
    at_s: Floats
    rssi_dbm: Floats

    def heards(self, fobs: Sequence[str], began_s: float) -> Heards:
        """As the path takes it, under these names and from this epoch second on."""
        count = len(self.fob)
        return Heards(
            [fobs[i] for i in self.fob.tolist()],
            [GATEWAYS[i] for i in self.gateway.tolist()],
            self.at_s + began_s,
            self.rssi_dbm,
            np.full(count, float(PACKETS)),
        )


def _hung() -> dict[str, tuple[float, float]]:
    return {
        f"{name}-{number}": (x + dx, y + dy)
        for name, (x, y) in DEPARTMENTS.items()
        for number, (dx, dy) in enumerate(HANG_M)
    }


HUNG = _hung()
GATEWAYS = tuple(HUNG)


def zones() -> dict[str, Any]:
    """What `PUT /v1/zones` takes."""

    def feature(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "Feature", "id": name, "geometry": None, "properties": {"name": name, **properties}}

    def quarter(x: float, y: float) -> dict[str, Any]:
        right, top = x + WIDTH_M / 2, y + HEIGHT_M / 2
        return {"type": "Polygon", "coordinates": [[[x, y], [right, y], [right, top], [x, top], [x, y]]]}

    return {
        "type": "FeatureCollection",
        "features": [
            feature(STORE, {"level": "site", "time_zone": "Europe/Rome"}),
            *(
                feature(name, {"parent": STORE, "plan": {"id": PLAN, "shape": quarter(*corner)}})
                for name, corner in DEPARTMENTS.items()
            ),
        ],
    }


def anchors() -> list[dict[str, Any]]:
    """What `PUT /v1/anchors` takes."""
    return [
        {"id": name, "name": name, "site": STORE, "plan": PLAN, "x_m": x, "y_m": y, "z_m": 2.3}
        for name, (x, y) in HUNG.items()
    ]


def stroll(fobs: int, seed: int) -> Iterator[Second]:
    """Second after second, without end."""
    rng = np.random.default_rng([seed, 3])
    hang = np.array(list(HUNG.values()))
    floor = np.array([WIDTH_M, HEIGHT_M])
    at, goal = rng.random((2, fobs, 2)) * floor
    stay_s = rng.exponential(STAY_S, fobs)
    phase = rng.random(len(hang))
    second = 0
    while True:
        away_m = np.maximum(np.hypot(*(at[:, None] - hang).transpose(2, 0, 1)), 1.0)
        rssi = REFERENCE_DBM - 10 * EXPONENT * np.log10(away_m) + rng.normal(0, FLICKER_DB, away_m.shape)
        # The n-th best of a fob's gateways is heard where n is below what this fob drew.
        rank = (-rssi).argsort(axis=1).argsort(axis=1)
        heard = rank < rng.integers(FEWEST_HEAR, MOST_HEAR + 1, (fobs, 1))
        gateway, fob = np.nonzero(heard.T)
        yield Second(fob, gateway, (second + phase[gateway]).round(3), rssi[fob, gateway].round(1))
        second += 1
        way = goal - at
        left_m = np.maximum(np.hypot(*way.T), 1e-9)
        at = at + way * np.minimum(1.0, PACE_MPS / left_m)[:, None]
        stay_s = np.where(left_m < PACE_MPS, stay_s - 1.0, stay_s)
        leaves = stay_s <= 0
        goal[leaves] = rng.random((int(leaves.sum()), 2)) * floor
        stay_s[leaves] = rng.exponential(STAY_S, int(leaves.sum()))

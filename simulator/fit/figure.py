"""One figure of a recording beside the same figure of the pretended town. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: What was measured, by name. What could not be measured (too few cases) is not in it.
Measured = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was recorded, and what the simulator made of the same geometry: mean over seeds and sd between seeds.

    A recording is one draw, too: a distance of under two sds between seeds says nothing against the model.
    """

    group: str
    name: str
    recorded: float
    simulated: float
    seeds_sd: float

    @property
    def distance(self) -> float:
        return self.recorded - self.simulated


def side_by_side(group: str, recorded: Measured, seeds: Sequence[Measured]) -> list[Figure]:
    """A figure for each name that the recording and at least one seed have."""
    found = []
    for name, figure in recorded.items():
        of_seeds = np.array([seed[name] for seed in seeds if name in seed])
        if len(of_seeds):
            found.append(Figure(group, name, figure, float(of_seeds.mean()), float(of_seeds.std())))
    return found


def furthest_apart(one: np.ndarray, other: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of two samples: the largest gap between their distribution functions."""
    one, other = np.sort(one), np.sort(other)
    at = np.concatenate([one, other])
    gaps = np.searchsorted(one, at, "right") / len(one) - np.searchsorted(other, at, "right") / len(other)
    return float(np.abs(gaps).max())

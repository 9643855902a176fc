"""What an anchor would be heard with at each cell of a floor, from what is known: path loss and walls, and a survey's spots.

Universal kriging (Cressie, Statistics for Spatial Data, 1993, 3.4; the same as Gaussian process regression with explicit basis functions,
Rasmussen and Williams 2006, 2.7): strength = reference - 10 n log10(distance) - wall * walls between + shadow, where reference, n
and wall have a prior and the shadow is a random field. Without a spot the priors alone speak; with spots the
anchor's own reference, its exponent and its walls are learned, and the shadow near each spot. Pure.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from server.zones.shape import Floats

#: Path loss measured over 81 standing positions in an open office: -62 dBm at 1 m, exponent 1.47 along the floor.
REFERENCE_DBM: Final = -62.0
EXPONENT: Final = 1.8  # between that office (1.47) and free space (2); shops have shelves
WALL_DB: Final = 4.0  # a partition of 10 cm, per crossing
#: How much an anchor of its own may differ from those three: (dB, 1, dB).
PRIOR_SD: Final = (5.0, 0.5, 2.5)
#: Positions at equal distance differ by 4.5 dB (variance 20): a quarter of it is shared by neighbours some metres apart, the rest
#: by none within a step, nor by the next person, who carries the fob higher or on the other hip.
SHADOW_DB, SHADOW_REACH_M = 2.0, 3.0
SPOT_DB: Final = 4.0


@dataclass(frozen=True, slots=True)
class Paths:
    """From one anchor to some points: metres (at least half a metre), and how many walls stand between."""

    distance_m: Floats
    walls: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """What one anchor heard at spots: where they lie (spots, 2), the paths there, the mean strength (dBm)."""

    at: Floats
    paths: Paths
    mean_dbm: Floats


def expected(paths: Paths, reference_dbm: float) -> tuple[Floats, Floats]:
    """Without a survey: mean (dBm) and sd (dB) at each cell."""
    mean = _basis(paths) @ _prior_mean(reference_dbm)
    return mean, np.full(len(mean), float(np.hypot(SHADOW_DB, SPOT_DB)))


def surveyed(cells: Floats, paths: Paths, reference_dbm: float, spots: Measured) -> tuple[Floats, Floats]:
    """With a survey: mean (dBm) and sd (dB) at each of the `cells` (cells, 2), the part that no spot tells included."""
    prior_mean = _prior_mean(reference_dbm)
    prior = np.diag(np.square(PRIOR_SD))
    there, here = _basis(spots.paths), _basis(paths)
    among = _shadow(spots.at, spots.at) + there @ prior @ there.T + SPOT_DB**2 * np.eye(len(spots.at))
    across = _shadow(cells, spots.at) + here @ prior @ there.T
    solved = np.linalg.solve(among, np.column_stack([spots.mean_dbm - there @ prior_mean, across.T]))
    mean = here @ prior_mean + across @ solved[:, 0]
    own = SHADOW_DB**2 + np.einsum("ij,jk,ik->i", here, prior, here)
    left = own - np.einsum("ij,ji->i", across, solved[:, 1:])
    return mean, np.sqrt(np.maximum(left, 0.0) + SPOT_DB**2)


def _prior_mean(reference_dbm: float) -> Floats:
    return np.array([reference_dbm, EXPONENT, WALL_DB])


def _basis(paths: Paths) -> Floats:
    return np.column_stack([np.ones_like(paths.distance_m), -10.0 * np.log10(paths.distance_m), -paths.walls])


def _shadow(some: Floats, others: Floats) -> Floats:
    apart = np.hypot(some[:, None, 0] - others[None, :, 0], some[:, None, 1] - others[None, :, 1])
    return np.asarray(SHADOW_DB**2 * np.exp(-apart / SHADOW_REACH_M), np.float64)

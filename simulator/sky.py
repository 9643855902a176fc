"""What a phone makes of where it is. In: a path, times, a provider, a seed. Out: fixes with the accuracy they claim. Pure.

Position errors remember themselves: the next fix is wrong in nearly the same way. What was measured, and what makes it here:

- "street" (satellites between houses): sd about 10 m an axis, p50 8.5, p95 35, p99 58 m; autocorrelation .84 / .46 / .26 / .19 / .10
  at 1 / 5 / 15 / 30 / 60 s. Two drifting normals (memory 4 s and 90 s, shares .7 and .3) give the autocorrelation; a third that
  swells and shrinks both over a minute, up to a ceiling, gives the long tail.
- "downtown": errs as "street" does, of a receiver that hardly knows: its claim follows only half of the swelling, and loosely.
- "open" (a phone's chipset under an open sky): sd 1 m, half of it still there at 60 s.
- "fused" (satellites, Wi-Fi and steps together): p50 2.5 m.
- "network" (Wi-Fi and cells): p50 31.5 m, p95 65 m, within the accuracy it claims only 61 % of the time: it lies.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.chance import drifting, stream
from simulator.frame import Floats
from simulator.walk import Path


@dataclass(frozen=True, slots=True)
class Provider:
    """How one source of fixes errs. Metres and seconds.

    `scale_m` is the sd of an axis before the tail; `tail` the log-sd of its swelling, which is forgotten within `swells_s` and goes no
    further than `ceiling` of its own sds; `fast_share` the share of variance that is forgotten within `fast_s`, the rest within
    `slow_s`. `claims` is claimed accuracy over the 68 % radius at the time (1 is honest), with a log-sd of
    `claims_spread`; of the swelling it knows the share `claims_know`.
    """

    scale_m: float
    tail: float
    fast_share: float
    fast_s: float
    slow_s: float
    swells_s: float
    claims: float
    claims_spread: float
    ceiling: float = math.inf
    claims_know: float = 1.0


PROVIDERS: Mapping[str, Provider] = {
    "street": Provider(7.9, 0.7, 0.7, 4.0, 90.0, 60.0, claims=1.0, claims_spread=0.3, ceiling=2.0),
    "downtown": Provider(
        7.9, 0.7, 0.7, 4.0, 90.0, 60.0, claims=1.2, claims_spread=0.4, ceiling=2.0, claims_know=0.5
    ),
    "open": Provider(1.0, 0.2, 0.4, 3.0, 300.0, 300.0, claims=2.0, claims_spread=0.15),
    "fused": Provider(2.15, 0.35, 0.4, 3.0, 40.0, 40.0, claims=1.5, claims_spread=0.25),
    "network": Provider(27.0, 0.1, 0.3, 5.0, 40.0, 40.0, claims=0.95, claims_spread=0.45),
}

#: The radius that holds 68 % of a round normal, in sds of an axis: sqrt(-2 ln 0.32).
RADIUS_68 = 1.51
#: No phone claims better than this.
BEST_CLAIM_M = 3.0
#: The word that the phone itself would use for its provider.
WIRE_NAMES: Mapping[str, str] = {
    "street": "gps",
    "downtown": "gps",
    "open": "gps",
    "fused": "fused",
    "network": "network",
}


@dataclass(frozen=True, slots=True)
class FixTrack:
    """Fixes of one device in columns: seconds from the start, metres on the town's axes, claimed 68 % radius, speed.

    `speed_mps` is NaN and `provider` empty where the phone does not say.
    """

    device: str
    at_s: Floats
    x: Floats
    y: Floats
    accuracy_m: Floats
    speed_mps: Floats
    provider: str


def fixes(seed: int, device: str, path: Path, at_s: Floats, provider: str) -> FixTrack:
    """Where the phone says it is at these times."""
    how = PROVIDERS[provider]
    true_x, true_y = path.where(at_s)
    error_x, error_y, size = errors(stream(seed, "sky", device), at_s, how)
    doubt = stream(seed, "claims", device).standard_normal(len(at_s))
    known = how.scale_m * (size / how.scale_m) ** how.claims_know
    claimed = known * RADIUS_68 * how.claims * np.exp(how.claims_spread * doubt)
    pace = path.pace_mps(at_s) + stream(seed, "speed", device).normal(0.0, 0.15, len(at_s))
    return FixTrack(
        device,
        at_s,
        true_x + error_x,
        true_y + error_y,
        np.maximum(np.round(claimed, 1), BEST_CLAIM_M),
        np.maximum(pace, 0.0).round(2),
        WIRE_NAMES[provider],
    )


def errors(rng: np.random.Generator, at_s: Floats, how: Provider) -> tuple[Floats, Floats, Floats]:
    """Error on each axis in metres, and the sd of an axis at the time."""
    size = how.scale_m * np.exp(how.tail * np.minimum(drifting(rng, at_s, how.swells_s), how.ceiling))
    axes = [
        size
        * (
            np.sqrt(how.fast_share) * drifting(rng, at_s, how.fast_s)
            + np.sqrt(1.0 - how.fast_share) * drifting(rng, at_s, how.slow_s)
        )
        for _ in range(2)
    ]
    return axes[0], axes[1], size

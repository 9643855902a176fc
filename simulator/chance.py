"""Seeded chance: the same seed and the same names give the same draws, whatever else is in the town. Pure.

Each device and each anchor draws from a stream of its own, so that one more shopper changes nobody else's noise.
"""

import hashlib

import numpy as np

from simulator.frame import Floats


def stream(seed: int, *names: str) -> np.random.Generator:
    """The generator that belongs to these names under this seed."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def drifting(rng: np.random.Generator, at_s: Floats, memory_s: float) -> Floats:
    """A standard normal that forgets: correlation exp(-gap / memory) between times (Ornstein-Uhlenbeck process).

    `at_s` must not fall. The first value is drawn from the resting distribution.
    """
    keep = np.exp(-np.diff(at_s, prepend=at_s[:1]) / memory_s)
    keep[:1] = 0.0  # the first remembers nothing
    fresh = np.sqrt(1.0 - keep * keep) * rng.standard_normal(len(at_s))
    # plain floats: each value needs the one before, and a loop over an array costs ten times as much
    value, values = 0.0, []
    for share, news in zip(keep.tolist(), fresh.tolist(), strict=True):
        value = share * value + news
        values.append(value)
    return np.array(values)

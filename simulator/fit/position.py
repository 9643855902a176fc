"""The figures of fixes. In: errors on two axes in metres, seconds, claimed accuracy. Out: how wrong, how long, how honest. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.fit.figure import Measured
from simulator.frame import Floats

LAGS_S = (1, 5, 15, 30, 60)
#: Fixes come when they come: a pair counts for a lag within this share of it, but at least half a second.
LAG_WITHIN, LAG_WITHIN_S = 0.2, 0.5
LEAST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Errors:
    """One trace's errors: seconds, metres on each axis, claimed 68 % radius."""

    at_s: Floats
    x: Floats
    y: Floats
    claimed_m: Floats

    @property
    def radial(self) -> Floats:
        return np.hypot(self.x, self.y)


def measured(traces: Sequence[Errors]) -> Measured:
    """All figures of one provider."""
    off = np.concatenate([each.radial for each in traces])
    claimed = np.concatenate([each.claimed_m for each in traces])
    p50, p95, p99 = np.percentile(off, [50, 95, 99])
    return {
        "error p50, m": float(p50),
        "error p95, m": float(p95),
        "error p99, m": float(p99),
        "claimed accuracy p50, m": float(np.median(claimed)),
        "share within what is claimed": float((off <= claimed).mean()),
        **_lasting(traces),
        **_growing(traces),
    }


def _lasting(traces: Sequence[Errors]) -> dict[str, float]:
    """Autocorrelation of the error about the truth, both axes together, by lag."""
    power = float(np.concatenate([each.radial**2 for each in traces]).mean())
    return _by_lag(
        traces,
        "error still there after {} s",
        lambda each, i, j: each.x[i] * each.x[j] + each.y[i] * each.y[j],
        lambda products: float(products.mean() / power),
    )


def _growing(traces: Sequence[Errors]) -> dict[str, float]:
    """How far two errors are from one another, rms, by the time between them."""
    return _by_lag(
        traces,
        "error grown within {} s, m rms",
        lambda each, i, j: (each.x[i] - each.x[j]) ** 2 + (each.y[i] - each.y[j]) ** 2,
        lambda squares: float(np.sqrt(squares.mean())),
    )


Indices = np.ndarray[tuple[int], np.dtype[np.intp]]


def _by_lag(
    traces: Sequence[Errors],
    name: str,
    of_pair: Callable[[Errors, Indices, Indices], Floats],
    summed: Callable[[Floats], float],
) -> dict[str, float]:
    """`summed` over `of_pair` of all pairs of fixes that are a lag apart, for lags with pairs enough."""
    figures = {}
    for lag in LAGS_S:
        values = np.concatenate([of_pair(each, *_pairs(each.at_s, lag)) for each in traces])
        if len(values) >= LEAST_PAIRS:
            figures[name.format(lag)] = summed(values)
    return figures


def _pairs(at_s: Floats, lag_s: float) -> tuple[Indices, Indices]:
    """Indices of earlier and later fixes that are about a lag apart; `at_s` must not fall."""
    within = max(LAG_WITHIN * lag_s, LAG_WITHIN_S)
    low = np.searchsorted(at_s, at_s + lag_s - within, "left")
    high = np.searchsorted(at_s, at_s + lag_s + within, "right")
    # a lag of 1 s within half a second never reaches back to the fix itself
    earlier = np.repeat(np.arange(len(at_s)), high - low)
    later = np.concatenate([np.arange(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
    return earlier, later.astype(np.intp)

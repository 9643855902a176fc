"""The figures of a radio. In: traces with truth. Out: how strong, how spread, how lasting. Pure.

Lengths in metres from the anchor to the hip, strengths in dBm, spreads in dB. A residual is what a straight line of RSSI over
log distance leaves; a walk's residuals, and a place's mean, are taken less their anchor's own mean, so that its bias is apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.air import HIP_M, Hearing
from simulator.fit.figure import Measured, furthest_apart
from simulator.frame import Floats
from simulator.traces.trace import RadioTrace

#: A bin reaches half way to its neighbours.
DISTANCES_M = (1, 2, 3, 5, 8, 12, 16, 20)
LAGS_S = (0.45, 0.9, 1.8, 3.6, 7.0)
#: How far apart places are of which it is asked what they share; places within so much of it count.
APART_M, APART_WITHIN_M = (1.5, 3.0, 6.0), 0.75
#: A bin of fewer packets, or a correlation of fewer pairs, is no figure.
LEAST_PACKETS, LEAST_PAIRS = 100, 100
#: No line needs what is nearer than this, and its logarithm would rule it.
NEAREST_M = 0.3


@dataclass(frozen=True, slots=True)
class Packets:
    """What one anchor heard in one trace: metres to it, dBm, seconds; where the device was when it was heard in the middle."""

    anchor: str
    away_m: Floats
    rssi_dbm: Floats
    at_s: Floats
    spot: tuple[float, float]


def packets(traces: Sequence[RadioTrace]) -> list[Packets]:
    """Each hearing of each trace that heard anything."""
    return [
        _packets(trace, hearing) for trace in traces for hearing in trace.hearings if len(hearing.at_s) > 1
    ]


def _packets(trace: RadioTrace, hearing: Hearing) -> Packets:
    ax, ay, az = trace.anchors[hearing.anchor]
    x, y = trace.truth.where(hearing.at_s)
    away = np.sqrt((x - ax) ** 2 + (y - ay) ** 2 + (az - HIP_M) ** 2)
    middle = len(x) // 2
    spot = (float(x[middle]), float(y[middle]))
    return Packets(hearing.anchor, np.maximum(away, NEAREST_M), hearing.rssi_dbm, hearing.at_s, spot)


def standing(traces: Sequence[RadioTrace]) -> Measured:
    """Of a device that stands still in each trace: one distance, one mean and one spread a trace and anchor."""
    heard = packets(traces)
    away = np.array([each.away_m.mean() for each in heard])
    means = np.array([each.rssi_dbm.mean() for each in heard])
    within = np.array([each.rssi_dbm.std() for each in heard])
    reference, exponent, left = _line(away, means)
    own, bias = _less_own(left, [each.anchor for each in heard])
    return {
        "1 m reference, dBm": reference,
        "exponent": exponent,
        **_strengths(heard),
        "sd between places at equal distance": float(left.std()),
        "sd between anchors": float(np.std(list(bias.values()))),
        **_shared(heard, own),
        "sd within a place, median": float(np.median(within)),
        "sd within a place, p90": float(np.percentile(within, 90)),
        "skew within a place": _skew([each.rssi_dbm - each.rssi_dbm.mean() for each in heard]),
        "share heard": share_heard(heard),
        **_lasting(heard, [each.rssi_dbm - each.rssi_dbm.mean() for each in heard]),
    }


def walking(traces: Sequence[RadioTrace]) -> Measured:
    """Of a device on its way: a line through all packets, and how long what it leaves lasts."""
    heard = packets(traces)
    reference, exponent, left = _line(
        np.concatenate([each.away_m for each in heard]), np.concatenate([each.rssi_dbm for each in heard])
    )
    names = [each.anchor for each in heard for _ in each.at_s]
    own, bias = _less_own(left, names)
    residuals = np.split(own, np.cumsum([len(each.at_s) for each in heard])[:-1])
    return {
        "1 m reference, dBm": reference,
        "exponent": exponent,
        **_strengths(heard),
        "sd of residuals": float(own.std()),
        "sd between anchors": float(np.std(list(bias.values()))),
        "skew of residuals": _skew([own]),
        "share heard": share_heard(heard),
        **_lasting(heard, residuals),
    }


def by_distance(heard: Sequence[Packets]) -> dict[int, Floats]:
    """All RSSI at about each distance, where there are enough."""
    away = np.concatenate([each.away_m for each in heard])
    rssi = np.concatenate([each.rssi_dbm for each in heard])
    borders = [0.0, *((near + far) / 2.0 for near, far in pairwise(DISTANCES_M)), DISTANCES_M[-1] + 2.0]
    bins = {}
    for distance, (low, high) in zip(DISTANCES_M, pairwise(borders), strict=True):
        strengths = rssi[(away >= low) & (away < high)]
        if len(strengths) >= LEAST_PACKETS:
            bins[distance] = strengths
    return bins


def apart(one: Sequence[RadioTrace], other: Sequence[RadioTrace]) -> Measured:
    """Kolmogorov-Smirnov distance of the RSSI of two sets of traces, by distance."""
    bins, others = by_distance(packets(one)), by_distance(packets(other))
    return {
        f"KS of RSSI at {distance} m": furthest_apart(bins[distance], others[distance])
        for distance in bins
        if distance in others
    }


def interval_s(heard: Sequence[Packets]) -> float:
    """How often the device calls: most gaps are one interval."""
    return float(np.median(np.concatenate([np.diff(each.at_s) for each in heard])))


def share_heard(heard: Sequence[Packets]) -> float:
    """Of the calls between the first and the last that were heard."""
    every_s = interval_s(heard)
    gaps = np.concatenate([np.round(np.diff(each.at_s) / every_s) for each in heard])
    # what came twice within an interval is one call
    return float((gaps > 0).sum() / gaps.sum())


def _strengths(heard: Sequence[Packets]) -> dict[str, float]:
    figures = {}
    for distance, rssi in by_distance(heard).items():
        figures[f"RSSI at {distance} m, mean"] = float(rssi.mean())
        figures[f"RSSI at {distance} m, sd"] = float(rssi.std())
    return figures


def _line(away_m: Floats, rssi_dbm: Floats) -> tuple[float, float, Floats]:
    """Reference at 1 m, exponent, and what the line leaves (least squares)."""
    log = -10.0 * np.log10(away_m)
    exponent, reference = np.polyfit(log, rssi_dbm, 1)
    return float(reference), float(exponent), rssi_dbm - reference - exponent * log


def _less_own(left: Floats, names: Sequence[str]) -> tuple[Floats, dict[str, float]]:
    """Residuals less their anchor's mean, and those means."""
    known = np.array(names)
    bias = {name: float(left[known == name].mean()) for name in sorted(set(names))}
    return left - np.array([bias[name] for name in names]), bias


def _shared(heard: Sequence[Packets], own: Floats) -> dict[str, float]:
    """Correlation of places' residuals (one a hearing, anchors' means off) by how far apart the places are."""
    anchors = np.array([each.anchor for each in heard])
    spots = np.array([each.spot for each in heard])
    far, product = [], []
    for name in sorted(set(anchors.tolist())):
        mine = np.flatnonzero(anchors == name)
        i, j = np.triu_indices(len(mine), 1)
        far.append(np.hypot(*(spots[mine[i]] - spots[mine[j]]).T))
        product.append(own[mine[i]] * own[mine[j]])
    gap, products = np.concatenate(far), np.concatenate(product)
    shares = {}
    for metres in APART_M:
        near = np.abs(gap - metres) <= APART_WITHIN_M
        if near.sum() >= LEAST_PAIRS:
            shares[f"shared by places {metres} m apart"] = float(products[near].mean() / own.var())
    return shares


def _lasting(heard: Sequence[Packets], residuals: Sequence[Floats]) -> dict[str, float]:
    """Autocorrelation of residuals at each lag: packets are laid on the calls they came from, and pairs so far apart compared."""
    every_s = interval_s(heard)
    variance = float(np.concatenate(list(residuals)).var())
    laid = []
    for each, left in zip(heard, residuals, strict=True):
        call = np.concatenate([[0], np.cumsum(np.round(np.diff(each.at_s) / every_s))]).astype(int)
        row = np.full(call[-1] + 1, np.nan)
        row[call] = left
        laid.append(row)
    shares = {}
    for lag in LAGS_S:
        calls = max(1, round(lag / every_s))
        products = np.concatenate([row[calls:] * row[:-calls] for row in laid])
        products = products[~np.isnan(products)]
        if len(products) >= LEAST_PAIRS:
            shares[f"still there after {lag} s"] = float(products.mean() / variance)
    return shares


def _skew(residuals: Sequence[Floats]) -> float:
    """Third moment over sd cubed: below 0, fades reach further than crests."""
    left = np.concatenate(list(residuals))
    return float((left**3).mean() / left.std() ** 3)

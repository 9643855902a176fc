"""Recordings beside the simulator's own noise. In: a folder of recordings. Out: figures of both, and what was not there.

Radio is measured in two kinds of place: an open office (tetam: standing and on walks), where nothing stands between, and a flat of
rooms (flat: means of a third of a second by other hardware, whose level is taken off the seeds before all else: it says nothing
about noise, and a KS distance would say nothing but it). Fixes are measured by provider (pixel_walk).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from simulator.fit import position, radio
from simulator.fit.again import erred, erred_again, heard_again, levelled_to
from simulator.fit.figure import Figure, Measured, side_by_side
from simulator.traces import flat, pixel_walk, tetam
from simulator.traces.trace import FixTrace, NoTrace, RadioTrace
from simulator.world import Wall

#: Fixes are few and cheap, packets many.
RADIO_SEEDS, SKY_SEEDS = 6, 40
#: A log's word for a provider, and who errs like it in sky.py.
ERRS_AS: Mapping[str, str] = {"fused": "fused", "network": "network", "gps": "open", "wls": "downtown"}

Measures = Callable[[Sequence[RadioTrace]], Measured]


@dataclass(frozen=True, slots=True)
class Fit:
    """Figures in the order of groups, and a sentence for each thing that could not be measured."""

    figures: Sequence[Figure]
    left_out: Sequence[str]


def fitted(folder: Path) -> Fit:
    """All that the folder holds. Raises NoTrace where it holds nothing."""
    parts: Sequence[Callable[[Path], tuple[list[Figure], list[str]]]] = (_standing, _walking, _flat, _fixes)
    figures: list[Figure] = []
    left_out: list[str] = []
    for part in parts:
        try:
            found, missing = part(folder)
        except NoTrace as error:
            left_out.append(str(error))
            continue
        figures += found
        left_out += missing
    if not figures:
        raise NoTrace(f"{folder} holds no recording to fit to: {'; '.join(left_out)}")
    return Fit(figures, left_out)


def _standing(data: Path) -> tuple[list[Figure], list[str]]:
    return _heard("office, standing", tetam.standing(data / "tetam"), radio.standing), []


def _walking(data: Path) -> tuple[list[Figure], list[str]]:
    return _heard("office, walking", tetam.walks(data / "tetam"), radio.walking), []


def _flat(data: Path) -> tuple[list[Figure], list[str]]:
    recorded, walls = flat.sessions(data / "flat"), flat.walls(data / "flat")
    return _heard("flat", recorded, radio.walking, walls, levelled=True), []


def _heard(
    group: str,
    recorded: Sequence[RadioTrace],
    measures: Measures,
    walls: Sequence[Wall] = (),
    *,
    levelled: bool = False,
) -> list[Figure]:
    heard = radio.packets(recorded)
    if not heard:
        raise NoTrace(f"{group}: nobody heard anything")
    every_s = radio.interval_s(heard)
    seeds = [heard_again(recorded, seed, every_s, walls) for seed in range(RADIO_SEEDS)]
    if levelled:
        seeds = [levelled_to(recorded, seed) for seed in seeds]
    figures = side_by_side(group, measures(recorded), [measures(seed) for seed in seeds])
    return figures + _apart(group, recorded, seeds)


def _apart(group: str, recorded: Sequence[RadioTrace], seeds: Sequence[Sequence[RadioTrace]]) -> list[Figure]:
    """How far the recording's distributions are from each seed's (recorded), beside how far two seeds are (simulated)."""
    against = [radio.apart(recorded, seed) for seed in seeds]
    chance = [radio.apart(one, other) for one, other in pairwise(seeds)]
    mean: Measured = {
        name: float(np.mean([each[name] for each in against if name in each])) for name in against[0]
    }
    return side_by_side(group, mean, chance)


def _fixes(data: Path) -> tuple[list[Figure], list[str]]:
    traces = pixel_walk.walks(data / "pixel_walk")
    figures: list[Figure] = []
    left_out = []
    for provider in sorted({each for trace in traces for each in trace.provider}):
        if provider not in ERRS_AS:
            left_out.append(f"{provider}: nothing in the simulator errs like it")
            continue
        found = [(trace, each) for trace in traces if (each := erred(trace, provider)) is not None]
        found = [(trace, each) for trace, each in found if not _is_own_truth(trace, each)]
        if not found:
            left_out.append(f"{provider}: its own track is the truth here")
            continue
        kind = ERRS_AS[provider]
        seeds = [
            position.measured([erred_again(trace, each.at_s, kind, seed) for trace, each in found])
            for seed in range(SKY_SEEDS)
        ]
        recorded = position.measured([each for _, each in found])
        figures += side_by_side(f"fixes, {provider}", recorded, seeds)
    return figures, left_out


def _is_own_truth(trace: FixTrace, errors: position.Errors) -> bool:
    """Whether the truth is this provider's own track."""
    return np.array_equal(trace.true_at_s, errors.at_s)

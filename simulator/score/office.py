"""The office of traces/tetam.py as a shop: its floor, its four departments, what a survey of its standing positions knows.

The cuts at x = 10.1 m and y = 9.2 m are those of the scoring rules (SOURCES.md, T1): three scanners hang in each quarter.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from server.zones.survey import Spot, Survey
from server.zones.zone import Zone
from simulator.chance import stream
from simulator.frame import Floats, Point
from simulator.score.asked import Asked, within
from simulator.score.floor import PLAN, Floor, floor_of, survey_of
from simulator.score.recorded import Recorded, first_heard_s, from_zero
from simulator.traces import tetam
from simulator.traces.trace import NoTrace, RadioTrace

KIND = "tetam"
CUT_X_M, CUT_Y_M = 10.1, 9.2
#: What is learned and scored in one folder is parted into so many: a part is scored by what the others taught.
FOLDS = 9
#: The longest visit needs so many positions of one part.
LEAST_IN_FOLD = 4


def walks(folder: Path) -> list[Recorded]:
    """The walks of a folder. Raises NoTrace."""
    return [from_zero(walk, float(walk.truth.at_s[0])) for walk in tetam.walks(folder)]


@cache
def standing(folder: Path) -> tuple[Recorded, ...]:
    """The standing positions of a folder, read once. Raises NoTrace."""
    return tuple(from_zero(trace, first_heard_s(trace)) for trace in tetam.standing(folder))


def standing_if_any(folder: Path) -> tuple[Recorded, ...]:
    """The standing positions of a folder, none where it has no such file."""
    return standing(folder) if (folder / "static.csv.gz").is_file() else ()


def office(asked: Asked, traces: Sequence[RadioTrace]) -> Floor:
    """The floor on which these traces, and what may be learned from, lie. Raises NoTrace."""
    known: list[RadioTrace] = [*traces, *standing_if_any(asked.folder(KIND))]
    if asked.elsewhere is not None:
        known += standing(within(asked.elsewhere, KIND))
    return floor_of(tetam.anchors(asked.folder(KIND)), [(trace.truth.x, trace.truth.y) for trace in known])


def departments(floor: Floor) -> tuple[Zone, ...]:
    """Four quarters that together are the floor."""
    x0, y0, x1, y1 = floor.box()
    quarters = {
        "south-west": shapely.box(x0, y0, CUT_X_M, CUT_Y_M),
        "south-east": shapely.box(CUT_X_M, y0, x1, CUT_Y_M),
        "north-west": shapely.box(x0, CUT_Y_M, CUT_X_M, y1),
        "north-east": shapely.box(CUT_X_M, CUT_Y_M, x1, y1),
    }
    return tuple(floor.zone(name, shape) for name, shape in quarters.items())


def department_at(x: Floats, y: Floats) -> list[str]:
    """The quarter in which each point lies."""
    north_south = np.where(y > CUT_Y_M, "north", "south")
    east_west = np.where(x > CUT_X_M, "east", "west")
    return [f"{one}-{other}" for one, other in zip(north_south.tolist(), east_west.tolist(), strict=True)]


def survey(asked: Asked, floor: Floor, scored: Sequence[Recorded] = ()) -> tuple[Survey, ...]:
    """What may be known when these positions are scored; nothing where nothing is at hand. Raises NoTrace."""
    if asked.survey is None:
        return ()
    if asked.elsewhere is not None:
        known = _spots(within(asked.elsewhere, KIND), floor.low, tuple(floor.anchors))
    elif standing_if_any(asked.folder(KIND)):
        known = _spots(asked.folder(KIND), floor.low, tuple(floor.anchors))
    else:
        known = {}
    themselves = {trace.content for trace in scored}
    spots = [spot for content, some in known.items() if content not in themselves for spot in some]
    return (Survey(PLAN, tuple(spots)),) if spots else ()


@cache
def _spots(folder: Path, low: Point, anchors: tuple[str, ...]) -> Mapping[bytes, tuple[Spot, ...]]:
    """What was heard at each standing position, by its content. Gathered one by one, since each part of them is learned from without the others."""
    return {
        trace.content: tuple(spot for each in survey_of([trace], low, anchors) for spot in each.spots)
        for trace in standing(folder)
    }


def folds(traces: Sequence[Recorded], seed: int) -> list[list[Recorded]]:
    """The positions dealt at random into parts of equal size. Raises NoTrace where there are none."""
    if not traces:
        raise NoTrace("there are no standing positions")
    order = stream(seed, "folds").permutation(len(traces))
    many = max(1, min(FOLDS, len(traces) // LEAST_IN_FOLD))
    return [[traces[i] for i in order[part::many].tolist()] for part in range(many)]

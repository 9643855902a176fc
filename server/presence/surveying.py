"""A walk with a fob becomes a survey, with figures that tell whether it is worth using. In: a labelled recording. Out: `Learned`. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.proving import Proof, prove, rows
from server.zones.on_plan import covered, outlines, positions, reached
from server.zones.shape import Floats
from server.zones.survey import Labelled, Survey, gather
from server.zones.zone import Anchor, FloorPlan, Zone

#: A spot tells of the floor so far around it: within 2 m shadows still resemble each other (exp(-1) of their square is left).
REACH_M = 2.0
#: Whoever stands in the door stands a step off the plan.
BESIDE_M = 1.0


class NothingLearned(ValueError):
    """The recording tells nothing of this floor plan: `str` is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a survey stands on, and what it would gain.

    `heard`: packets by anchor, `silent`: anchors of the plan without any. `coverage`: the share of each zone's area near a
    spot. `strange` and `beside` are packets that were left out: of anchors that are not on the plan, and from off the plan.
    """

    spots: int
    seconds: float
    packets: int
    heard: Mapping[str, int]
    silent: tuple[str, ...]
    strange: Mapping[str, int]
    beside: int
    coverage: Mapping[str, float]
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Learned:
    survey: Survey
    figures: Figures


def learn(recording: Labelled, plan: FloorPlan, zones: Sequence[Zone], anchors: Sequence[Anchor]) -> Learned:
    """Raises NothingLearned where no anchor of the plan heard anything on it."""
    on_plan = list(positions(plan, anchors))
    if not on_plan:
        raise NothingLearned(f"no anchor has a position on floor plan {plan.id}: place them first")
    known = np.isin(recording.anchor, on_plan)
    if not known.any():
        named = ", ".join(sorted(set(recording.anchor))[:5]) or "nobody"
        raise NothingLearned(
            f"no anchor of floor plan {plan.id} heard anything: the recording names {named}, "
            f"the plan has {', '.join(sorted(on_plan)[:5])}"
        )
    x_m, y_m = recording.x_m, recording.y_m
    within = _on(plan, x_m, y_m)
    if not (known & within).any():
        raise NothingLearned(
            f"all places lie off floor plan {plan.id}, which is {plan.width_m:g} m by {plan.height_m:g} m: x runs from "
            f"{x_m.min():.1f} to {x_m.max():.1f} and y from {y_m.min():.1f} to {y_m.max():.1f}, in metres"
        )
    used = rows(recording, known & within)
    survey = gather(plan.id, used)
    near = reached(_places(survey), REACH_M)
    heard = Counter(used.anchor)
    strange = Counter(name for name, ours in zip(recording.anchor, known, strict=True) if not ours)
    figures = Figures(
        spots=len(survey.spots),
        seconds=sum(spot.seconds for spot in survey.spots),
        packets=len(used.at),
        heard=dict(sorted(heard.items())),
        silent=tuple(sorted(set(on_plan) - set(heard))),
        strange=dict(sorted(strange.items())),
        beside=int((known & ~within).sum()),
        coverage={
            name: round(covered(outline, near), 3) for name, outline in outlines(zones, plan, anchors).items()
        },
        proof=prove(used, plan, zones, anchors),
    )
    return Learned(survey, figures)


def off_plan(survey: Survey, plan: FloorPlan) -> int:
    """How many spots of a survey lie off a plan: it was drawn otherwise when somebody walked there."""
    at = _places(survey)
    return int((~_on(plan, at[:, 0], at[:, 1])).sum())


def _places(survey: Survey) -> Floats:
    return np.array([(spot.x_m, spot.y_m) for spot in survey.spots], np.float64).reshape(-1, 2)


def _on(plan: FloorPlan, x_m: Floats, y_m: Floats) -> NDArray[np.bool_]:
    within = (x_m >= -BESIDE_M) & (x_m <= plan.width_m + BESIDE_M)
    return np.asarray(within & (y_m >= -BESIDE_M) & (y_m <= plan.height_m + BESIDE_M), np.bool_)

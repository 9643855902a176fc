"""T6: whole visits: 1 to 4 stands of 40 to 280 s, spliced from the standing recordings, then 240 s of silence.

Positions are parted at random (office.folds); a visit's stands come from one part, in any order and at any offset within
their recordings, so that a survey of the other parts has never seen them. Stands that follow one another in one department are
one stay; the last stay ends with the last packet.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from simulator.air import Hearing
from simulator.chance import stream
from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Case, Sense, TrueStay
from simulator.score.floor import heards_of
from simulator.traces.trace import RadioTrace

NAME: Final = "tetam-visits"
CAPTION: Final = "visits spliced from standing recordings, then silence: enter, dwell, exit"
SENSE: Final[Sense] = "radio"
OPTIONS: Final = frozenset({"survey", "thin", "packets"})
USUAL_THIN: Final = 0.5
VISITS: Final = 60
MOST_STANDS: Final = 4
SHORTEST_S: Final = 40.0
LONGEST_S: Final = 280.0
SILENCE_S: Final = 240.0
#: Campaigns that wait for somebody to look at something wait for about as long.
DWELL_S: Final = 60.0


def cases(asked: Asked) -> list[Case]:
    traces = office.standing(asked.folder(office.KIND))
    floor = office.office(asked, traces)
    zones = office.departments(floor)
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    folds = office.folds(traces, asked.seed)
    surveys = [office.survey(asked, floor, fold) for fold in folds]
    made = []
    for number in range(VISITS):
        name = f"visit-{number + 1:02}"
        part = number % len(folds)
        hearings, truth = _visit(folds[part], stream(asked.seed, "visits", name))
        seconds = truth[-1].left_s + SILENCE_S
        heards = heards_of(name, hearings, thin, asked.seed)
        made.append(
            floor.case(heards, truth, zones, surveys[part], name=name, seconds=seconds, dwell_s=DWELL_S)
        )
    return made


def _visit(
    positions: Sequence[RadioTrace], rng: np.random.Generator
) -> tuple[list[Hearing], tuple[TrueStay, ...]]:
    """What was heard, and the true stays."""
    stands = min(int(rng.integers(1, MOST_STANDS + 1)), len(positions))
    hearings: list[Hearing] = []
    truth: list[TrueStay] = []
    began = 0.0
    for chosen in rng.permutation(len(positions))[:stands].tolist():
        trace = positions[chosen]
        lasts = min(float(rng.uniform(SHORTEST_S, LONGEST_S)), trace.seconds)
        offset = float(rng.uniform(0.0, trace.seconds - lasts))
        for hearing in trace.hearings:
            mine = (hearing.at_s >= offset) & (hearing.at_s < offset + lasts)
            at = hearing.at_s[mine] - offset + began
            hearings.append(Hearing(hearing.device, hearing.anchor, at, hearing.rssi_dbm[mine]))
        department = office.department_at(trace.truth.x[:1], trace.truth.y[:1])[0]
        if truth and truth[-1].zone == department:
            truth[-1] = TrueStay(department, truth[-1].entered_s, began + lasts)
        else:
            truth.append(TrueStay(department, began, began + lasts))
        began += lasts
    return hearings, tuple(truth)

"""T3: a tag lies still for five minutes, somewhere in the office; after the first right enter any enter is a flap.

Where nothing else is named to learn from, positions are parted at random (office.folds) and each part is scored by a survey of
the others.
"""

from typing import Final

from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Case, Sense, TrueStay
from simulator.score.floor import heards_of

NAME: Final = "tetam-standing"
CAPTION: Final = "a tag that does not move, in each of the recorded positions: flapping"
SENSE: Final[Sense] = "radio"
OPTIONS: Final = frozenset({"survey", "thin", "packets"})
USUAL_THIN: Final = 0.5


def cases(asked: Asked) -> list[Case]:
    traces = office.standing(asked.folder(office.KIND))
    floor = office.office(asked, traces)
    zones = office.departments(floor)
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    made = []
    for fold in office.folds(traces, asked.seed):
        surveys = office.survey(asked, floor, fold)
        for trace in fold:
            seconds = trace.seconds
            department = office.department_at(trace.truth.x[:1], trace.truth.y[:1])[0]
            truth = (TrueStay(department, 0.0, seconds),)
            heards = heards_of(trace.name, trace.hearings, thin, asked.seed)
            made.append(
                floor.case(
                    heards,
                    truth,
                    zones,
                    surveys,
                    name=trace.name,
                    seconds=seconds,
                    still=True,
                    began_s=trace.began_s,
                )
            )
    return made

"""T1: somebody walks through the office with a tag, past four departments that together are the floor.

Truth is the timeline of quarters at the times of the camera, short pieces merged (truth.py); the first piece counts as an
enter too, since whoever carries the tag does come into the department in which the recording begins.
"""

from typing import Final

from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Case, Sense
from simulator.score.floor import heards_of
from simulator.score.truth import stays

NAME: Final = "tetam-walk"
CAPTION: Final = "an office of four departments is walked through; camera truth"
SENSE: Final[Sense] = "radio"
OPTIONS: Final = frozenset({"survey", "thin", "packets"})
USUAL_THIN: Final = 1.0


def cases(asked: Asked) -> list[Case]:
    walks = office.walks(asked.folder(office.KIND))
    floor = office.office(asked, walks)
    zones, surveys = office.departments(floor), office.survey(asked, floor)
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    made = []
    for walk in walks:
        truth = stays(walk.truth.at_s, office.department_at(walk.truth.x, walk.truth.y))
        heards = heards_of(walk.name, walk.hearings, thin, asked.seed)
        made.append(
            floor.case(
                heards, truth, zones, surveys, name=walk.name, seconds=walk.seconds, began_s=walk.began_s
            )
        )
    return made

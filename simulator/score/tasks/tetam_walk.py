"""T1: somebody walks through the office with a tag, past four departments that together are the floor.

Truth is the timeline of quarters at the times of the camera, short pieces merged (truth.py); the first piece counts as an
enter too, since whoever carries the tag does come into the department in which the recording begins.
"""

from typing import Final

from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Case, Sense
from simulator.score.floor import NO_FIXES, heards_of
from simulator.score.truth import stays, zones_at_each_s
from simulator.traces import tetam

NAME: Final = "tetam-walk"
CAPTION: Final = "an office of four departments is walked through; camera truth"
SENSE: Final[Sense] = "radio"
USUAL_THIN: Final = 1.0


def cases(asked: Asked) -> list[Case]:
    walks = tetam.walks(asked.folder(office.KIND))
    floor = office.office(asked, walks)
    zones, surveys = office.departments(floor), office.survey(asked, floor)
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    made = []
    for walk in walks:
        truth = stays(walk.truth.at_s, office.department_at(walk.truth.x, walk.truth.y))
        seconds = walk.seconds
        made.append(
            Case(
                name=walk.name,
                sense=SENSE,
                zones=zones,
                around=(floor.site,),
                anchors=floor.anchors,
                plans={floor.plan.id: floor.plan},
                surveys=surveys,
                heards=heards_of(walk.name, walk.hearings, thin, asked.seed),
                fixes=NO_FIXES,
                truth=truth,
                at_each_s=zones_at_each_s(truth, seconds),
                seconds=seconds,
                ping_s=0.0,
                matching=office.MATCHING,
            )
        )
    return made

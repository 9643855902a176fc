"""T2: the same walks, but the zones are discs round the scanners, as if each hung over a display.

Inside is nearer than the radius along the floor. A disc's own timeline of in and out is merged as departments are (truth.py):
out for under 3 s does not end a stay, in for under 3 s does not begin one. Discs may overlap: each is judged by itself.
"""

from typing import Final

import numpy as np

from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Case, Sense, TrueStay
from simulator.score.floor import heards_of
from simulator.score.truth import NOWHERE, stays
from simulator.traces.trace import RadioTrace

NAME: Final = "tetam-near"
CAPTION: Final = "the same walks past displays: a disc round each scanner (--radius, usually 3 m)"
SENSE: Final[Sense] = "radio"
OPTIONS: Final = frozenset({"survey", "thin", "packets", "radius"})
USUAL_THIN: Final = 1.0
USUAL_RADIUS_M: Final = 3.0


def cases(asked: Asked) -> list[Case]:
    walks = office.walks(asked.folder(office.KIND))
    floor = office.office(asked, walks)
    radius_m = asked.radius_m if asked.radius_m is not None else USUAL_RADIUS_M
    zone_of = {name: floor.disc(name, radius_m) for name in floor.anchors}
    surveys = office.survey(asked, floor)
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    made = []
    for walk in walks:
        truth = _near(walk, {name: zone.id for name, zone in zone_of.items()}, radius_m)
        heards = heards_of(walk.name, walk.hearings, thin, asked.seed)
        made.append(
            floor.case(
                heards,
                truth,
                tuple(zone_of.values()),
                surveys,
                name=walk.name,
                seconds=walk.seconds,
                began_s=walk.began_s,
            )
        )
    return made


def _near(walk: RadioTrace, zone_of: dict[str, str], radius_m: float) -> tuple[TrueStay, ...]:
    at, x, y = walk.truth.at_s, walk.truth.x, walk.truth.y
    found: list[TrueStay] = []
    for anchor, zone in zone_of.items():
        ax, ay, _ = walk.anchors[anchor]
        inside = np.hypot(x - ax, y - ay) <= radius_m
        found += stays(at, np.where(inside, zone, NOWHERE).tolist())
    return tuple(sorted(found, key=lambda stay: (stay.entered_s, stay.zone)))

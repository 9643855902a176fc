"""As point-in-polygon, without the fixes that claim to be bad: what is recommended first against false enters."""

from typing import Final

from simulator.peers.parts.outlines import standing, told
from simulator.score.case import Case, Said, Sense

NAME: Final = "accuracy-gate"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = (
    "Traccar's filter.accuracy and OwnTracks' ignoreInaccurateLocations, both off by default, at 50 m"
)

WORST_M = 50.0


def play(case: Case) -> list[Said]:
    stood = standing(case)
    stood = stood.only(stood.accuracy_m <= WORST_M)
    return told(stood.t, {zone: metres <= 0.0 for zone, metres in stood.outside_m.items()})

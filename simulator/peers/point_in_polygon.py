"""Each fix is where it says it is: entered when it lies in the outline and the last did not, exited the other way round."""

from typing import Final

from simulator.peers.parts.outlines import standing, told
from simulator.score.case import Case, Said, Sense

NAME: Final = "point-in-polygon"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = "Traccar's and Tile38's geofences with their defaults: no hysteresis, accuracy not looked at (both read 2026)"


def play(case: Case) -> list[Said]:
    stood = standing(case)
    return told(stood.t, {zone: metres <= 0.0 for zone, metres in stood.outside_m.items()})

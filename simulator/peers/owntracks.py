"""OwnTracks on Android, besides the system's own geofence: inside if the distance is at most the radius and the claimed accuracy.

So the worse a fix the sooner it is inside. No debounce. Of an outline that is no circle: if the fix's circle of accuracy touches it.
"""

from typing import Final

from simulator.peers.parts.outlines import standing, told
from simulator.score.case import Case, Said, Sense

NAME: Final = "owntracks"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = "github owntracks/android, its own geofence check, ignoreInaccurateLocations 0 as by default"


def play(case: Case) -> list[Said]:
    stood = standing(case)
    return told(stood.t, {zone: metres <= stood.accuracy_m for zone, metres in stood.outside_m.items()})

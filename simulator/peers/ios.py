"""Region monitoring as on iOS: the border crossed, some way beyond it, and 20 s there before anything is said.

The way is not published: 10 m is assumed. The system's regions are circles: an outline is taken as it is.
"""

from typing import Final

from simulator.peers.parts.holding import Holding
from simulator.peers.parts.outlines import standing
from simulator.score.case import Case, Said, Sense

NAME: Final = "ios"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = (
    "Apple's Location and Maps Programming Guide, region monitoring (closed: after its description only)"
)

BEYOND_M = 10.0
THERE_S = 20.0


def play(case: Case) -> list[Said]:
    stood, holding = standing(case), Holding()
    since: dict[str, float | None] = dict.fromkeys(stood.outside_m)
    for row, t in enumerate(stood.t.tolist()):
        zones = set(holding.zones)
        for zone, outside_m in stood.outside_m.items():
            away = float(outside_m[row])
            beyond = away >= BEYOND_M if zone in zones else away <= -BEYOND_M
            crossed = away > 0 if zone in zones else away <= 0
            if not crossed:
                since[zone] = None
            elif beyond and since[zone] is None:
                since[zone] = t
            began = since[zone]
            if began is not None and t - began >= THERE_S:
                zones ^= {zone}
                since[zone] = None
        holding.hold(zones, t)
    return holding.said

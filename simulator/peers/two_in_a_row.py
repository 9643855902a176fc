"""Two fixes in a row must say so, inside or outside: the usual home-made answer to false enters."""

from typing import Final

from simulator.peers.parts.outlines import standing, told
from simulator.score.case import Case, Said, Sense

NAME: Final = "two-in-a-row"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = "no project: point in polygon, two of the same in a row"


def play(case: Case) -> list[Said]:
    return play_in_a_row(case, 2)


def play_in_a_row(case: Case, count: int) -> list[Said]:
    stood = standing(case)
    inside = {zone: metres <= 0.0 for zone, metres in stood.outside_m.items()}
    return told(stood.t, inside, in_a_row=count)

"""Three fixes in a row must say so: calm where fixes are dense, too late where they are not."""

from typing import Final

from simulator.peers.two_in_a_row import play_in_a_row
from simulator.score.case import Case, Said, Sense

NAME: Final = "three-in-a-row"
SENSE: Final[Sense] = "fixes"
SOURCE: Final = "no project: point in polygon, three of the same in a row"


def play(case: Case) -> list[Said]:
    return play_in_a_row(case, 3)

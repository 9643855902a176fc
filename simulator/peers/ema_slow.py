"""As `ema`, slower: the best of the simple filters near a display, where speed buys little."""

from typing import Final

from simulator.peers.ema import play_smoothed
from simulator.score.case import Case, Said, Sense

NAME: Final = "ema-slow"
SENSE: Final[Sense] = "radio"
SOURCE: Final = "no project: EMA .1 a packet and 6 dB; at displays 2.5 dB to each side; time-out 20 s"

ALPHA = 0.1


def play(case: Case) -> list[Said]:
    return play_smoothed(case, ALPHA)

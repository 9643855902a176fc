"""Phones that sleep and tell everything when they wake: it is put in its place, and nothing is sent out of place.

What is told within the freshness limit may still speak, so the verdict owes nothing for it and forbids nothing twice.
"""

from simulator.stage import Outcome, Stage, judged
from simulator.town import Mishaps, raise_town
from simulator.world import read_world

CAPTION = "phones fall asleep in the middle, wake, and tell everything at once"
SECONDS = 26.0
ASLEEP_S = (5.0, 17.0)
PEOPLE = {"neighbour": 4, "passer-by": 4, "window shopper": 2}


async def play(stage: Stage) -> Outcome:
    sleepers = [
        f"{habit.replace(' ', '-')}-{n}.phone"
        for habit, count in PEOPLE.items()
        for n in range(1, count + 1, 2)
    ]
    mishaps = Mishaps(asleep=dict.fromkeys(sleepers, ASLEEP_S))
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE, mishaps)
    return await judged(town, stage)

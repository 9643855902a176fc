"""Lunch time: many people at once, on the street and in every department. Nobody may get another's offer."""

from simulator.stage import Outcome, Stage, judged
from simulator.town import raise_town
from simulator.world import read_world

CAPTION = "lunch time: eighty people at once, on the street and in every department"
SECONDS = 25.0
PEOPLE = {
    "passer-by": 20,
    "browser": 14,
    "sneaker fan": 8,
    "loyal": 8,
    "neighbour": 8,
    "tourist": 8,
    "phone only": 4,
    "fob only": 2,
    "declined": 4,
    "no messages": 2,
    "quiet hours": 2,
}


async def play(stage: Stage) -> Outcome:
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE)
    return await judged(town, stage)

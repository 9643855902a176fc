"""Lunch time: many people at once, on the street and in every department. Nobody may get another's offer."""

from simulator.stage import Outcome, Stage, judged
from simulator.town import raise_town
from simulator.world import read_world

CAPTION = "lunch time: fifty people at once, on the street and in every department"
SECONDS = 25.0
PEOPLE = {
    "passer-by": 12,
    "browser": 9,
    "sneaker fan": 5,
    "loyal": 5,
    "neighbour": 5,
    "tourist": 5,
    "phone only": 2,
    "fob only": 2,
    "declined": 2,
    "no messages": 2,
    "quiet hours": 1,
}


async def play(stage: Stage) -> Outcome:
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE)
    return await judged(town, stage)

"""People who walk up and down where a zone ends get one offer or none, never ten."""

from simulator.stage import Outcome, Stage, judged
from simulator.town import raise_town
from simulator.world import read_world

CAPTION = "up and down the border of a zone: one offer or none, never ten"
SECONDS = 26.0
PEOPLE = {"border walker": 8}


async def play(stage: Stage) -> Outcome:
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE)
    return await judged(town, stage)

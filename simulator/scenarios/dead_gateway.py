"""A gateway's radio goes off while people stand before it: no mass exit, no second welcome when it comes back."""

from simulator.stage import Outcome, Stage, judged
from simulator.town import Mishaps, raise_town
from simulator.world import read_world

CAPTION = "a gateway goes deaf while people stand before it, and comes back"
SECONDS = 28.0
DEAF_S = (12.0, 20.0)
PEOPLE = {"browser": 5, "sneaker fan": 4, "loyal": 2}


async def play(stage: Stage) -> Outcome:
    mishaps = Mishaps(deaf={"gw-scarpe": DEAF_S, "gw-sneaker": DEAF_S})
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE, mishaps)
    return await judged(town, stage)

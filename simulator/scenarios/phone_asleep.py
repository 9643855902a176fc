"""Phones that sleep and tell everything when they wake: late evidence makes history, never messages.

The server's freshness limit is set shorter than the sleep, so that what it says of two minutes can be seen in a short story.
"""

from dataclasses import replace

from simulator.stage import Outcome, Stage, judged
from simulator.town import Mishaps, raise_town
from simulator.world import read_world

CAPTION = "phones fall asleep in the middle, wake, and tell everything at once"
SECONDS = 26.0
ASLEEP_S = (1.0, 17.0)
SETTINGS = {"SOGLIA_FRESHNESS__LIMIT_S": "4"}
PEOPLE = {"neighbour": 4, "passer-by": 4, "window shopper": 2}


async def play(stage: Stage) -> Outcome:
    sleepers = [
        f"{habit.replace(' ', '-')}-{n}.phone"
        for habit, count in PEOPLE.items()
        for n in range(1, count + 1, 2)
    ]
    mishaps = Mishaps(asleep=dict.fromkeys(sleepers, ASLEEP_S))
    town = raise_town(read_world(stage.shop), stage.seed, stage.seconds or SECONDS, PEOPLE, mishaps)
    outcome = await judged(town, stage, SETTINGS)
    if outcome.verdict is None or outcome.verdict.withheld.get("freshness"):
        return outcome
    return replace(
        outcome, good=False, sentences=[*outcome.sentences, "nothing was withheld for coming too late"]
    )

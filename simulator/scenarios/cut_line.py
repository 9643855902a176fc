"""The shop's line is cut while people come and go: the gateways hear on, keep it, and tell it later in its own time.

Nobody leaves because we hear nothing of them; visits that began and ended meanwhile are visits in the past, each once.
"""

from simulator.absences import wrong_visits
from simulator.stage import CannotPlay, Outcome, Stage, perform
from simulator.town import Mishaps, raise_town
from simulator.world import read_world

CAPTION = "the line of all gateways is cut for 45 s while people come and go: what happened is told later, in its own time"
SECONDS = 140.0
CUT_S = (15.0, 60.0)
PEOPLE = {"capped": 3, "browser": 4, "leaver": 3, "fob only": 2}


async def play(stage: Stage) -> Outcome:
    if stage.seconds is not None and stage.seconds < SECONDS:
        raise CannotPlay(
            f"this story takes {SECONDS:.0f} s: what it is about is known only some time after {CUT_S[1]:.0f} s"
        )
    world = read_world(stage.shop)
    mishaps = Mishaps(cut={anchor.own_id: CUT_S for anchor in world.gateways})
    town = raise_town(world, stage.seed, stage.seconds or SECONDS, PEOPLE, mishaps)
    verdict, happened = await perform(town, stage)
    wrong = wrong_visits(town, happened.visits, CUT_S, heard=True)
    bad = bool(wrong or verdict.offers_doubled or verdict.offers_wrong or verdict.visits_forbidden)
    return Outcome(not bad, {**verdict.as_json(), "visits_wrong": len(wrong)}, [*wrong, *verdict.complaints])

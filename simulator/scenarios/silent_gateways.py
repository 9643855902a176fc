"""All radios of the shop are off for a minute and a half while people stand inside: nobody leaves by that, nobody comes twice.

Who went out meanwhile has left, once the radios hear again, when they were last heard.
"""

from simulator.absences import wrong_visits
from simulator.stage import CannotPlay, Outcome, Stage, perform
from simulator.town import Mishaps, raise_town
from simulator.world import read_world

CAPTION = "all gateways of the shop are deaf for 90 s while people stand inside and some go: no mass exit, true ends"
SECONDS = 150.0
DEAF_S = (22.0, 112.0)
PEOPLE = {"capped": 5, "leaver": 5, "declined": 1}


async def play(stage: Stage) -> Outcome:
    if stage.seconds is not None and stage.seconds < SECONDS:
        raise CannotPlay(
            f"this story takes {SECONDS:.0f} s: what it is about is known only some time after {DEAF_S[1]:.0f} s"
        )
    world = read_world(stage.shop)
    mishaps = Mishaps(deaf={anchor.own_id: DEAF_S for anchor in world.gateways})
    town = raise_town(world, stage.seed, stage.seconds or SECONDS, PEOPLE, mishaps)
    verdict, happened = await perform(town, stage)
    wrong = wrong_visits(town, happened.visits, DEAF_S, heard=False)
    bad = bool(wrong or verdict.offers_doubled or verdict.offers_wrong or verdict.visits_forbidden)
    return Outcome(not bad, {**verdict.as_json(), "visits_wrong": len(wrong)}, [*wrong, *verdict.complaints])

"""How often the interval that a campaign's report gives holds the truth, in pretended worlds whose truth is known.

In: seeds. Out: of so many worlds with an effect, and of as many without one, in how many the reported interval held it. Pure: no clock,
the same seeds give the same figures.

A world draws shoppers who would come to the till anyway with a chance of their own, and whom a message moves by `effect` where it reaches
them. It reaches regulars more often than others, as in a real shop. The real assignment (experiment.py) says who is held out, and
the real report (lift.py) what is concluded. The truth is the effect on all who were exposed, reached or not: `effect` times the
share that is reached. Beside it stands what comparing only those who were reached would have held: that is why nobody should.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from server.campaigns import Campaign, read_campaign
from server.campaigns.experiment import control_of
from server.campaigns.lift import CONFIDENCE, Group, Interval, lift_of
from simulator.chance import stream

CAPTION = "of 100 pretended worlds with a known effect, in how many the reported interval holds the truth"

SEEDS = range(1, 101)
#: The same and more: enough that chance of 100 worlds (a standard error of 2.2) is not what is measured.
MANY_SEEDS = range(1, 1_001)

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class World:
    """A shop whose truth is known. Chances, in [0, 1]; `comes` is spread evenly around its mean, by `spread` to either side."""

    shoppers: int = 4_000
    hold_out: float = 0.25
    comes: float = 0.20
    spread: float = 0.15
    reached: float = 0.80
    effect: float = 0.08

    @property
    def truth(self) -> float:
        """What the campaign does to the share of those exposed who come."""
        return self.effect * self.reached


@dataclass(frozen=True, slots=True)
class Told:
    """What is concluded in one world: from all who were exposed, and wrongly from those alone who were reached."""

    of_all: Interval | None
    of_reached: Interval | None


def run() -> dict[str, object]:
    """The figures."""
    helping, idle = World(), World(effect=0.0)
    with_effect_of_many, without_of_many = told(helping, MANY_SEEDS), told(idle, MANY_SEEDS)
    with_effect, without = with_effect_of_many[: len(SEEDS)], without_of_many[: len(SEEDS)]
    return {
        "worlds": len(SEEDS),
        "confidence": CONFIDENCE,
        "true_effect": round(helping.truth, 4),
        "interval_holds_the_truth": holding(with_effect, helping.truth),
        "interval_says_there_is_an_effect": len(with_effect) - holding(with_effect, 0.0),
        "interval_holds_0_where_there_is_no_effect": holding(without, 0.0),
        "mean_width": round(_mean_width(with_effect), 4),
        "holds_the_truth_of_1000": holding(with_effect_of_many, helping.truth),
        "holds_0_of_1000": holding(without_of_many, 0.0),
        "would_hold_the_truth_among_the_reached_alone": sum(
            each.of_reached is not None and each.of_reached.holds(helping.effect) for each in with_effect
        ),
    }


def told(world: World, seeds: Iterable[int]) -> list[Told]:
    """What the report concludes in each of these worlds."""
    return [_told(world, seed) for seed in seeds]


def holding(reports: Iterable[Told], truth: float) -> int:
    """How many of the intervals hold this truth; one that was not given holds nothing."""
    return sum(each.of_all is not None and each.of_all.holds(truth) for each in reports)


def _told(world: World, seed: int) -> Told:
    """One world. What shoppers would do is drawn for all of them alike: who is in which group changes none of it."""
    chance = stream(seed, "lift", str(world.effect))
    held = _held(world.hold_out, world.shoppers, seed)
    comes = world.comes + world.spread * chance.uniform(-1, 1, world.shoppers)
    reached = ~held & (chance.random(world.shoppers) < world.reached + comes - world.comes)
    came = chance.random(world.shoppers) < comes + world.effect * reached
    control = _group(held, came)
    return Told(
        lift_of(_group(~held, came), control).interval, lift_of(_group(reached, came), control).interval
    )


@cache
def _held(hold_out: float, shoppers: int, seed: int) -> Truths:
    """Who of a world's shoppers is held out: the same with an effect and without."""
    campaign = _campaign(hold_out)
    return np.array([control_of(campaign, f"sh_{seed}_{i}", 0.0) is not None for i in range(shoppers)])


def _group(members: Truths, came: Truths) -> Group:
    return Group(int(members.sum()), int((members & came).sum()))


def _mean_width(reports: Iterable[Told]) -> float:
    return float(np.mean([each.of_all.high - each.of_all.low for each in reports if each.of_all]))


def _campaign(hold_out: float) -> Campaign:
    return read_campaign(
        {
            "id": "spring-shoes",
            "name": "Spring shoes",
            "state": "live",
            "hold_out": hold_out,
            "trigger": {"on": "entered", "where": {"zones": ["shop"]}},
            "offer": {"title": {"en": "Hello"}, "body": {"en": "20 % off until 18:00"}},
        }
    )

"""Who stays where they are: belief grows calm, and is awake again when they walk on."""

import numpy as np
import pytest
from shapely import box

from server.presence.sighting import Heard
from server.presence.stillness import ROWS, follow_levels, moved_odds, stayed
from server.zones.zone import FloorPlan, FloorShape
from tests.makers import NORMAL, Walkthrough, a_department, a_shop, an_anchor, heard

#: Eight gateways along the walls of 20 m by 10 m; the border between the departments runs through the middle.
HANG = [(x, y) for y in (1.0, 9.0) for x in (2.0, 7.0, 13.0, 18.0)]
ANCHORS = [
    an_anchor(f"gateway-{number}", plan="floor", x_m=x, y_m=y, z_m=2.0) for number, (x, y) in enumerate(HANG)
]
ON_THE_BORDER, IN_WEST, IN_EAST = (9.8, 5.0), (4.0, 5.0), (16.0, 5.0)


class Air:
    """What gateways hear of a fob: at each place its own level on each, three advertising channels of different level there."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)

    def at(self, place: tuple[float, float], began: int, seconds: int) -> list[Heard]:
        """Somebody stays at a place: one packet a second on each gateway, about a fifth of them lost."""
        away_m = np.hypot(*(np.array(HANG) - place).T)
        level = -62.0 - 18.0 * np.log10(np.maximum(away_m, 1.0)) + self.chance.normal(0.0, 4.0, len(HANG))
        channels = level[:, None] + self.chance.normal(0.0, 3.0, (len(HANG), 3))
        return [
            heard(second + number / 50, ANCHORS[number].id, float(round(channels[number, channel])))
            for second in range(began, began + seconds)
            for number, channel in enumerate(self.chance.integers(0, 3, len(HANG)))
            if self.chance.random() < 0.8
        ]


def a_floor() -> Walkthrough:
    return Walkthrough(
        a_shop(place=None),
        a_department("west", FloorShape("floor", box(0, 0, 10, 10)), manner=NORMAL),
        a_department("east", FloorShape("floor", box(10, 0, 20, 10)), manner=NORMAL),
        anchors=ANCHORS,
        plans=[FloorPlan("floor", "Floor", "shop", 20.0, 10.0)],
    )


def heard_by_all(level_dbm: np.ndarray, chance: np.random.Generator, seconds: int, levels=None, still_s=0.0):
    """Levels of one device after so many seconds at such strengths, and for how long it has been still."""
    levels = np.zeros((ROWS, 1, len(level_dbm))) if levels is None else levels
    still, moves = np.array([still_s]), 0
    for _ in range(seconds):
        strengths = (level_dbm + chance.normal(0.0, 3.0, len(level_dbm)))[None]
        follow_levels(levels, strengths, np.ones(strengths.shape), np.ones(1), np.ones(1))
        still, moved = stayed(levels, still, np.ones(1))
        moves += int(moved[0])
    return levels, float(still[0]), moves


def test_nothing_is_known_of_who_was_just_heard_first():
    assert moved_odds(np.zeros((ROWS, 1, 4))).tolist() == [0.0]


@pytest.mark.parametrize("seed", range(5))
def test_a_fob_that_lies_there_for_ten_minutes_is_known_to_lie_there(seed):
    chance = np.random.default_rng(seed)
    _, still_s, moves = heard_by_all(chance.normal(-72.0, 6.0, 8), chance, 600)
    assert moves <= 2
    assert still_s > 60.0


@pytest.mark.parametrize("seed", range(5))
def test_who_walks_on_to_other_shadows_is_known_to_have_moved_within_six_seconds(seed):
    chance = np.random.default_rng(seed)
    levels, still_s, _ = heard_by_all(chance.normal(-72.0, 6.0, 8), chance, 120)
    _, _, moves = heard_by_all(chance.normal(-72.0, 6.0, 8), chance, 6, levels, still_s)
    assert moves >= 1


@pytest.mark.parametrize("seed", range(5))
def test_somebody_who_steps_into_the_line_of_one_gateway_of_twelve_moves_nobody(seed):
    chance = np.random.default_rng(seed)
    level = chance.normal(-72.0, 6.0, 12)
    levels, still_s, _ = heard_by_all(level, chance, 120)
    level[3] -= 12.0
    _, still_s, moves = heard_by_all(level, chance, 20, levels, still_s)
    assert moves == 0
    assert still_s > 100.0


@pytest.mark.parametrize("seed", [7, 9, 11, 12])  # without stillness they enter 13, 15, 9 and 20 times
def test_who_stands_on_a_border_between_departments_does_not_flap(seed):
    floor = a_floor()
    floor.take(*Air(seed).at(ON_THE_BORDER, 0, 600))
    entered = [event for event in floor.events if event.kind == "entered" and event.zone != "shop"]
    assert len(entered) == 1


@pytest.mark.parametrize("seed", range(4))
def test_who_stood_for_five_minutes_is_soon_believed_in_the_department_to_which_they_went(seed):
    air, floor = Air(seed), a_floor()
    floor.take(*air.at(IN_WEST, 0, 300))
    assert floor.told("west")[-1][0] == "entered"
    floor.take(*air.at((10.0, 5.0), 300, 4), *air.at(IN_EAST, 304, 12))
    floor.wait_until(316)
    assert floor.told("east")[-1][0] == "entered"
    assert floor.told("west")[-1][0] == "exited"

"""The report of a hold-out tells the truth as often as it claims, in shops whose truth is known."""

import pytest

from simulator.bench.lift import SEEDS, World, holding, told

HELPING, IDLE = World(), World(effect=0.0)


@pytest.fixture(scope="module")
def with_effect():
    return told(HELPING, SEEDS)


def test_the_interval_holds_the_true_effect_in_95_of_100_shops(with_effect):
    assert abs(holding(with_effect, HELPING.truth) - 95) <= 3


def test_the_interval_holds_0_as_often_where_there_is_no_effect():
    assert abs(holding(told(IDLE, SEEDS), 0.0) - 95) <= 3


def test_an_effect_that_is_there_is_found(with_effect):
    assert sum(each.of_all.low > 0 for each in with_effect) >= 95


def test_with_a_hold_out_too_small_to_compare_nothing_is_concluded():
    """Of 4,000 shoppers 1 in 100 is held out: some 40, where 100 are needed."""
    assert all(each.of_all is None for each in told(World(hold_out=0.01), range(1, 6)))


def test_the_same_seeds_give_the_same_reports():
    assert told(HELPING, range(7, 9)) == told(HELPING, range(7, 9)) != told(HELPING, range(9, 11))

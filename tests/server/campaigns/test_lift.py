"""What a campaign did is told between bounds that can be trusted, or not at all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.lift import FEWEST_CAME, FEWEST_EXPOSED, Group, Waiting, interval_of, lift_of


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_bounds_are_those_that_newcombe_printed(treated, control, low, high):
    """The eight examples of his table II, method 10."""
    found = interval_of(Group(treated[1], treated[0]), Group(control[1], control[0]))
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


groups = st.integers(1, 100_000).flatmap(lambda n: st.builds(Group, st.just(n), st.integers(0, n)))


@given(groups, groups)
def test_bounds_lie_around_what_was_seen_and_turn_with_the_groups(treated, control):
    there, back = interval_of(treated, control), interval_of(control, treated)
    assert -1 - 1e-9 <= there.low <= there.difference <= there.high <= 1 + 1e-9
    assert (back.low, back.high) == (pytest.approx(-there.high), pytest.approx(-there.low))


@given(groups, groups)
def test_who_wants_to_be_surer_gets_wider_bounds(treated, control):
    usual, surer = interval_of(treated, control), interval_of(treated, control, confidence=0.99)
    assert surer.low <= usual.low
    assert surer.high >= usual.high


def test_a_campaign_that_helps_is_told_in_plain_words():
    words = lift_of(Group(1_000, 150), Group(500, 48)).words
    assert words == "between 1.8 and 8.7 more of 100 came to the till"
    assert words.in_language("it") == "tra 1,8 e 8,7 persone in più su 100 sono arrivate alla cassa"


def test_a_campaign_that_puts_people_off_is_told_too():
    words = lift_of(Group(500, 48), Group(1_000, 150)).words
    assert words == "between 1.8 and 8.7 fewer of 100 came to the till"


def test_a_difference_that_may_be_chance_is_not_sold_as_one():
    words = lift_of(Group(1_000, 100), Group(1_000, 95)).words
    assert words.startswith("no difference can be told")
    assert words.in_language("it").startswith("non si vede una differenza")


def test_a_bound_that_is_not_0_does_not_read_as_0():
    found = lift_of(Group(1_000_000, 101_000), Group(1_000_000, 100_130))
    assert found.interval.low > 0
    assert found.words == "between 0.004 and 0.2 more of 100 came to the till"


def test_with_few_shoppers_nothing_is_concluded():
    found = lift_of(Group(10_000, 900), Group(FEWEST_EXPOSED - 1, 1))
    assert found.interval is None
    assert found.words == "too few to say: the smaller group has 99 of the 100 shoppers that are needed"
    assert lift_of(Group(10_000, 900), Group(FEWEST_EXPOSED, 1)).interval is not None


def test_with_few_at_the_till_nothing_is_concluded():
    found = lift_of(Group(10_000, FEWEST_CAME - 1), Group(1_000, 0))
    assert found.interval is None
    assert (
        found.words == "too few to say: of both groups together 9 came to the till, of the 10 that are needed"
    )


def test_without_a_hold_out_nothing_is_said():
    found = lift_of(Group(10_000, 900), Group(0, 0))
    assert (found.interval, found.words) == (None, "nothing can be said: nobody was held out")


@pytest.mark.parametrize("nobody_yet", [Group(0, 0), Group(3, 1)])
def test_while_shoppers_may_still_come_it_is_too_early_and_not_that_nobody_was_held_out(nobody_yet):
    words = lift_of(nobody_yet, Group(0, 0), waiting=Waiting(12, 3, timedelta(days=7))).words
    assert words == "too early to say: 12 shoppers have not had 7 days yet"
    assert words.in_language("it") == "troppo presto: 12 persone non hanno ancora avuto 7 giorni"


def test_one_shopper_and_one_day_are_told_as_one():
    words = lift_of(Group(0, 0), Group(0, 0), waiting=Waiting(1, 1, timedelta(days=1))).words
    assert words == "too early to say: 1 shopper has not had 1 day yet"
    assert words.in_language("it") == "troppo presto: 1 persona non ha ancora avuto 1 giorno"


def test_enough_shoppers_are_judged_though_others_may_still_come():
    found = lift_of(Group(1_000, 150), Group(500, 48), waiting=Waiting(9, 3, timedelta(days=7)))
    assert found.interval is not None


def test_a_campaign_that_holds_nobody_out_is_not_told_to_wait():
    found = lift_of(Group(500, 48), Group(0, 0), waiting=Waiting(9, 0, timedelta(days=7)))
    assert found.words == "nothing can be said: nobody was held out"


def test_no_bound_lies_beyond_all_of_100():
    for size in range(1, 40):
        everybody, nobody = Group(size, size), Group(size, 0)
        assert interval_of(everybody, nobody).high <= 1
        assert interval_of(nobody, everybody).low >= -1


def test_more_cannot_come_than_were_exposed():
    with pytest.raises(ValueError, match="11 of 10"):
        Group(10, 11)

import numpy as np

from simulator.score.case import TrueStay
from simulator.score.truth import NOWHERE, stays, zones_at_each_s


def walked(*pieces: tuple[str, int]) -> tuple[TrueStay, ...]:
    """The stays of somebody who spends so many seconds in each place."""
    labels = [label for label, seconds in pieces for _ in range(seconds)]
    return stays(np.arange(len(labels), dtype=float), labels)


def test_the_first_department_counts_too():
    assert walked(("shoes", 10), ("hats", 10)) == (TrueStay("shoes", 0.0, 10.0), TrueStay("hats", 10.0, 19.0))


def test_a_step_over_the_border_and_back_is_no_stay():
    assert [stay.zone for stay in walked(("shoes", 10), ("hats", 2), ("shoes", 10))] == ["shoes"]


def test_a_short_stay_counts_for_the_one_before():
    assert walked(("shoes", 10), ("hats", 2), ("ties", 10))[0] == TrueStay("shoes", 0.0, 12.0)


def test_going_to_and_fro_at_a_border_ends_with_the_first_that_lasts():
    found = walked(("shoes", 5), ("hats", 1), ("shoes", 1), ("hats", 10))
    assert found == (TrueStay("shoes", 0.0, 7.0), TrueStay("hats", 7.0, 16.0))


def test_a_short_piece_at_the_start_counts_for_what_follows():
    assert walked(("shoes", 2), ("hats", 10)) == (TrueStay("hats", 0.0, 11.0),)


def test_nowhere_is_no_stay_but_ends_one():
    found = walked(
        (NOWHERE, 5), ("disc", 5), (NOWHERE, 2), ("disc", 5), (NOWHERE, 5), ("disc", 1), (NOWHERE, 9)
    )
    assert found == (TrueStay("disc", 5.0, 17.0),)


def test_each_second_has_the_zones_of_its_middle():
    seconds = zones_at_each_s([TrueStay("a", 0.0, 1.6), TrueStay("b", 1.0, 3.0)], 4.0)
    assert seconds == (frozenset("a"), frozenset("ab"), frozenset("b"), frozenset())

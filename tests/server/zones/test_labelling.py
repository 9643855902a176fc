"""Where somebody was follows from what they wrote down, and where it does not, nobody guesses."""

import numpy as np
import pytest

from server.zones.labelling import in_order, placed


def where(marks, *times):
    found = placed(np.array(times, float), in_order(marks))
    return [
        (round(float(x), 3), round(float(y), 3)) if known else None
        for x, y, known in zip(found.x_m, found.y_m, found.known, strict=True)
    ]


def test_between_two_marks_of_one_place_somebody_stood_there():
    assert where([(0, 4, 2), (60, 4, 2)], 0, 10, 60) == [(4, 2)] * 3


def test_between_two_places_somebody_walked_straight():
    assert where([(0, 0, 0), (10, 10, 5)], 4, 5) == [(4, 2), (5, 2.5)]


def test_who_took_too_long_for_a_straight_walk_was_nobody_knows_where():
    marks = [(0, 0, 0), (10, 0, 0), (110, 10, 0), (120, 10, 0)]
    assert where(marks, 5, 60, 115) == [(0, 0), None, (10, 0)]


def test_marks_of_a_camera_are_close_enough_at_any_pace():
    assert where([(0, 0, 0), (2, 0.55, 0), (4, 1.1, 0)], 1, 3) == [(0.275, 0), (0.825, 0)]


def test_before_the_first_mark_and_after_the_last_nothing_is_known():
    assert where([(10, 1, 1), (20, 1, 1)], 9.9, 20.1) == [None, None]


def test_marks_may_be_written_in_any_order():
    assert where([(10, 10, 0), (0, 0, 0)], 5) == [(5, 0)]


@pytest.mark.parametrize("marks", [[], [(0, 1, 1)]])
def test_one_mark_tells_of_no_time_at_all(marks):
    assert where(marks, 0, 1) == [None, None]

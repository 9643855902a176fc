"""Who is who in a batch: orders of whole numbers, as numpy would give them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.presence.sorting import by_number, by_number_and_time, each_once

ROWS = st.lists(st.integers(0, 5), max_size=40) | st.lists(st.integers(0, 2**40), max_size=10)


@given(ROWS)
def test_those_of_one_number_stay_in_the_order_in_which_they_came(rows):
    numbers = np.array(rows, np.intp)
    assert by_number(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_what_one_device_sent_is_taken_in_the_order_of_its_times(sent):
    numbers = np.array([number for number, _ in sent], np.intp)
    at = np.array([second for _, second in sent], np.float64)
    assert by_number_and_time(numbers, at).tolist() == np.lexsort((at, numbers)).tolist()


@given(ROWS)
def test_each_device_of_a_batch_gets_one_row(rows):
    numbers = np.array(rows, np.intp)
    once, which = each_once(numbers)
    assert once.tolist() == sorted(set(rows))
    assert once[which].tolist() == rows

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.zones.naming import derived_id

causes = st.lists(st.text() | st.integers() | st.floats(allow_nan=False), max_size=4)


def test_the_same_causes_give_the_same_id_in_every_process_and_release():
    assert derived_id("v", "d_1", "duomo", 1_781_000_000.5) == "v_diqsahh3t7w2s5p374zqw45h"


def test_an_id_is_its_prefix_and_twenty_four_letters_that_need_no_escaping():
    assert re.fullmatch(r"dec_[a-z2-7]{24}", derived_id("dec", "v_1", "spring-shoes"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("a",)),
        ((1,), ("1",)),
        ((1,), (1.0,)),
        (("a", "b"), ("b", "a")),
    ],
)
def test_causes_that_look_alike_give_different_ids(one, other):
    assert derived_id("v", *one) != derived_id("v", *other)


@given(causes, causes)
def test_two_ids_are_equal_only_where_their_causes_are(one, other):
    told_apart = [[(type(cause), cause) for cause in some] for some in (one, other)]
    assert (derived_id("v", *one) == derived_id("v", *other)) == (told_apart[0] == told_apart[1])


def test_minus_zero_is_zero_and_half_a_surrogate_pair_is_a_cause_like_any():
    assert derived_id("v", -0.0) == derived_id("v", 0.0)
    assert derived_id("v", "\ud800") != derived_id("v", "\ud801")


def test_a_truth_value_is_no_cause():
    with pytest.raises(TypeError, match="truth value"):
        derived_id("v", True)

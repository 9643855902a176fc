import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.zones.complaint import Complaint, Remark, at_most, called, did_you_mean, is_number, within

json_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
any_json = st.recursive(
    json_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def test_a_complaint_reads_as_a_sentence_a_place():
    complaint = Complaint([Remark("features[0].id", "is missing"), Remark("crs", "is wrong")])
    assert str(complaint) == "features[0].id: is missing; crs: is wrong"


def test_a_body_of_a_million_mistakes_is_told_the_first_hundred():
    remarks = at_most([Remark("x", "wrong")] * 1_000, "features")
    assert len(remarks) == 101
    assert remarks[-1] == Remark("features", "only the first 100 complaints are told")


@given(any_json)
def test_whatever_was_sent_is_named_in_few_printable_letters(obj):
    assert called(obj).isprintable()
    assert len(called(obj)) < 400  # every letter of forty may need an escape of ten


@given(st.text())
def test_a_key_of_any_letters_makes_a_printable_place(key):
    assert within("features[0].properties", key).isprintable()


@pytest.mark.parametrize(
    ("obj", "number"),
    [(1, True), (1.5, True), (0, True), (True, False), (False, False), ("1", False), (None, False),
     (float("nan"), False), (float("inf"), False), (10**400, False), (-(10**400), False)],
)  # fmt: skip
def test_a_number_is_a_finite_one(obj, number):
    assert is_number(obj) == number


def test_a_typing_slip_is_answered_with_what_was_meant():
    assert did_you_mean("radios", ["radius", "name"]) == "; did you mean 'radius'?"
    assert did_you_mean("qqqqqq", ["radius", "name"]) == ""

"""Free JSON is kept if every database and program can hold it, and refused with the place if not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.web.plain import refuse_unkeepable
from server.web.problem import Problem

keepable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(categories=["L", "N"])), inner),
)


@given(keepable)
def test_what_json_can_hold_is_kept(body):
    assert refuse_unkeepable(body) is None


def test_a_text_that_only_looks_like_a_nul_is_kept():
    assert refuse_unkeepable({"note": "\\u0000"}) is None


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"a": [1, float("nan")]}, "body.a[1]"),
        ({"a": float("inf")}, "body.a"),
        ([{"b": "x\0y"}], "body[0].b"),
        ({"a": {"b": "\ud800"}}, "body.a.b"),
        ({"a": {"\udfff": 1}}, "body.a"),
        ({"a\0": 1}, "body"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(body, place):
    with pytest.raises(Problem) as refused:
        refuse_unkeepable(body)
    assert [fault["place"] for fault in refused.value.errors] == [place]

"""Free JSON is kept if every database and program can hold it, and refused with the place if not."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.responses import Response

from server.web.fields import Given
from server.web.plain import PlainAddress, refuse_unkeepable
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


async def echo(scope, receive, send):
    await Response("here")(scope, receive, send)


@pytest.mark.parametrize(
    "address", ["/v1/shoppers/%00", "/v1/decisions?shopper=a%00b", "/v1/decisions?device=%00"]
)
async def test_an_address_with_a_nul_is_refused_before_any_door(address):
    transport = httpx.ASGITransport(PlainAddress(echo))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        refused, taken = await client.get(address), await client.get("/v1/decisions?shopper=a%20b")
    assert (refused.status_code, refused.json()["title"]) == (422, "The address cannot be read")
    assert taken.text == "here"


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\udfff"])
def test_a_body_with_a_text_that_no_database_keeps_is_refused(text):
    class Body(Given):
        words: dict[str, str]

    with pytest.raises(ValidationError, match="cannot be kept"):
        Body.model_validate({"words": {"en": text}})
    with pytest.raises(ValidationError, match="cannot be kept"):
        Body.model_validate({"words": {text: "en"}})
    assert Body.model_validate({"words": {"en": "\\u0000 is how JSON writes it"}}).words

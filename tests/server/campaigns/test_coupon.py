"""Codes survive being read out at a till, and a coupon that makes no sense is refused at the desk."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.campaigns.coupon import ALPHABET, LETTERS, Coupon, code_of, is_mistyped, milli, normal, shown
from tests.server.campaigns.makers import NOON

codes = st.text(ALPHABET, min_size=LETTERS, max_size=LETTERS).map(code_of)


def a_coupon(**changes) -> Coupon:
    return Coupon.model_validate({"id": "spring", "name": "Spring"} | changes)


@given(codes)
def test_a_code_is_read_as_it_was_shown_however_it_was_typed(code):
    assert normal(shown(code)) == normal(f" {shown(code).lower()} ") == code
    assert not is_mistyped(code)


@given(codes, st.integers(0, LETTERS), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(code, place, letter):
    assume(code[place] != letter)
    assert is_mistyped(code[:place] + letter + code[place + 1 :])


@given(codes, st.integers(0, LETTERS), st.integers(0, LETTERS))
def test_two_characters_that_changed_places_are_always_found(code, one, other):
    assume(code[one] != code[other])
    swapped = list(code)
    swapped[one], swapped[other] = code[other], code[one]
    assert is_mistyped("".join(swapped))


def test_a_code_of_the_shops_own_is_not_judged_by_our_check():
    assert not is_mistyped(normal("BRERA 20"))


def test_a_coupon_holds_until_its_own_end_or_the_end_of_its_life():
    assert a_coupon().holds_until(NOON) is None
    assert a_coupon(life_s=60.0).holds_until(NOON) == NOON + timedelta(minutes=1)
    late = (NOON + timedelta(seconds=30)).isoformat()
    assert a_coupon(life_s=60.0, ends_at=late).holds_until(NOON) == NOON + timedelta(seconds=30)


def test_how_often_a_code_may_be_used_follows_from_what_it_is():
    assert a_coupon().most_uses == 1
    assert a_coupon(uses=3).most_uses == 3
    assert a_coupon(worth=10.0).most_uses is None
    assert a_coupon(codes="shared", code="BRERA20").most_uses is None


@pytest.mark.parametrize(
    "changes",
    [
        {"codes": "shared"},
        {"code": "BRERA20"},
        {"codes": "shared", "code": "BRERA20", "worth": 10.0},
        {"starts_at": "2026-06-11T00:00:00Z", "ends_at": "2026-06-10T00:00:00Z"},
        {"stock": -1},
        {"worth": float("nan")},
        {"ends_at": "2026-06-10T00:00:00"},
        {"id": "a b"},
        {"colour": "red"},
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        a_coupon(**changes)


def test_cents_add_up():
    assert sum(milli(0.1) for _ in range(3)) == milli(0.3)

"""What a till is told of a code, and which offer caused a purchase."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.redemption import (
    Asked,
    CodeAsItStands,
    GivenOffer,
    Redeemable,
    Refused,
    Use,
    cause_of,
    judged,
)
from tests.server.campaigns.makers import NOON
from tests.server.campaigns.test_coupon import a_coupon

HOUR = timedelta(hours=1)


def a_code(coupon=None, **changes) -> CodeAsItStands:
    facts = {"starts_at": None, "ends_at": None, "used": 0, "spent_milli": 0}
    return CodeAsItStands(coupon=coupon or a_coupon(), **(facts | changes))


def told(code, **asked) -> str:
    refused = judged(code, Asked(NOON, **asked))
    assert isinstance(refused, Refused)
    return f"{refused.why}: {refused.words}"


def test_a_good_code_is_good():
    assert judged(a_code(), Asked(NOON)) == Redeemable(0, None)


@pytest.mark.parametrize(
    ("code", "asked", "words"),
    [
        (
            a_code(used=1, last_use=Use(NOON, "3", "brera")),
            {},
            "used: this code was redeemed already, at 2026-06-10 12:00:00 UTC, at till 3, in brera",
        ),
        (a_code(ends_at=NOON), {}, "expired: this coupon ended at 2026-06-10 12:00:00 UTC"),
        (
            a_code(starts_at=NOON + HOUR),
            {},
            "too_early: this coupon holds from 2026-06-10 13:00:00 UTC on",
        ),
        (
            a_code(a_coupon(shops=["brera", "duomo"])),
            {"shop": "navigli"},
            "wrong_shop: this coupon holds in brera and duomo only, not in navigli",
        ),
        (
            a_code(a_coupon(shops=["brera"])),
            {},
            "wrong_shop: this coupon holds in brera only, and the till did not say in which shop it is",
        ),
        (
            a_code(a_coupon(minimum=30.0, currency="EUR")),
            {"paid_milli": 29_990},
            "minimum: this coupon holds for a purchase of 30.00 EUR or more; this one is 29.99 EUR",
        ),
        (
            a_code(a_coupon(minimum=30.0)),
            {},
            "minimum: this coupon holds for a purchase of 30.00 or more, and the till did not say of how much this one is",
        ),
        (
            a_code(a_coupon(worth=10.0), used=1, spent_milli=4_000),
            {"spend_milli": 6_010},
            "too_much: 6.00 of this code is left, less than 6.01",
        ),
        (
            a_code(a_coupon(worth=10.0)),
            {"paid_milli": 0},
            "nothing: the purchase is of nothing, and the till did not say how much of this code to use",
        ),
        (
            a_code(given_at=NOON + HOUR),
            {},
            "too_early: this code was given out at 2026-06-10 13:00:00 UTC and cannot have been used before",
        ),
    ],
)
def test_a_till_reads_why_not(code, asked, words):
    assert told(code, **asked) == words


def test_a_value_is_used_as_far_as_the_purchase_goes():
    code = a_code(a_coupon(worth=10.0))
    assert judged(code, Asked(NOON, paid_milli=3_500)) == Redeemable(3_500, 6_500)
    assert judged(code, Asked(NOON, paid_milli=35_000)) == Redeemable(10_000, 0)
    assert judged(code, Asked(NOON, paid_milli=35_000, spend_milli=1)) == Redeemable(1, 9_999)


@given(st.integers(0, 20_000), st.one_of(st.none(), st.integers(0, 30_000)), st.one_of(st.none(), st.integers(1, 30_000)))  # fmt: skip
def test_no_code_ever_gives_more_than_it_is_worth(spent, paid, spend):
    code = a_code(a_coupon(worth=20.0), used=1, spent_milli=spent, last_use=Use(NOON))
    found = judged(code, Asked(NOON, paid_milli=paid, spend_milli=spend))
    if isinstance(found, Redeemable):
        assert 0 <= found.spend_milli <= 20_000 - spent
        assert found.left_milli == 20_000 - spent - found.spend_milli


def test_the_last_offer_within_its_window_caused_the_purchase():
    offers = [
        GivenOffer("of_long", "a", NOON - 9 * HOUR, 10 * 3600.0),
        GivenOffer("of_short", "b", NOON - 2 * HOUR, 3600.0),
        GivenOffer("of_last", "c", NOON - 3 * HOUR, 4 * 3600.0),
        GivenOffer("of_after", "d", NOON + HOUR, 4 * 3600.0),
    ]
    assert cause_of(NOON, offers).id == "of_last"
    assert cause_of(NOON + 2 * HOUR, offers[:2]) is None
    assert cause_of(NOON, []) is None

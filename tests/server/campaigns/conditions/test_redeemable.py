from datetime import timedelta

from server.campaigns import OfferFacts
from server.campaigns.conditions.redeemable import Redeemable
from server.campaigns.words import Sentence
from tests.server.campaigns.makers import NOON, a_happening, a_moment

HOUR = timedelta(hours=1)


def asked(ends: timedelta, coupon_ends: timedelta | None = None) -> Sentence | None:
    until = None if coupon_ends is None else NOON + coupon_ends
    moment = a_moment().seen_by("shoes", a_happening(), offer=OfferFacts(NOON + ends, until))
    return Redeemable(left="2h").objection(moment)


def test_an_offer_must_be_of_use_for_long_enough():
    assert asked(2 * HOUR) is None
    assert asked(HOUR) == "the offer can be used for 1 h only, at least 2 h are asked for"


def test_a_coupons_own_end_is_what_counts_at_the_till():
    assert asked(HOUR, coupon_ends=24 * HOUR) is None
    assert asked(24 * HOUR, coupon_ends=HOUR)


def test_an_offer_that_is_over_says_since_when_by_the_shops_clock():
    objection = asked(-HOUR)
    assert objection == "the offer can no longer be used since 10 June 2026 at 13:00"
    assert (
        objection.in_language("it")
        == "l'offerta non si può più usare, è finita in data 10 giugno 2026 alle 13:00"
    )


def test_an_offer_of_unknown_end_is_not_called_redeemable():
    assert Redeemable(left="2h").objection(a_moment())

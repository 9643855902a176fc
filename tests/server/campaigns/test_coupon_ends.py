"""What conditions know of an offer with a coupon: until when its code could be used, were it claimed now."""

from datetime import timedelta

import pytest

from server.campaigns import compile_campaigns
from server.campaigns.coupon import Coupon
from server.campaigns.decide import decide, offer_facts
from server.campaigns.explaining import looks
from tests.server.campaigns.makers import NOON, ZONES, a_campaign, a_moment

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_ENOUGH = {"kind": "redeemable", "left": "6h"}


def an_offer(coupon=None, **changes):
    action = {"action": {"kind": "claim_coupon", "coupon": coupon}} if coupon else {}
    return {"title": {"en": "Shoes"}, "body": {"en": "20 % off"}, "life_s": 3600.0, **action, **changes}


def a_coupon(id="spring", **changes):
    return Coupon(id=id, name=id.title(), **changes)


@pytest.mark.parametrize(
    ("coupon", "until"),
    [
        (a_coupon(ends_at=NOON + DAY), NOON + DAY),
        (a_coupon(life_s=7200), NOON + 2 * HOUR),
        (a_coupon(life_s=7200, ends_at=NOON + HOUR / 2), NOON + HOUR / 2),
        (a_coupon(), None),
    ],
)
def test_a_code_claimed_now_holds_as_its_coupon_says(coupon, until):
    facts = offer_facts(a_campaign(offer=an_offer("spring")), NOON, {"spring": coupon})
    assert (facts.ends_at, facts.redeemable_until) == (NOON + HOUR, until)


def test_an_offer_without_a_coupon_has_only_its_own_end():
    assert offer_facts(a_campaign(offer=an_offer()), NOON).redeemable_until is None


def test_of_variants_the_first_that_can_no_longer_be_used_counts():
    variants = [{"id": "long", "offer": an_offer("spring")}, {"id": "short", "offer": an_offer("flash")}]
    coupons = {"spring": a_coupon(ends_at=NOON + DAY), "flash": a_coupon("flash", life_s=600)}
    facts = offer_facts(a_campaign(offer=an_offer(), variants=variants), NOON, coupons)
    assert facts.redeemable_until == NOON + timedelta(minutes=10)


def decided(coupon):
    campaign = a_campaign("shoes", LONG_ENOUGH, offer=an_offer("spring"))
    compiled = compile_campaigns([campaign], ZONES, coupons={"spring": coupon})
    (decision,) = decide(compiled, a_moment())
    (look,) = [each for each in looks(campaign, a_moment(), compiled.coupons) if each.gate == "redeemable"]
    return decision, look


def test_nobody_is_called_in_for_a_coupon_that_ends_on_the_way():
    decision, look = decided(a_coupon(ends_at=NOON + HOUR))
    assert decision.verdict == "withhold"
    assert decision.reasons[0].words == look.objection
    assert look.objection == "the offer can be used for 1 h only, at least 6 h are asked for"


def test_a_message_of_an_hour_may_bring_a_coupon_for_the_week():
    decision, look = decided(a_coupon(ends_at=NOON + 7 * DAY))
    assert (decision.verdict, look.passes) == ("send", True)


def test_a_coupon_that_is_over_is_no_reason_to_come():
    decision, _ = decided(a_coupon(ends_at=NOON - HOUR))
    assert "can no longer be used" in decision.reasons[0].words

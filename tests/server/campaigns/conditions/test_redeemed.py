from datetime import timedelta

import pytest
from pydantic import ValidationError

from server.campaigns import RedeemedOffer
from server.campaigns.conditions.redeemed import Redeemed
from tests.server.campaigns.makers import NOON, a_moment, a_shopper

DAY = timedelta(days=1)


def used(days_ago: float = 1, campaign: str = "shoes", amount: float | None = None) -> RedeemedOffer:
    return RedeemedOffer(campaign, NOON - days_ago * DAY, amount)


def asked(condition: Redeemed, *redeemed: RedeemedOffer) -> str | None:
    return condition.objection(a_moment(shopper=a_shopper(redeemed=redeemed)))


def test_who_used_an_offer_before():
    assert asked(Redeemed(at_least=1), used(campaign="bags")) is None
    assert asked(Redeemed(at_least=1)) == (
        "offers of all campaigns redeemed so far: 0, at least 1 is asked for"
    )


def test_who_never_used_one():
    assert asked(Redeemed(at_most=0)) is None
    assert asked(Redeemed(at_most=0), used())


def test_only_one_campaigns_offers_and_only_the_late_ones_count_where_so_asked():
    condition = Redeemed(campaign="shoes", at_least=1, within="30d")
    assert asked(condition, used(29)) is None
    assert asked(condition, used(30), used(1, "bags")) == (
        "offers of 'shoes' redeemed in the last 30 days: 0, at least 1 is asked for"
    )


def test_what_was_spent_counts_in_all_and_a_till_that_did_not_say_counts_as_nothing():
    condition = Redeemed(spent_at_least=100)
    assert asked(condition, used(amount=60), used(amount=40)) is None
    assert asked(condition, used(amount=99.5), used(amount=None)) == (
        "spent with offers of all campaigns so far: 99.50, at least 100.00 are asked for"
    )


def test_amounts_have_a_comma_in_italian():
    objection = Redeemed(spent_at_least=100).objection(
        a_moment(shopper=a_shopper(redeemed=(used(amount=99.5),)))
    )
    assert (
        objection.in_language("it")
        == "speso con offerte di tutte le campagne finora: 99,50, serve almeno 100,00"
    )


def test_redemptions_that_nobody_looked_up_are_not_none():
    assert Redeemed(at_most=0).objection(a_moment(shopper=a_shopper(redeemed=None)))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "give at_least"),
        ({"campaign": "shoes"}, "give at_least"),
        ({"at_least": 2, "at_most": 1}, "less than at_least"),
    ],
)
def test_what_asks_for_nothing_or_for_the_impossible_is_refused(fields, reason):
    with pytest.raises(ValidationError, match=reason):
        Redeemed(**fields)

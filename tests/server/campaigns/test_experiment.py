"""Who gets what in an experiment: the same for ever, evenly, and each experiment for itself."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.experiment import control_of, stable_share, variant_of
from tests.server.campaigns.makers import a_campaign, a_document

SHOPPERS = [f"sh_{number}" for number in range(4000)]
OTHER = a_document()["offer"]


def shares(salt: str) -> list[float]:
    return [stable_share(shopper, salt) for shopper in SHOPPERS]


def test_a_shopper_stands_where_they_always_stood():
    # Kept for ever: were these to change, everybody would change groups in the middle of an experiment.
    assert stable_share("sh_ann", "hold-out of shoes") == pytest.approx(0.12584, abs=1e-5)


@given(st.text(), st.text())
def test_any_shopper_stands_somewhere_between_nothing_and_all(shopper, salt):
    assert 0 <= stable_share(shopper, salt) < 1
    assert stable_share(shopper, salt) == stable_share(shopper, salt)


def test_shoppers_are_spread_evenly():
    tenths = Counter(int(share * 10) for share in shares("hold-out of shoes"))
    assert set(tenths) == set(range(10))
    assert all(abs(count - 400) < 5 * 19 for count in tenths.values())  # 19: the standard error of a tenth


def test_two_experiments_fall_independently():
    both = sum(a < 0.5 and b < 0.5 for a, b in zip(shares("one"), shares("two"), strict=True))
    assert abs(both - 1000) < 5 * 27.4  # a quarter of 4,000, and its standard error


def test_the_control_group_has_the_size_that_was_asked_for_and_stays_in_it_when_it_grows():
    small, large = a_campaign(hold_out=0.1), a_campaign(hold_out=0.3)
    held = {shopper for shopper in SHOPPERS if control_of(small, shopper, 0.0)}
    assert abs(len(held) - 400) < 5 * 19
    assert held < {shopper for shopper in SHOPPERS if control_of(large, shopper, 0.0)}


def test_whom_no_campaign_speaks_to_is_the_same_for_all_campaigns():
    shoes, bags = (
        {shopper for shopper in SHOPPERS if control_of(a_campaign(name), shopper, 0.05)}
        for name in ("shoes", "bags")
    )
    assert shoes == bags
    assert {control_of(a_campaign(hold_out=0.9), shopper, 0.05) for shopper in shoes} == {"all"}


def test_without_a_hold_out_everybody_is_treated():
    assert not any(control_of(a_campaign(), shopper, 0.0) for shopper in SHOPPERS)


def test_variants_are_dealt_by_their_weights():
    campaign = a_campaign(
        variants=[{"id": "a"}, {"id": "b", "weight": 2, "offer": OTHER}, {"id": "c", "offer": OTHER}]
    )
    dealt = Counter(variant_of(campaign, shopper).id for shopper in SHOPPERS)
    assert {name: round(count / 1000) for name, count in dealt.items()} == {"a": 1, "b": 2, "c": 1}


def test_an_edit_of_the_text_leaves_everybody_with_their_variant():
    texts = [{"id": "a"}, {"id": "b", "offer": OTHER}]
    before = a_campaign(variants=texts)
    after = a_campaign(variants=texts, name="Renamed", version=7, priority=3)
    assert [variant_of(before, each).id for each in SHOPPERS] == [
        variant_of(after, each).id for each in SHOPPERS
    ]


def test_a_campaign_of_one_text_has_no_variants():
    assert variant_of(a_campaign(), "sh_ann") is None

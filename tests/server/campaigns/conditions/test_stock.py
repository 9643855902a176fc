import pytest
from pydantic import ValidationError

from server.campaigns import Issued
from server.campaigns.conditions.stock import Stock
from tests.server.campaigns.makers import a_moment, as_seen_by


def asked(stock: Stock, **issued: Issued) -> str | None:
    return stock.objection(as_seen_by("shoes", a_moment(issued=issued)))


def test_the_last_of_the_stock_may_go_and_none_after_it():
    assert asked(Stock(total=10), shoes=Issued(total=9)) is None
    assert asked(Stock(total=10), shoes=Issued(total=10)) == "10 of 10 offers are given"


def test_a_day_and_a_shop_have_limits_of_their_own():
    stock = Stock(total=100, per_day=10, per_shop_per_day=3)
    assert asked(stock, shoes=Issued(99, 9, 2)) is None
    assert asked(stock, shoes=Issued(50, 10, 2)) == "10 of the 10 offers of today are given"
    assert asked(stock, shoes=Issued(50, 9, 3)) == "3 of the 3 offers of today in this shop are given"


def test_a_campaign_that_gave_nothing_yet_has_all_its_stock_and_others_take_none_of_it():
    assert asked(Stock(total=1)) is None
    assert asked(Stock(total=1), bags=Issued(5, 5, 5)) is None


def test_what_was_not_counted_is_not_given():
    assert Stock(total=10).objection(a_moment()) == (
        "it was not counted how many offers this campaign has given"
    )


def test_a_stock_without_limits_is_refused():
    with pytest.raises(ValidationError, match="give a total"):
        Stock()


def test_a_stock_of_one_is_told_as_one_in_both_languages():
    said = asked(Stock(total=1), shoes=Issued(total=1))
    assert (said, said.in_language("it")) == ("1 of 1 offer is given", "offerta già data: 1 su 1")

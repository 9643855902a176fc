import pytest
from pydantic import ValidationError

from server.campaigns import OfferFacts, Spent
from server.campaigns.conditions.budget import Budget
from tests.server.campaigns.makers import NOON, a_happening, a_moment


def asked(budget: Budget, cost: float | None = 2.5, **spent: Spent) -> str | None:
    moment = a_moment(budget_spent=spent)
    return budget.objection(moment.seen_by("shoes", a_happening(), offer=OfferFacts(NOON, cost=cost)))


def test_the_budget_may_be_spent_to_its_end_and_not_beyond():
    assert asked(Budget(total=10), shoes=Spent(7.5, 0)) is None
    assert asked(Budget(total=10), shoes=Spent(7.51, 0)) == (
        "7.51 of the budget of 10.00 is spent, and one more offer costs 2.50"
    )


def test_a_day_has_a_budget_of_its_own():
    assert asked(Budget(total=100, per_day=5), shoes=Spent(50, 5)) == (
        "5.00 of today's budget of 5.00 is spent, and one more offer costs 2.50"
    )


def test_cents_add_up():
    assert asked(Budget(total=0.3), cost=0.1, shoes=Spent(0.1 + 0.1, 0)) is None


def test_an_offer_that_costs_nothing_never_empties_a_budget():
    assert asked(Budget(total=1), cost=0.0, shoes=Spent(1, 1)) is None


def test_an_unknown_cost_and_an_uncounted_budget_are_not_spent():
    assert asked(Budget(total=10), cost=None) == "nobody said what one offer of this campaign costs"
    assert Budget(total=10).objection(a_moment()) == "it was not counted what this campaign has spent"


def test_a_budget_of_anything_is_refused():
    with pytest.raises(ValidationError, match="give a total"):
        Budget()

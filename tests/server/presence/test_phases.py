"""The state table over time: what falls due, and in which order."""

from server.zones.zone import Circle
from tests.makers import LAT, LON, NORMAL, SURE, Walkthrough, a_department, a_shop, fix


def test_a_shop_that_was_entered_through_its_department_dwells_when_its_time_has_come_and_not_before():
    shop = Walkthrough(
        a_shop(manner=SURE),
        a_department("shoes", Circle(LAT, LON, 40.0), manner=NORMAL),
        dwells_s={"shop": [30.0]},
    )
    shop.take(fix(0))
    shop.take(fix(20))
    assert shop.told("shop") == [("entered", 0.0)]
    shop.take(fix(40))
    assert shop.told("shop") == [("entered", 0.0), ("dwelled", 30.0)]


def test_what_fell_due_long_ago_happens_in_the_order_in_which_it_was_due():
    shop = Walkthrough(a_shop(manner=SURE), dwells_s={"shop": [20.0, 60.0]})
    shop.take(fix(0))
    shop.wait_until(4_000)
    assert shop.told() == [("entered", 0.0), ("dwelled", 20.0), ("dwelled", 60.0), ("exited", 60.0)]

"""Dwells: due by the clock to the second, however seldom somebody says where they are, and not for who had left by then."""

import pytest

from server.zones.zone import AnchorSet, Circle
from tests.makers import LAT, LON, QUICK, Walkthrough, a_department, a_shop, an_anchor, fix, heard


def told(shop: Walkthrough) -> list[tuple[str, float]]:
    return [each for each in shop.told("shop") if each[0] != "entered"]


@pytest.mark.parametrize("dwell_s", [60.0, 299.0, 301.0, 1_000.0, 3_000.0])
def test_a_dwell_is_told_within_a_second_with_a_ping_each_five_minutes(dwell_s):
    shop = Walkthrough(a_shop(), dwells_s={"shop": [dwell_s]})
    for second in range(3_600):
        if second % 300 == 0:
            shop.take(fix(second))
        shop.wait_until(second)
        if second < dwell_s:
            assert told(shop) == []
        if second >= dwell_s:
            assert told(shop) == [("dwelled", dwell_s)]
            break


def test_a_ping_that_comes_late_and_says_that_they_had_gone_is_in_time_before_the_dwell_is_told():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [240.0]})
    shop.take(fix(0))
    shop.wait_until(239.9)
    shop.take(fix(200, north_m=500))  # it took 40 seconds to reach us
    shop.wait_until(400)
    assert told(shop) == [("exited", 200.0)]


def test_a_dwell_does_not_wait_for_a_ping_that_may_come_late():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [240.0]})
    shop.take(fix(0))
    shop.wait_until(240)
    assert told(shop) == [("dwelled", 240.0)]


def test_a_ping_that_comes_after_the_dwell_was_told_puts_the_exit_where_it_was():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [60.0, 240.0]})
    shop.take(fix(0))
    shop.wait_until(241)
    shop.take(fix(200, north_m=500))
    shop.wait_until(400)
    assert told(shop) == [("dwelled", 60.0), ("dwelled", 240.0), ("exited", 200.0)]
    exited = shop.events[-1]
    assert (exited.takes_back, exited.dwelled_s) == (True, 200.0)


def test_an_exit_after_its_dwells_takes_nothing_back():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [60.0]})
    shop.take(fix(0))
    shop.take(fix(100, north_m=500))
    shop.wait_until(400)
    assert [(event.kind, event.takes_back) for event in shop.events if event.zone == "shop"] == [
        ("entered", False),
        ("dwelled", False),
        ("exited", False),
    ]


def test_a_silence_that_began_before_a_dwell_was_told_does_not_take_it_back():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [240.0]})
    shop.take(fix(0))
    shop.take(fix(100))
    shop.wait_until(5_000)
    assert told(shop) == [("dwelled", 240.0), ("exited", 240.0)]
    assert not shop.events[-1].takes_back


def test_who_seems_to_leave_and_does_not_dwells_when_due():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [60.0]})
    shop.take(fix(0))
    shop.take(fix(55, north_m=80))
    shop.take(fix(58), fix(61), fix(64))
    shop.wait_until(70)
    assert told(shop) == [("dwelled", 60.0)]


def test_a_dwell_in_a_department_ends_with_the_department_and_goes_on_in_the_shop():
    anchors = [an_anchor("a"), an_anchor("b")]
    shop = Walkthrough(
        a_shop(None),
        a_department("shoes", AnchorSet(("a",)), manner=QUICK),
        a_department("bags", AnchorSet(("b",)), manner=QUICK),
        anchors=anchors,
        dwells_s={"shop": [60.0], "shoes": [60.0]},
    )
    for second in range(70):
        near, far = ("a", "b") if second < 40 else ("b", "a")
        shop.take(heard(second, near, -60.0), heard(second, far, -84.0))
        shop.wait_until(second + 0.5)
    dwells = [(event.zone, event.dwelled_s) for event in shop.events if event.kind == "dwelled"]
    assert dwells == [("shop", 60.0)]


def test_a_dwell_of_a_small_zone_is_not_told_of_who_walked_across_it_between_two_pings():
    shop = Walkthrough(
        a_shop(Circle(LAT, LON, 400.0)),
        a_department("door", Circle(LAT, LON, 15.0)),
        dwells_s={"door": [20.0]},
    )
    shop.take(fix(0, north_m=-200), fix(300, north_m=200))
    shop.wait_until(600)
    assert shop.told("door") == []

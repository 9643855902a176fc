"""Who comes in and who is only on the way through: a car crosses a fence in a few seconds, and visits nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.zones.zone import Circle
from tests.makers import LAT, LON, METRES_PER_DEGREE_LAT, NORMAL, QUICK, SURE, Walkthrough, a_shop
from tests.server.presence.test_position import at

#: Its middle is the corner, where all of these cars are when the clock says 60.
SMALL_SHOP = Circle(LAT, LON, 30.0)
AT_THE_CORNER_S = 60.0


def driven(shop: Walkthrough, mps: float, every_s: float, first_s: float = 0.0, off_m: float = 0.0) -> None:
    """A car straight through the shop, `off_m` beside its middle, at an even speed, and well past it."""
    for second in np.arange(first_s, 2 * AT_THE_CORNER_S, every_s):
        shop.take(at(second, mps * (second - AT_THE_CORNER_S), off_m, accuracy_m=5.0))
        shop.wait_until(second + every_s - 0.01)


def stopped(shop: Walkthrough, mps: float, every_s: float, last_s: float = 2 * AT_THE_CORNER_S) -> None:
    """A car that drives to the corner and stands there."""
    for second in np.arange(0.0, last_s, every_s):
        shop.take(at(second, min(mps * (second - AT_THE_CORNER_S), 0.0), accuracy_m=5.0))
        shop.wait_until(second + every_s - 0.01)


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("manner", [NORMAL, SURE], ids=["normal", "sure"])
def test_a_car_that_is_through_in_five_seconds_visited_nothing(manner, every_s):
    shop = Walkthrough(a_shop(SMALL_SHOP, manner=manner))
    driven(shop, 12.0, every_s)
    assert shop.told() == []


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
def test_where_the_zone_is_to_be_quick_it_is_told_all_the_same(every_s):
    shop = Walkthrough(a_shop(SMALL_SHOP, manner=QUICK))
    driven(shop, 12.0, every_s)
    assert [kind for kind, _ in shop.told()] == ["entered", "exited"]


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
def test_a_car_that_is_inside_for_half_a_minute_is_told_in_and_out_once(every_s):
    shop = Walkthrough(a_shop(Circle(LAT, LON, 150.0)))
    driven(shop, 10.0, every_s)
    (entered, came), (exited, went) = shop.told()
    assert (entered, exited) == ("entered", "exited")
    # Who comes is foreseen by up to five seconds, and five is the longest gap between their fixes.
    assert came == pytest.approx(AT_THE_CORNER_S - 15.0, abs=5.0)
    assert went == pytest.approx(AT_THE_CORNER_S + 15.0, abs=5.0)


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
def test_who_comes_at_speed_and_stops_is_told_and_when_they_came(every_s):
    shop = Walkthrough(a_shop(SMALL_SHOP))
    stopped(shop, 12.0, every_s)
    ((kind, came),) = shop.told()
    assert kind == "entered"
    assert came == pytest.approx(AT_THE_CORNER_S - 30.0 / 12.0, abs=3.0)


@pytest.mark.parametrize("every_s", [1.0, 5.0])
def test_who_comes_at_speed_and_falls_silent_has_stopped_for_else_they_would_tell_from_the_other_side(
    every_s,
):
    shop = Walkthrough(a_shop(SMALL_SHOP))
    for second in np.arange(0.0, AT_THE_CORNER_S + 0.1, every_s):
        shop.take(at(second, 12.0 * (second - AT_THE_CORNER_S), accuracy_m=5.0))
    shop.wait_until(AT_THE_CORNER_S + 2.0)
    assert shop.told() == []
    shop.wait_until(AT_THE_CORNER_S + 10.0 * every_s)
    assert [kind for kind, _ in shop.told()] == ["entered"]


@settings(max_examples=60, deadline=None)
@given(
    mps=st.floats(2.0, 30.0),
    every_s=st.sampled_from([1.0, 2.0, 5.0, 15.0]),
    first_s=st.floats(0.0, 5.0),
    off_m=st.floats(-40.0, 40.0),
    radius_m=st.floats(15.0, 120.0),
)
def test_whoever_drives_through_is_told_in_once_and_then_out_or_not_at_all(
    mps, every_s, first_s, off_m, radius_m
):
    shop = Walkthrough(a_shop(Circle(LAT, LON, radius_m)))
    driven(shop, mps, every_s, first_s, off_m)
    shop.wait_until(400.0)
    assert [kind for kind, _ in shop.told()] in ([], ["entered"], ["entered", "exited"])
    times = [second for _, second in shop.told()]
    assert times == sorted(times)


def test_a_site_round_a_display_is_visited_by_who_crosses_the_display_only():
    display = Circle(LAT, LON, 10.0)
    site = Circle(LAT + 60.0 / METRES_PER_DEGREE_LAT, LON, 200.0)
    shop = Walkthrough(
        a_shop(site), a_shop(display, id="display", name="Display", level="zone", parent="shop")
    )
    driven(shop, 9.0, 1.0)
    assert shop.told("display") == []
    assert [kind for kind, _ in shop.told("shop")] == ["entered", "exited"]

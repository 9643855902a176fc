"""Phones on the map: who stands, who comes, who drives by, and phones that are wrong, or lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.presence.position import believed, follow_fixes
from server.presence.sighting import Fix, Fixes
from server.presence.tracks import Rows
from server.zones.zone import Circle
from simulator.chance import stream
from simulator.sky import PROVIDERS, errors
from tests.makers import LAT, LON, METRES_PER_DEGREE_LAT, NOON_S, SURE, Walkthrough, a_shop

METRES_PER_DEGREE_LON = 78_190.0
#: 50 km/h.
DRIVING_MPS = 13.9


def at(seconds: float, east_m: float = 0.0, north_m: float = 0.0, **changes) -> Fix:
    """A fix so many metres from the corner."""
    lat, lon = LAT + north_m / METRES_PER_DEGREE_LAT, LON + east_m / METRES_PER_DEGREE_LON
    return Fix(
        **{"device": "phone", "at": NOON_S + seconds, "lat": lat, "lon": lon, "accuracy_m": 6.0, **changes}
    )


def standing(provider: str, every_s: float, seed: int, seconds: float = 1_800.0) -> list[Fix]:
    """What a phone that lies on the corner says."""
    times = np.arange(0.0, seconds, every_s)
    x, y, size = errors(stream(seed, "standing"), times, PROVIDERS[provider])
    return [at(*each, accuracy_m=1.5 * float(sd)) for *each, sd in zip(times, x, y, size, strict=True)]


@pytest.mark.parametrize("every_s", [1.0, 5.0, 15.0])
@pytest.mark.parametrize("provider", ["street", "open", "fused"])
def test_phones_that_lie_still_in_the_middle_of_a_shop_enter_once_and_stay(provider, every_s):
    assert sum(flaps(provider, every_s, seed) for seed in range(8)) == 0


def test_of_three_hundred_phones_in_a_narrow_street_one_in_fifty_at_most_is_told_out_and_in_again():
    # No law: errors of a street are as long as the shop is wide, now and then for a minute.
    assert sum(flaps("street", 15.0, seed) for seed in range(300)) <= 6


def flaps(provider: str, every_s: float, seed: int) -> bool:
    """Whether a phone that lies in the middle of a shop for a quarter of an hour is told in other than once, or out."""
    shop = Walkthrough(a_shop())
    shop.take(*standing(provider, every_s, seed, seconds=900.0))
    return [kind for kind, _ in shop.told()] != ["entered"]


def test_the_longer_a_phone_lies_still_the_surer_its_place():
    rows, nobody, noise = Rows.empty(1), np.zeros(1, np.intp), stream(1, "noise")
    sigmas = []
    for second in range(0, 600, 5):
        fix = at(second, *(float(off) for off in noise.normal(0.0, 4.0, 2)))
        follow_fixes(rows, nobody, Fixes.of([fix]), nobody)
        sigmas.append(float(believed(rows, nobody)[2][0]))
    assert sigmas[-1] < 0.6 * sigmas[5] < 0.6 * sigmas[0]


@settings(max_examples=50, deadline=None)
@given(
    true=st.lists(st.tuples(st.floats(0.5, 300.0), st.floats(100.0, 400.0)), max_size=20),
    made_up=st.lists(st.tuples(st.floats(0.0, 4_000.0), st.floats(-30.0, 30.0)), max_size=20),
)
def test_a_made_up_fix_never_enters(true, made_up):
    shop = Walkthrough(a_shop())
    times = np.cumsum([0.0, *(gap for gap, _ in true)])[1:]
    honest = [at(second, north_m=north) for second, (_, north) in zip(times, true, strict=True)]
    shop.take(*honest, *(at(second, north, mock=True) for second, north in made_up))
    shop.wait_until(10_000)
    assert shop.told() == []


def test_one_fix_too_far_for_any_speed_enters_nothing():
    shop = Walkthrough(a_shop())
    for second in range(0, 60, 5):
        shop.take(at(second, north_m=3_000))
    shop.take(at(60))
    for second in range(65, 120, 5):
        shop.take(at(second, north_m=3_000))
        shop.wait_until(second)
    assert shop.told() == []


@pytest.mark.parametrize("every_s", [1.0, 2.0, 5.0])
@settings(max_examples=25, deadline=None)
@given(phase=st.floats(0.0, 1.0), noise=st.lists(st.floats(-4.0, 4.0), min_size=260, max_size=260))
def test_who_drives_past_a_shop_front_at_50_does_not_enter(every_s, phase, noise):
    shop = Walkthrough(a_shop(Circle(LAT, LON, 15.0)))
    for number, second in enumerate(np.arange(phase * every_s, 120.0, every_s)):
        off_x, off_y = noise[2 * number : 2 * number + 2]
        shop.take(at(second, DRIVING_MPS * (second - 60.0) + off_x, 27.0 + off_y))
        shop.wait_until(second + every_s - 0.01)
    assert shop.told() == []


@settings(max_examples=25, deadline=None)
@given(phase=st.floats(0.0, 5.0), noise=st.lists(st.floats(-4.0, 4.0), min_size=50, max_size=50))
def test_who_stops_there_does(phase, noise):
    shop = Walkthrough(a_shop(Circle(LAT, LON, 15.0)))
    for number, second in enumerate(np.arange(phase, 100.0, 5.0)):
        off_x, off_y = noise[2 * number : 2 * number + 2]
        shop.take(at(second, min(DRIVING_MPS * (second - 60.0), 0.0) + off_x, off_y))
    shop.wait_until(110)
    kind, entered = shop.told()[0]
    assert kind == "entered"
    assert 52.0 <= entered <= 72.0
    assert len(shop.told()) == 1


def test_a_zone_that_was_crossed_between_two_fixes_was_visited_then():
    shop = Walkthrough(a_shop())
    for second in range(-60, 75, 15):
        shop.take(at(second + 7, 10.0 * (second + 7), accuracy_m=5.0))
        shop.wait_until(second + 21.9)
    (entered, came), (exited, went) = shop.told()
    assert (entered, exited) == ("entered", "exited")
    assert came == pytest.approx(-4.0, abs=2.0)
    assert went == pytest.approx(4.0, abs=2.0)


def test_a_zone_crossed_in_less_than_its_waiting_time_was_not():
    shop = Walkthrough(a_shop(manner=SURE))
    for second in range(-60, 75, 15):
        shop.take(at(second + 7, 10.0 * (second + 7), accuracy_m=5.0))
        shop.wait_until(second + 21.9)
    assert shop.told() == []


@pytest.mark.parametrize("every_s", [1.0, 2.0, 3.0])
def test_who_walks_in_is_known_to_within_three_seconds_of_the_door(every_s):
    shop = Walkthrough(a_shop())
    at_door = 40.0 / 1.3
    for second in np.arange(-30.0, at_door + 4.0, every_s):
        shop.take(at(second, 80.0 - 1.3 * max(second, 0.0), accuracy_m=4.0, speed_mps=1.3))
        shop.wait_until(min(second + every_s, at_door + 3.0))
    ((kind, entered),) = shop.told()
    assert kind == "entered"
    assert entered == pytest.approx(at_door, abs=4.0)


def test_who_steps_out_of_the_door_for_a_moment_has_not_left():
    shop = Walkthrough(a_shop())
    for second in range(0, 120, 2):
        shop.take(at(second, 42.0 if 60 <= second < 74 else 36.0, accuracy_m=4.0))
        shop.wait_until(second + 1)
    assert [kind for kind, _ in shop.told()] == ["entered"]


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.floats(0.2, 200.0), min_size=1, max_size=25),
    steps=st.lists(st.floats(-2_000.0, 2_000.0), min_size=50, max_size=50),
    claims=st.lists(st.floats(0.0, 3_000.0), min_size=25, max_size=25),
    speeds=st.lists(st.one_of(st.just(float("nan")), st.floats(0.0, 60.0)), min_size=25, max_size=25),
)
def test_belief_stays_finite_whatever_a_phone_says(gaps, steps, claims, speeds):
    rows, nobody = Rows.empty(1), np.zeros(1, np.intp)
    for i, second in enumerate(np.cumsum(gaps)):
        fix = at(second, steps[2 * i], steps[2 * i + 1], accuracy_m=claims[i], speed_mps=speeds[i])
        course = follow_fixes(rows, nobody, Fixes.of([fix]), nobody)
        for where in (course.here(), course.ahead(nobody, np.full(1, 10.0)), course.between(nobody, 0.5)):
            assert np.isfinite(np.concatenate(where)).all()
            assert where[2][0] > 0.0
        assert rows.pp[0] * rows.vv[0] >= rows.pv[0] ** 2 * (1.0 - 1e-9)

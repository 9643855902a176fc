"""Position errors against those measured: how large, how long they last, and how honest the phone is about them."""

import numpy as np
import pytest

from simulator.chance import stream
from simulator.sky import PROVIDERS, errors, fixes
from simulator.traces import pixel_walk
from simulator.walk import Path

AT = np.arange(0.0, 4000.0)
STILL = Path(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2))


def drawn(provider: str, seeds: int = 25) -> tuple[list[np.ndarray], np.ndarray]:
    """Errors on one axis a seed, and the radial errors of all."""
    axes = [errors(stream(seed, "phone"), AT, PROVIDERS[provider]) for seed in range(seeds)]
    return [x for x, _, _ in axes], np.concatenate([np.hypot(x, y) for x, y, _ in axes])


def lasting(axes: list[np.ndarray], lag_s: int) -> float:
    """Autocorrelation at a lag, over all seeds together."""
    variance = np.mean([axis.var() for axis in axes])
    return float(np.mean([(axis[lag_s:] * axis[:-lag_s]).mean() for axis in axes]) / variance)


def within_claim(provider: str) -> float:
    tracks = [fixes(seed, "phone", STILL, AT, provider) for seed in range(25)]
    return float(np.mean([np.hypot(t.x, t.y) <= t.accuracy_m for t in tracks]))


@pytest.mark.parametrize("provider", ["street", "downtown"])
def test_between_houses_fixes_err_as_measured_downtown(provider):
    axes, radial = drawn(provider, seeds=100)
    assert np.percentile(radial, [50, 95, 99]) == pytest.approx([8.5, 35.0, 58.0], rel=0.06)
    assert np.concatenate(axes).std() == pytest.approx(10.0, rel=0.25)


def test_an_error_between_houses_lasts_as_measured():
    axes, _ = drawn("street", seeds=100)
    measured = {1: 0.84, 5: 0.46, 15: 0.26, 30: 0.19, 60: 0.10}
    assert {lag: lasting(axes, lag) for lag in measured} == pytest.approx(measured, abs=0.04)


def test_under_an_open_sky_a_metre_and_half_of_it_still_there_a_minute_later():
    axes, _ = drawn("open")
    assert 0.5 <= np.concatenate(axes).std() <= 1.5
    assert lasting(axes, 60) == pytest.approx(0.5, abs=0.12)


def test_fused_fixes_are_good_to_two_and_a_half_metres():
    assert np.median(drawn("fused")[1]) == pytest.approx(2.5, abs=0.4)


def test_network_fixes_are_off_by_thirty_metres_and_lie_about_it():
    assert np.percentile(drawn("network")[1], [50, 95]) == pytest.approx([31.5, 65.0], rel=0.15)
    assert within_claim("network") == pytest.approx(0.61, abs=0.06)


def test_a_receiver_that_hardly_knows_claims_about_as_much_on_the_whole():
    assert within_claim("downtown") == pytest.approx(0.72, abs=0.06)


def test_the_others_are_honest():
    assert within_claim("street") == pytest.approx(0.68, abs=0.05)
    assert within_claim("fused") > 0.8


def test_the_network_provider_of_a_real_phone_lies_as_ours_does(data_dir):
    walk = pixel_walk.walk(data_dir / "pixel_walk", "network")
    north = (walk.lat - np.interp(walk.at_s, walk.true_at_s, walk.true_lat)) * 111_000
    east = (
        (walk.lon - np.interp(walk.at_s, walk.true_at_s, walk.true_lon))
        * 111_000
        * np.cos(np.radians(walk.lat))
    )
    off = np.hypot(north, east)
    assert np.median(drawn("network")[1]) == pytest.approx(np.median(off), rel=0.2)
    assert within_claim("network") == pytest.approx(np.mean(off <= walk.accuracy_m), abs=0.08)


def test_the_same_seed_gives_the_same_fixes():
    one, other, third = (fixes(seed, "phone", STILL, AT, "street") for seed in (4, 4, 5))
    assert np.array_equal(one.x, other.x)
    assert not np.array_equal(one.x, third.x)

"""What is measured of fixes, on errors made here."""

import numpy as np
import pytest

from simulator.chance import drifting
from simulator.fit.position import Errors, measured


def erring(x: np.ndarray, y: np.ndarray, every_s: float = 1.0, claimed_m: float = 10.0) -> Errors:
    return Errors(np.arange(len(x)) * every_s, x, y, np.full(len(x), claimed_m))


def test_a_phone_that_is_always_three_and_four_metres_off_is_five_metres_off():
    found = measured([erring(np.full(100, 3.0), np.full(100, 4.0), claimed_m=4.0)])
    assert found["error p50, m"] == found["error p99, m"] == 5.0
    assert found["share within what is claimed"] == 0.0
    assert found["error still there after 60 s"] == pytest.approx(1.0)
    assert found["error grown within 60 s, m rms"] == 0.0


def test_an_error_that_fades_within_ten_seconds_is_found_to_do_so():
    rng = np.random.default_rng(1)
    at = np.arange(20_000.0)
    found = measured([erring(*(2.0 * drifting(rng, at, 10.0) for _ in range(2)))])
    assert found["error still there after 5 s"] == pytest.approx(np.exp(-0.5), abs=0.05)
    assert found["error grown within 60 s, m rms"] == pytest.approx(
        4.0, rel=0.05
    )  # sqrt(2) of 2 m on either axis


def test_fixes_each_six_seconds_say_nothing_of_one_second():
    rng = np.random.default_rng(2)
    found = measured([erring(rng.normal(size=50), rng.normal(size=50), every_s=6.0)])
    assert "error still there after 1 s" not in found
    assert "error still there after 60 s" in found

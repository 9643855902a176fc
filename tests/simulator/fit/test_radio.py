"""What is measured of a radio, on traces whose noise is known because it was made here."""

import numpy as np
import pytest

from simulator.air import HIP_M, Hearing
from simulator.fit import radio
from simulator.traces.trace import RadioTrace
from simulator.walk import Path

EVERY_S = 0.455
ANCHORS = {"door": (0.0, 0.0, HIP_M), "till": (10.0, 0.0, HIP_M)}


def heard_at(x: float, noise: np.ndarray, lost: slice = slice(0, 0), louder: float = 0.0) -> RadioTrace:
    """Somebody stands at (x, 0): -60 dBm at 1 m and an exponent of 2 at either anchor, plus this noise."""
    at = np.arange(len(noise)) * EVERY_S
    kept = np.ones(len(noise), dtype=bool)
    kept[lost] = False
    hearings = [
        Hearing("fob", name, at[kept], (-60 - 20 * np.log10(abs(x - ax)) + louder + noise)[kept])
        for name, (ax, _, _) in ANCHORS.items()
    ]
    still = Path(np.array([0.0, at[-1]]), np.array([x, x]), np.zeros(2))
    return RadioTrace(f"{x}", ANCHORS, hearings, still)


def standing_about(noise_of: np.random.Generator) -> list[RadioTrace]:
    return [heard_at(x, noise_of.normal(0.0, 3.0, 400)) for x in (1.0, 2.0, 4.0, 6.0, 8.0)]


def test_a_straight_line_is_found_again():
    found = radio.standing(standing_about(np.random.default_rng(1)))
    assert found["1 m reference, dBm"] == pytest.approx(-60.0, abs=0.5)
    assert found["exponent"] == pytest.approx(2.0, abs=0.1)
    assert found["sd within a place, median"] == pytest.approx(3.0, abs=0.2)
    assert found["sd between places at equal distance"] < 0.3


def test_white_noise_is_forgotten_at_once():
    found = radio.standing(standing_about(np.random.default_rng(2)))
    assert [abs(found[f"still there after {lag} s"]) < 0.05 for lag in radio.LAGS_S] == [True] * 5


def test_what_lasts_two_calls_is_half_there_after_one():
    fresh = np.random.default_rng(3).normal(0.0, 3.0, 4001)
    found = radio.standing([heard_at(x, (fresh[1:] + fresh[:-1])) for x in (2.0, 4.0, 6.0)])
    assert found["still there after 0.45 s"] == pytest.approx(0.5, abs=0.05)
    assert abs(found["still there after 0.9 s"]) < 0.05


def test_lost_calls_are_counted_and_do_not_bring_later_ones_nearer():
    wave = 3.0 * np.cos(np.pi * np.arange(2000))  # up, down, up, down
    whole, thinned = (
        radio.standing([heard_at(x, wave, lost) for x in (2.0, 4.0)])
        for lost in (slice(0, 0), slice(5, None, 7))
    )
    assert whole["share heard"] == pytest.approx(1.0)
    assert thinned["share heard"] == pytest.approx(6 / 7, abs=0.01)
    assert thinned["still there after 0.9 s"] == pytest.approx(whole["still there after 0.9 s"], abs=0.05)
    assert thinned["still there after 0.45 s"] == pytest.approx(-1.0, abs=0.05)


def test_the_same_twice_is_nowhere_apart_and_something_louder_is_apart_everywhere():
    noise = np.random.default_rng(4).normal(0.0, 1.0, 400)
    one = [heard_at(2.0, noise), heard_at(5.0, noise)]
    louder = [heard_at(2.0, noise, louder=20.0), heard_at(5.0, noise, louder=20.0)]
    assert set(radio.apart(one, one).values()) == {0.0}
    assert set(radio.apart(one, louder).values()) == {1.0}


def test_a_distance_at_which_hardly_anything_was_heard_has_no_figure():
    found = radio.standing(
        [heard_at(2.0, np.zeros(400)), heard_at(8.0, np.random.default_rng(5).normal(size=400))]
    )
    assert "RSSI at 2 m, mean" in found
    assert "RSSI at 16 m, mean" not in found

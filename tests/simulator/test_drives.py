"""Drives and strolls through a made-up downtown: fast enough, slow enough, and the same for the same seed."""

import numpy as np
import pytest

from simulator.chance import stream
from simulator.drives import drive, stroll

SECONDS = np.arange(0.0, 3_600.0)


@pytest.mark.parametrize("goes", [drive, stroll])
def test_the_same_seed_goes_the_same_way(goes):
    one, again, other = (goes(stream(seed, "somebody"), 600.0) for seed in (1, 1, 2))
    assert np.array_equal(one.x, again.x)
    assert not np.array_equal(one.x[:50], other.x[:50])


@pytest.mark.parametrize("goes", [drive, stroll])
def test_time_goes_on_for_as_long_as_was_asked(goes):
    path = goes(stream(3, "somebody"), 900.0)
    assert (np.diff(path.at_s) >= 0.0).all()
    assert path.at_s[-1] >= 900.0


def test_a_car_keeps_to_town_speeds_and_stands_at_lights():
    pace = np.concatenate([drive(stream(seed, "car"), 3_600.0).pace_mps(SECONDS) for seed in range(4)])
    assert pace.max() < 17.0
    assert 0.15 < np.mean(pace < 0.3) < 0.6
    assert 6.0 < np.median(pace[pace > 1.0]) < 13.0


def test_a_car_brakes_no_harder_than_a_calm_driver():
    pace = drive(stream(5, "car"), 3_600.0).pace_mps(SECONDS)
    assert np.abs(np.diff(pace)).max() < 7.0
    assert np.quantile(np.abs(np.diff(pace)), 0.95) < 3.5


def test_a_stroller_walks_and_stops():
    pace = np.concatenate([stroll(stream(seed, "walker"), 3_600.0).pace_mps(SECONDS) for seed in range(4)])
    assert np.quantile(pace, 0.99) < 2.0
    assert 0.8 < np.median(pace[pace > 0.6]) < 1.7

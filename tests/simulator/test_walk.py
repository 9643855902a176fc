import numpy as np
import pytest

from simulator.chance import stream
from simulator.walk import Walker


def walker(seed: int = 1) -> Walker:
    return Walker(stream(seed, "somebody"), (0.0, 0.0))


def test_the_same_seed_walks_the_same_way():
    paths = [walker().goes_to((10.0, 0.0)).stays(20.0).path() for _ in range(2)]
    assert np.array_equal(paths[0].x, paths[1].x)
    assert np.array_equal(paths[0].at_s, paths[1].at_s)


def test_another_seed_walks_another_way():
    one, other = (walker(seed).goes_to((10.0, 0.0)).stays(20.0).path() for seed in (1, 2))
    assert not np.array_equal(one.at_s, other.at_s)


def test_ten_metres_at_a_metre_a_second_take_about_ten_seconds():
    assert walker().goes_to((10.0, 0.0), pace_mps=1.0).now_s == pytest.approx(10.0, rel=0.09)


def test_who_stays_shuffles_about_and_ends_where_they_stood():
    path = walker().goes_to((3.0, 4.0)).stays(60.0).path()
    still = path.at_s > path.at_s[1]
    assert np.abs(path.x[still] - 3.0).max() > 0.1
    assert np.hypot(path.x[still] - 3.0, path.y[still] - 4.0).max() < 2.5
    assert (path.x[-1], path.y[-1]) == (3.0, 4.0)


def test_staying_until_a_time_that_has_passed_is_no_step_back():
    late = walker().goes_to((10.0, 0.0))
    before = late.now_s
    assert late.stays_until(1.0).now_s == before


def test_time_never_runs_back_on_a_path():
    path = walker().goes_to((5.0, 5.0), (0.0, 0.0)).stays(12.0).stays_until(60.0).path()
    assert (np.diff(path.at_s) >= 0).all()


def test_a_walker_is_as_fast_as_they_walk():
    path = walker().goes_to((50.0, 0.0), pace_mps=1.3).path()
    assert path.pace_mps(np.array([10.0]))[0] == pytest.approx(1.3, rel=0.09)

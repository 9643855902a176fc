"""The console's benchmark is true: everything was answered and sent, and watchers really got what happens."""

import pytest

from simulator.bench.console import Size, Untrue, measured, p99


def test_staff_who_watch_get_what_happens_and_shoppers_are_served_all_the_same():
    small = Size(phones=2_000, shops=20, rounds=1, turn_s=12.0, after_s=0.0, browsers=False)
    figures = measured(small)
    assert figures["sightings_per_s"] == 400
    assert figures["sent_alone_count"] > 0
    assert figures["sent_p99_ratio_watched"] > 0
    assert figures["watched_bytes_per_s_each"] > 100


def test_one_in_a_hundred_takes_longer():
    assert p99([*range(1, 101)]) == 100
    assert p99([5.0]) == 5.0
    with pytest.raises(Untrue, match="nothing was measured"):
        p99([])

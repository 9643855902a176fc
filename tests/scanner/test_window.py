"""Many packets of a second become one sighting a device."""

import math

from hypothesis import given
from hypothesis import strategies as st

from scanner.window import MOST_DEVICES, Window, trimmed_mean

packets = st.lists(
    st.tuples(
        st.sampled_from(["fob-1", "fob-2", "fob-3"]),
        st.integers(-110, -30),
        st.floats(1000, 1010, allow_nan=False),
    ),
    max_size=60,
)


def test_the_packets_of_a_second_are_one_sighting():
    window = Window(1.0)
    for at, rssi in ((100.1, -70), (100.3, -74), (100.8, -72)):
        window.add("fob", rssi, at, tx=-59)
    (sighting,) = window.close(101.0)
    assert (sighting.rssi, sighting.count, sighting.tx, sighting.at) == (-72.0, 3, -59, 100.4)


def test_a_second_that_is_not_over_is_kept_open():
    window = Window(1.0)
    window.add("fob", -70, 100.1)
    assert window.close(100.9) == []
    assert len(window.close(101.0)) == 1


def test_one_packet_in_a_fade_does_not_move_the_mean_of_many():
    assert trimmed_mean([-70, -70, -70, -70, -100]) == -70.0
    assert trimmed_mean([-70, -100]) == -85.0


def test_a_clock_that_was_set_back_strands_nothing():
    window = Window(1.0)
    window.add("fob", -70, 5000.5)
    assert len(window.close(100.5)) == 1


def test_a_battery_that_was_told_once_in_the_second_is_told_on():
    window = Window(1.0)
    window.add("fob", -70, 100.1, battery=0.4)
    window.add("fob", -70, 100.2)
    assert window.close()[0].battery == 0.4


def test_invented_ids_do_not_fill_the_memory():
    window = Window(1.0)
    for number in range(MOST_DEVICES + 10):
        window.add(f"invented-{number}", -70, 100.5)
    assert len(window.close()) == MOST_DEVICES
    assert window.overflowed == 10


@given(heard=packets, width=st.sampled_from([0.2, 0.5, 1.0, 3.0]), phase=st.floats(0, 1))
def test_no_packet_is_lost_and_none_counts_twice(heard, width, phase):
    window = Window(width, phase)
    sightings = []
    for beacon, rssi, at in sorted(heard, key=lambda packet: packet[2]):
        window.add(beacon, rssi, at)
        sightings += window.close(at)
    sightings += window.close()
    assert sum(sighting.count for sighting in sightings) == len(heard)
    for beacon in ("fob-1", "fob-2", "fob-3"):
        strengths = [rssi for name, rssi, _ in heard if name == beacon]
        said = [sighting.rssi for sighting in sightings if sighting.id == beacon]
        assert all(min(strengths) <= rssi <= max(strengths) for rssi in said)


@given(heard=packets, phase=st.floats(0, 1))
def test_a_device_is_sighted_once_in_each_slot(heard, phase):
    window = Window(1.0, phase)
    for beacon, rssi, at in heard:
        window.add(beacon, rssi, at)
    slots = {(beacon, math.floor(at - phase)) for beacon, _, at in heard}
    assert len(window.close()) == len(slots)


@given(now=st.floats(0, 2e9), phase=st.floats(0, 1))
def test_a_slot_ends_after_now_and_within_its_width(now, phase):
    assert 0 <= Window(1.0, phase).ends_at(now) - now <= 1.0 + 1e-6

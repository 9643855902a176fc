"""A channel is given no more than its rate, and a quiet one takes a small rush at once."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.delivery.rate import Bucket
from tests.server.delivery.makers import NOON


def test_a_quiet_channel_takes_a_seconds_worth_at_once():
    assert Bucket.full(50, NOON).room(NOON) == 50


def test_a_slow_channel_takes_one():
    bucket = Bucket.full(0.1, NOON)
    assert bucket.room(NOON) == 1
    bucket.spend(1)
    assert bucket.room(NOON + timedelta(seconds=9)) == 0
    assert bucket.room(NOON + timedelta(seconds=11)) == 1


def test_a_clock_that_goes_back_gives_nothing_away():
    bucket = Bucket.full(10, NOON)
    bucket.spend(10)
    assert bucket.room(NOON - timedelta(hours=1)) == 0


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 5), min_size=1, max_size=50))
def test_over_any_time_no_more_goes_than_the_rate_and_one_rush(per_s, waits_s):
    bucket, now, sent = Bucket.full(per_s, NOON), NOON, 0
    for wait_s in waits_s:
        now += timedelta(seconds=wait_s)
        room = bucket.room(now)
        bucket.spend(room)
        sent += room
    assert sent <= max(1.0, per_s) + per_s * (now - NOON).total_seconds() + 1e-6

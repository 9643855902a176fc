"""Whose an id is that will be another one in a quarter of an hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ingest.eid import Rotation
from server.ingest.rotating import AHEAD_S, BEHIND_S, MOST_BEHIND, RotatingIds
from tests.makers import NOON_S

FOB = Rotation(b"k" * 16, 10, epoch_s=NOON_S - 500_000.0)


def sent(rotation: Rotation, at_s: float) -> str:
    return rotation.id(rotation.turn(at_s))


def test_a_fob_is_known_by_what_it_sends_now():
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S)
    assert ids.device(sent(FOB, NOON_S), NOON_S) == "d_fob"
    assert ids.device(sent(Rotation(b"x" * 16, 10, 0.0), NOON_S), NOON_S) is None


@given(
    st.integers(0, 15),
    st.floats(-1e8, 1e8),
    st.lists(st.floats(1, AHEAD_S), max_size=30),
    st.floats(-0.9, 0.9),
)
def test_a_fob_is_known_at_all_times_though_its_clock_drifts(exponent, epoch_s, steps_s, drift_turns):
    rotation = Rotation(b"k" * 16, exponent, NOON_S + epoch_s)
    ids, now = RotatingIds(), NOON_S
    ids.add("d_fob", rotation, now)
    for step_s in steps_s:
        for at in (now, now + step_s - 0.5):  # just after a turning, and just before the next
            assert ids.device(sent(rotation, at + drift_turns * rotation.turn_s), at) == "d_fob"
        now += step_s
        ids.turn(now)
    assert len(ids) <= (min(BEHIND_S, MOST_BEHIND * 2**exponent) + AHEAD_S) / 2**exponent + 6


def test_an_id_recorded_and_played_later_is_nobodys():
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S)
    recorded = sent(FOB, NOON_S)
    assert ids.device(recorded, NOON_S + FOB.turn_s) == "d_fob"
    assert ids.device(recorded, NOON_S + 2 * FOB.turn_s) is None


def test_what_a_gateway_kept_while_its_line_was_down_finds_its_fob():
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S - 2 * BEHIND_S)
    for now in range(int(NOON_S - 2 * BEHIND_S), int(NOON_S) + 1, 60):
        ids.turn(now)
    for ago_s in (0, 600, BEHIND_S):
        assert ids.device(sent(FOB, NOON_S - ago_s), NOON_S - ago_s) == "d_fob"
    forgotten = NOON_S - BEHIND_S - 2 * FOB.turn_s
    assert ids.device(sent(FOB, forgotten), forgotten) is None


def test_a_fob_that_is_dropped_is_known_by_none_of_its_ids():
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S)
    ids.add("d_other", Rotation(b"o" * 16, 10, 0.0), NOON_S)
    kept = len(ids) // 2
    ids.drop("d_fob")
    ids.drop("d_never_there")
    assert len(ids) == kept
    ids.turn(NOON_S + 5_000)
    assert ids.device(sent(FOB, NOON_S + 5_000), NOON_S + 5_000) is None
    ids.drop_all_but({"d_fob"})
    assert len(ids) == 0


def test_a_fob_with_a_new_key_is_known_by_that_alone():
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S)
    anew = Rotation(b"n" * 16, 9, 0.0)
    ids.add("d_fob", anew, NOON_S)
    assert ids.device(sent(FOB, NOON_S), NOON_S) is None
    for now in (NOON_S, NOON_S + 5_000):
        ids.turn(now)
        assert ids.device(sent(anew, now), now) == "d_fob"


@pytest.mark.parametrize("set_s", [-100_000.0, 100_000.0])
def test_our_own_clock_may_be_set(set_s):
    ids = RotatingIds()
    ids.add("d_fob", FOB, NOON_S)
    ids.turn(NOON_S)
    ids.turn(NOON_S + set_s)
    assert ids.device(sent(FOB, NOON_S + set_s), NOON_S + set_s) == "d_fob"


def test_few_ids_are_made_at_a_time():
    ids = RotatingIds()
    for number in range(200):
        ids.add(f"d_{number}", Rotation(number.to_bytes(16, "big"), 10, NOON_S - 5 * number), NOON_S)
    before = set(ids._of_id)
    ids.turn(NOON_S + 60)
    fresh = set(ids._of_id) - before
    assert 0 < len(fresh) < 30  # 200 fobs, a minute of 1,024 s

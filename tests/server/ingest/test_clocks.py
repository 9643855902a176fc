"""Things happened when they happened, by whatever clock they are told."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.ingest.clocks import MOST_CLOCKS, RIGHT_WITHIN_S, STEADY_WITHIN_S, Clocks
from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, pings

THREE_HOURS_S = 10_800.0


def corrected(clocks: Clocks, at: float, sent_at: float | None, now: float, sender: str = "k_1") -> float:
    return float(clocks.corrected(sender, np.array([at]), sent_at, now)[0])


async def test_a_phone_three_hours_wrong_was_here_a_moment_ago(shop):
    phone = await shop.phone()
    wrong = pings(a_ping(-THREE_HOURS_S - 10), sent_at=NOON_S - THREE_HOURS_S)
    assert await shop.verdicts("/v1/pings", wrong, phone) == ["accepted"]
    assert shop.taken[0].fixes.at.tolist() == [NOON_S - 10]


async def test_a_phone_three_hours_ahead_is_not_in_the_future(shop):
    phone = await shop.phone()
    ping = a_ping(THREE_HOURS_S - 10)
    assert await shop.verdicts("/v1/pings", pings(ping), phone) == ["in_the_future"]
    assert await shop.verdicts("/v1/pings", pings(ping, sent_at=NOON_S + THREE_HOURS_S), phone) == [
        "accepted"
    ]


async def test_what_is_sent_again_after_correction_is_a_duplicate_and_no_new_evidence(shop):
    phone = await shop.phone()
    ping = a_ping(-THREE_HOURS_S - 10)
    for waited_s, verdict in ((0.0, "accepted"), (0.9, "duplicate"), (2.5, "duplicate")):
        shop.now = NOON_S + waited_s + 0.3  # the way takes a little, another time nothing
        sent_at = NOON_S + waited_s - THREE_HOURS_S
        assert await shop.verdicts("/v1/pings", pings(ping, sent_at=sent_at), phone) == [verdict]
        shop.now = NOON_S + waited_s
        assert await shop.verdicts("/v1/pings", pings(ping, sent_at=sent_at), phone) == ["duplicate"]


async def test_a_machine_that_starts_in_1970_is_heard(shop):
    phone = await shop.phone()
    assert await shop.verdicts("/v1/pings", pings(a_ping(at=90), sent_at=100), phone) == ["accepted"]
    assert shop.taken[0].fixes.at.tolist() == [NOON_S - 10]


def test_a_right_clock_is_left_alone():
    clocks = Clocks()
    for off_s in (0.0, RIGHT_WITHIN_S, -RIGHT_WITHIN_S, 2.0):
        assert corrected(clocks, NOON_S - 60, NOON_S - off_s, NOON_S) == NOON_S - 60


def test_without_a_time_of_sending_times_are_taken_as_they_are():
    assert corrected(Clocks(), NOON_S - 10_000, None, NOON_S) == NOON_S - 10_000


def test_a_clock_that_was_set_right_is_right():
    clocks = Clocks()
    assert corrected(clocks, 100, 110, NOON_S) == NOON_S - 10
    assert corrected(clocks, NOON_S, NOON_S + 1, NOON_S + 1) == NOON_S


def test_every_sender_has_a_clock_of_their_own():
    clocks = Clocks()
    assert corrected(clocks, NOON_S - 3_600, NOON_S - 3_600, NOON_S, "wrong") == NOON_S
    assert corrected(clocks, NOON_S - 3_600, NOON_S, NOON_S, "right") == NOON_S - 3_600


def test_so_many_clocks_are_remembered_and_the_longest_silent_is_forgotten():
    clocks = Clocks()
    for number in range(MOST_CLOCKS + 1):
        corrected(clocks, 0, NOON_S - 100, NOON_S, f"k_{number}")
    assert corrected(clocks, 0, NOON_S - 101, NOON_S, f"k_{MOST_CLOCKS}") == 100
    assert corrected(clocks, 0, NOON_S - 101, NOON_S, "k_0") == 101


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.floats(0, STEADY_WITHIN_S - 0.01), min_size=2, max_size=20),
)
def test_a_steady_clock_gives_the_same_time_however_long_the_way(off_s, delays_s):
    """Whatever the first delay made of it: the same item stays the same item."""
    clocks = Clocks()
    known = {corrected(clocks, NOON_S, NOON_S - off_s, NOON_S + delay_s) for delay_s in delays_s}
    if abs(off_s) > RIGHT_WITHIN_S + STEADY_WITHIN_S or abs(off_s) < RIGHT_WITHIN_S - STEADY_WITHIN_S:
        assert len(known) == 1
    else:
        assert len(known) <= 2  # at the edge of being right it is corrected once, and stays so

"""How long we wait before we try again."""

from hypothesis import given
from hypothesis import strategies as st

from scanner.backoff import LONGEST_ASKED_S, BackOff, retry_after_s

NOW = 1_781_092_800.0  # 2026-06-10 12:00:00 UTC
chances = st.floats(0, 1, exclude_max=True)


@given(chance=chances)
def test_waits_double_up_to_the_longest(chance):
    backoff = BackOff(1.0, 30.0, lambda: chance)
    waits = [backoff.next() for _ in range(8)]
    full = [1, 2, 4, 8, 16, 30, 30, 30]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, full, strict=True))


def test_after_a_success_it_begins_at_the_first_again():
    backoff = BackOff(1.0, 30.0, lambda: 0.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 1.0


@given(chance=chances, asked=st.floats(0, 100))
def test_it_never_comes_back_sooner_than_it_was_asked_to(chance, asked):
    assert BackOff(1.0, 30.0, lambda: chance).next(asked) >= asked


def test_a_line_that_is_down_for_years_is_no_overflow():
    backoff = BackOff(1.0, 60.0, lambda: 0.0)
    backoff.failures = 10**6
    assert backoff.next() == 60.0


def test_retry_after_is_read_in_seconds_and_as_a_date():
    assert retry_after_s("17", NOW) == 17.0
    assert retry_after_s("Wed, 10 Jun 2026 12:00:30 GMT", NOW) == 30.0
    assert retry_after_s("Wed, 10 Jun 2026 11:00:00 GMT", NOW) == 0.0
    assert retry_after_s(None, NOW) is None


def test_a_server_that_asks_for_years_is_asked_again_within_the_hour():
    assert retry_after_s("999999999", NOW) == LONGEST_ASKED_S


@given(header=st.text(max_size=40))
def test_no_header_is_too_strange(header):
    asked = retry_after_s(header, NOW)
    assert asked is None or 0 <= asked <= LONGEST_ASKED_S

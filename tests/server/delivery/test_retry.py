from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.delivery.retry import Backoff, next_due

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
ATTEMPTS = st.integers(min_value=1, max_value=10_000)
CHANCE = st.floats(min_value=0, max_value=1, exclude_max=True)
LIVES_S = st.floats(min_value=-3600, max_value=7 * 86_400)
ASKED_S = st.none() | st.floats(min_value=0, max_value=86_400)


@pytest.mark.parametrize(
    ("attempt", "jitter", "asked_s", "waits_s"),
    [
        (1, 0.0, None, 1),  # never at once: a channel that just failed gets a second
        (1, 0.5, None, 1 + 2),
        (2, 0.5, None, 1 + 4),
        (3, 0.5, None, 1 + 8),
        (7, 0.5, None, 1 + 128),
        (8, 0.5, None, 1 + 150),  # the cap: five minutes
        (500, 0.5, None, 1 + 150),
        (1, 0.0, 0.0, 1),
        (1, 0.0, 60.0, 60),  # what the channel asked for is the least
        (1, 0.5, 60.0, 60 + 2),  # and chance comes on top, so that a herd does not return at once
    ],
)
def test_the_wait_doubles_up_to_five_minutes_and_honours_what_the_channel_asked(
    attempt, jitter, asked_s, waits_s
):
    due_at = next_due(attempt, NOON, NOON + timedelta(hours=8), jitter, asked_s)
    assert due_at == NOON + timedelta(seconds=waits_s)


@pytest.mark.parametrize(("life_s", "asked_s"), [(0, None), (-5, None), (1, None), (60, 60), (45, 60)])
def test_an_offer_that_ends_before_the_next_try_is_given_up(life_s, asked_s):
    assert next_due(1, NOON, NOON + timedelta(seconds=life_s), 0.5, asked_s) is None


def test_a_long_back_off_still_leaves_a_last_try_before_the_offer_ends():
    due_at = next_due(9, NOON, NOON + timedelta(seconds=61), 0.5)
    assert due_at == NOON + timedelta(seconds=31)


@given(ATTEMPTS, CHANCE, LIVES_S, ASKED_S)
def test_nothing_is_ever_due_at_or_after_the_offers_end_nor_before_the_channel_allows(
    attempt, jitter, life_s, asked_s
):
    expires_at = NOON + timedelta(seconds=life_s)
    due_at = next_due(attempt, NOON, expires_at, jitter, asked_s)
    if due_at is not None:
        least_s = max(Backoff().floor_s, asked_s or 0)
        assert NOON + timedelta(seconds=least_s, microseconds=-1) <= due_at < expires_at


@given(ATTEMPTS)
def test_ceilings_never_shrink_and_never_pass_the_cap(attempt):
    backoff = Backoff()
    assert backoff.ceiling_s(attempt) <= backoff.ceiling_s(attempt + 1) <= backoff.cap_s

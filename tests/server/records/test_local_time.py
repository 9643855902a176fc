"""Counting by the shop's own clock, also in the nights when it is set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.records.local_time import DAY_S, day_of, stretches, weekday_of

CLOCKS = ("Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "UTC")


def test_the_night_when_summer_ends_is_one_day_of_25_hours_in_two_stretches():
    summer, winter = stretches(ZoneInfo("Europe/Rome"), date(2026, 10, 25), date(2026, 10, 25))
    assert summer.since == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert summer.until == winter.since == datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert winter.until == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert (summer.ahead_s, winter.ahead_s) == (7_200, 3_600)


def test_a_clock_that_is_never_set_has_one_stretch():
    (whole,) = stretches(ZoneInfo("Asia/Kathmandu"), date(2026, 1, 1), date(2026, 12, 31))
    assert whole.ahead_s == 5 * 3_600 + 45 * 60
    assert whole.until - whole.since == timedelta(days=365)


def test_the_day_that_apia_never_had_is_empty():
    missing = stretches(ZoneInfo("Pacific/Apia"), date(2011, 12, 30), date(2011, 12, 30))
    assert sum((each.until - each.since for each in missing), timedelta()) == timedelta()


@pytest.mark.parametrize("clock", CLOCKS)
@given(
    at=st.integers(1_767_312_000, 1_830_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
)
def test_arithmetic_within_a_stretch_is_what_the_clock_shows(clock, at):
    shown = at.astimezone(ZoneInfo(clock))
    (found,) = [
        each
        for each in stretches(ZoneInfo(clock), shown.date() - timedelta(days=1), shown.date())
        if each.since <= at < each.until
    ]
    number, second = divmod(int(at.timestamp()) + found.ahead_s, DAY_S)
    assert (day_of(number), weekday_of(number)) == (shown.date(), shown.isoweekday())
    assert second == (shown.hour * 60 + shown.minute) * 60 + shown.second

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.campaigns import Daytime
from tests.server.campaigns.makers import ROME
from tests.server.campaigns.strategies import CLOCKS, daytimes, times

FRIDAY, SATURDAY = date(2026, 6, 12), date(2026, 6, 13)


def at(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), tzinfo=ROME)


def test_the_start_is_within_and_the_end_is_not():
    lunch = Daytime(start="12:00", end="14:00")
    assert [lunch.holds(at(FRIDAY, text)) for text in ("11:59:59", "12:00", "13:59:59", "14:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_night_belongs_to_the_day_on_which_it_began():
    night = Daytime(start="22:00", end="02:00")
    assert [night.day_of(at(SATURDAY, text)) for text in ("01:00", "02:00", "23:00")] == [
        FRIDAY,
        None,
        SATURDAY,
    ]


def test_an_evening_may_end_at_twenty_four():
    evening = Daytime(start="18:00", end="24:00")
    assert [evening.holds(at(FRIDAY, text)) for text in ("23:59:59", "00:00")] == [True, False]


@given(st.times(), st.datetimes())
def test_from_a_time_to_the_same_time_is_a_whole_day(start, local):
    start = start.replace(microsecond=0)
    assert Daytime(start=start, end=start).holds(local)


@given(daytimes, st.datetimes())
def test_a_stretch_and_what_is_left_of_the_day_hold_every_time_once(stretch, local):
    rest = Daytime(start=stretch.end, end=stretch.start)
    assert stretch.start == stretch.end or stretch.holds(local) != rest.holds(local)


@given(daytimes, times, st.sampled_from(CLOCKS))
def test_a_stretch_ends_when_it_no_longer_holds_and_not_before(stretch, now, clock):
    end = stretch.ends_after(now.astimezone(clock))
    if end is None:
        assert stretch.start == stretch.end or not stretch.holds(now.astimezone(clock))
        return
    assert not stretch.holds(end.astimezone(clock))
    halves = (now + (end - now) * part / 8 for part in range(8))
    assert all(
        stretch.holds(each.astimezone(clock)) for each in (*halves, end - timedelta(seconds=1)) if each >= now
    )


@given(daytimes)
def test_a_stretch_reads_back_as_it_was_written(stretch):
    assert Daytime.model_validate(stretch.model_dump(mode="json")) == stretch


@pytest.mark.parametrize("start", ["", "9", "25:00", "09:60", "noon", "09:00+02:00", "09:00:00.5", 9, None])
def test_what_is_no_time_of_day_is_refused(start):
    with pytest.raises(ValidationError, match="time of day"):
        Daytime(start=start, end="10:00")

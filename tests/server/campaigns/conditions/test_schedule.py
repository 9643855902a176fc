from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from pydantic import ValidationError

from server.campaigns import Happening
from server.campaigns.conditions.schedule import Schedule
from tests.server.campaigns.makers import a_moment, a_shopper, an_event, zone_facts
from tests.server.campaigns.strategies import times

MORNING = [{"start": "10:00", "end": "13:00"}]
NIGHT = [{"start": "22:00", "end": "02:00"}]
SMALL_HOURS = [{"start": "02:00", "end": "03:00"}]
FIRST_HALF = [{"start": "02:00", "end": "02:30"}]


def asked(
    schedule: Schedule, at: datetime, shop: str = "Europe/Rome", shopper: str | None = None
) -> str | None:
    happening = Happening(an_event(at=at), zone_facts(time_zone=ZoneInfo(shop)))
    their_clock = ZoneInfo(shopper) if shopper else None
    return schedule.objection(a_moment(happening, now=at, shopper=a_shopper(time_zone=their_clock)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# What runs, in which zone, when (UTC), and whether it speaks then. The clocks of 2026 change in Rome on 29 March and 25 October at
# 01:00 UTC, in New York on 8 March at 07:00 and 1 November at 06:00 UTC; Kathmandu is at +05:45 all year; Apia is at +13 without
# summer time since 2021, had it before, and skipped 30 December 2011 altogether.
CASES = [
    # Rome, spring: 02:00 to 03:00 does not happen
    ({"hours": SMALL_HOURS}, "Europe/Rome", "2026-03-29T00:59:59", False),
    ({"hours": SMALL_HOURS}, "Europe/Rome", "2026-03-29T01:00", False),
    ({"hours": SMALL_HOURS}, "Europe/Rome", "2026-03-30T00:00", True),
    ({"hours": MORNING}, "Europe/Rome", "2026-03-28T09:00", True),
    ({"hours": MORNING}, "Europe/Rome", "2026-03-29T08:00", True),
    ({"hours": MORNING}, "Europe/Rome", "2026-03-29T11:00", False),
    # Rome, autumn: the hour from 02:00 happens twice, in both it is what the clock on the wall shows
    ({"hours": FIRST_HALF}, "Europe/Rome", "2026-10-25T00:15", True),
    ({"hours": FIRST_HALF}, "Europe/Rome", "2026-10-25T00:45", False),
    ({"hours": FIRST_HALF}, "Europe/Rome", "2026-10-25T01:15", True),
    ({"hours": FIRST_HALF}, "Europe/Rome", "2026-10-25T01:45", False),
    ({"last_day": "2026-10-25"}, "Europe/Rome", "2026-10-25T22:59:59", True),
    ({"last_day": "2026-10-25"}, "Europe/Rome", "2026-10-25T23:00", False),
    # Rome: the weekday is the one in Rome, not the one in UTC
    ({"weekdays": ["mon"]}, "Europe/Rome", "2026-06-14T21:59:59", False),
    ({"weekdays": ["mon"]}, "Europe/Rome", "2026-06-14T22:00", True),
    ({"weekdays": ["mon"]}, "Europe/Rome", "2026-06-15T22:00", False),
    # Rome: a Friday night ends on Saturday morning, also across the change of the clocks (a Saturday night here)
    ({"weekdays": ["fri"], "hours": NIGHT}, "Europe/Rome", "2026-06-12T23:30", True),
    ({"weekdays": ["fri"], "hours": NIGHT}, "Europe/Rome", "2026-06-13T00:00", False),
    ({"weekdays": ["sat"], "hours": NIGHT}, "Europe/Rome", "2026-03-29T00:59", True),
    ({"weekdays": ["sat"], "hours": NIGHT}, "Europe/Rome", "2026-03-29T01:00", False),
    ({"last_day": "2026-06-12", "hours": NIGHT}, "Europe/Rome", "2026-06-12T23:59", True),
    # New York
    ({"hours": SMALL_HOURS}, "America/New_York", "2026-03-08T06:59:59", False),
    ({"hours": SMALL_HOURS}, "America/New_York", "2026-03-08T07:00", False),
    ({"hours": [{"start": "01:00", "end": "02:00"}]}, "America/New_York", "2026-11-01T05:30", True),
    ({"hours": [{"start": "01:00", "end": "02:00"}]}, "America/New_York", "2026-11-01T06:30", True),
    ({"hours": [{"start": "01:00", "end": "02:00"}]}, "America/New_York", "2026-11-01T07:00", False),
    ({"hours": MORNING}, "America/New_York", "2026-03-07T15:00", True),
    ({"hours": MORNING}, "America/New_York", "2026-03-08T14:00", True),
    ({"hours": MORNING}, "America/New_York", "2026-03-08T13:59", False),
    ({"weekdays": ["sun"]}, "America/New_York", "2026-06-15T03:59", True),
    ({"weekdays": ["sun"]}, "America/New_York", "2026-06-15T04:00", False),
    # Kathmandu: an offset of quarters
    ({"hours": MORNING}, "Asia/Kathmandu", "2026-06-10T04:14:59", False),
    ({"hours": MORNING}, "Asia/Kathmandu", "2026-06-10T04:15", True),
    ({"hours": MORNING}, "Asia/Kathmandu", "2026-06-10T07:15", False),
    ({"first_day": "2026-06-10"}, "Asia/Kathmandu", "2026-06-09T18:14", False),
    ({"first_day": "2026-06-10"}, "Asia/Kathmandu", "2026-06-09T18:15", True),
    # Apia: the day that never was, summer time until 2021, and the far side of the date line
    ({"last_day": "2011-12-29"}, "Pacific/Apia", "2011-12-30T09:59:59", True),
    ({"last_day": "2011-12-29"}, "Pacific/Apia", "2011-12-30T10:00", False),
    ({"first_day": "2011-12-30", "last_day": "2011-12-30"}, "Pacific/Apia", "2011-12-30T10:00", False),
    ({"weekdays": ["fri"]}, "Pacific/Apia", "2011-12-30T09:59", False),
    ({"weekdays": ["sat"]}, "Pacific/Apia", "2011-12-30T10:00", True),
    ({"hours": [{"start": "03:00", "end": "04:00"}]}, "Pacific/Apia", "2021-04-03T13:30", True),
    ({"hours": [{"start": "03:00", "end": "04:00"}]}, "Pacific/Apia", "2021-04-03T14:30", True),
    ({"hours": [{"start": "03:00", "end": "04:00"}]}, "Pacific/Apia", "2021-04-03T15:00", False),
    ({"weekdays": ["wed"]}, "Pacific/Apia", "2026-06-09T11:00", True),
    ({"weekdays": ["wed"]}, "Pacific/Apia", "2026-06-10T11:00", False),
]


@pytest.mark.parametrize(("fields", "shop", "at", "runs"), CASES)
def test_a_schedule_is_what_the_clock_on_the_wall_of_the_shop_shows(fields, shop, at, runs):
    assert (asked(Schedule(**fields), utc(at), shop) is None) is runs


@pytest.mark.parametrize(
    ("fields", "objection"),
    [  # a Wednesday, 14:00 in Rome
        ({"first_day": "2026-07-01"}, "starts on 1 July 2026"),
        ({"last_day": "2026-06-09"}, "ended on 9 June 2026"),
        ({"weekdays": ["sun", "sat"]}, "does not run on a Wednesday, only on Saturday and Sunday"),
        ({"hours": [*MORNING, *NIGHT]}, "runs 10:00 to 13:00 and 22:00 to 02:00, and it was 14:00"),
        ({"hours": MORNING, "weekdays": ["sat"]}, "does not run on a Wednesday, only on Saturday"),
        ({"holidays": "only"}, "runs on holidays only, and 10 June 2026 is none"),
    ],
)
def test_the_reason_names_what_would_be_the_right_time(fields, objection):
    assert asked(Schedule(**fields), utc("2026-06-10T12:00")) == objection


def test_the_reason_is_told_in_italian_too():
    objection = asked(Schedule(weekdays=["sun", "sat"]), utc("2026-06-10T12:00"))
    assert objection.in_language("it") == "di mercoledì non è attiva, solo di sabato e domenica"
    objection = asked(Schedule(first_day="2026-07-01"), utc("2026-06-10T12:00"))
    assert objection.in_language("it") == "comincia in data 1º luglio 2026"


@pytest.mark.parametrize(
    ("holidays", "at", "runs"),
    [  # 2 June is a holiday in Italy, from midnight to midnight in Rome
        ("skip", "2026-06-01T21:59:59", True),
        ("skip", "2026-06-01T22:00", False),
        ("skip", "2026-06-02T21:59:59", False),
        ("skip", "2026-06-02T22:00", True),
        ("only", "2026-06-01T21:59:59", False),
        ("only", "2026-06-01T22:00", True),
    ],
)
def test_holidays_are_the_shops_own(holidays, at, runs):
    shop = zone_facts(time_zone=ZoneInfo("Europe/Rome"), holidays=frozenset({date(2026, 6, 2)}))
    moment = a_moment(Happening(an_event(at=utc(at)), shop), now=utc(at))
    assert (Schedule(holidays=holidays).objection(moment) is None) is runs


def test_a_schedule_may_follow_the_shoppers_own_clock():
    morning_in_new_york = utc("2026-06-10T15:00")
    assert (
        asked(Schedule(hours=MORNING, clock="shopper"), morning_in_new_york, shopper="America/New_York")
        is None
    )
    assert asked(Schedule(hours=MORNING), morning_in_new_york, shopper="America/New_York")


def test_the_shops_clock_stands_in_where_the_shoppers_is_not_known():
    assert asked(Schedule(hours=MORNING, clock="shopper"), utc("2026-06-10T09:00")) is None


@given(times)
def test_two_halves_of_the_day_never_both_run_and_never_both_rest(at):
    early, late = (
        {"hours": [{"start": start, "end": end}]} for start, end in (("00:00", "12:00"), ("12:00", "24:00"))
    )
    for shop in ("Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"):
        assert (asked(Schedule(**early), at, shop) is None) != (asked(Schedule(**late), at, shop) is None)


def test_a_schedule_that_ends_before_it_starts_or_says_nothing_is_refused():
    with pytest.raises(ValidationError, match="before the first"):
        Schedule(first_day="2026-06-10", last_day="2026-06-09")
    with pytest.raises(ValidationError, match="give a first or last day"):
        Schedule()

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.zones.complaint import HoursComplaint, Remark
from server.zones.hours import DAY_MIN, WEEKDAYS, OpeningHours, Span, read_hours, time_zone_named, write_hours

ZONES = [
    "Europe/Rome",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/St_Johns",
    "Australia/Lord_Howe",
]

SHOP = {
    "mon-fri": ["09:00-19:30"],
    "sat": ["10:00-13:00", "15:00-19:00"],
    "2026-12-25": [],
    "2026-12-24": ["09:00-14:00"],
}
BAR = {"thu": ["18:00-24:00"], "fri-sat": ["18:00-02:30"]}
NIGHT = {"mon-sun": ["23:00-02:30"]}
ALWAYS = {"mon-sun": ["00:00-24:00"]}


def hours_of(obj, time_zone="Europe/Rome"):
    return read_hours(obj, "hours", time_zone)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("obj", "time_zone", "at", "is_open"),
    [
        # An ordinary Wednesday in each zone; times are UTC.
        (SHOP, "Europe/Rome", "2026-06-10 06:59:59", False),  # 08:59:59
        (SHOP, "Europe/Rome", "2026-06-10 07:00:00", True),
        (SHOP, "Europe/Rome", "2026-06-10 17:29:59", True),
        (SHOP, "Europe/Rome", "2026-06-10 17:30:00", False),  # closing is no longer open
        (SHOP, "Europe/Rome", "2026-01-14 08:00:00", True),  # winter: an hour later in UTC
        (SHOP, "Europe/Rome", "2026-01-14 07:59:59", False),
        (SHOP, "America/New_York", "2026-06-10 13:00:00", True),
        (SHOP, "America/New_York", "2026-06-10 12:59:59", False),
        (SHOP, "Asia/Kathmandu", "2026-06-10 03:15:00", True),  # +05:45
        (SHOP, "Asia/Kathmandu", "2026-06-10 03:14:59", False),
        (SHOP, "Pacific/Apia", "2026-06-07 20:00:00", True),  # +13: Sunday in UTC, Monday 09:00 there
        (SHOP, "Pacific/Apia", "2026-06-12 20:30:00", False),  # Saturday 09:30: that day opens at 10
        (SHOP, "Pacific/Apia", "2026-06-13 00:30:00", False),  # Saturday lunch break
        (SHOP, "Pacific/Apia", "2026-06-13 02:00:00", True),
        (SHOP, "Pacific/Apia", "2026-06-13 20:00:00", False),  # Sunday
        # Dates stand over weekdays, in the shop's calendar.
        (SHOP, "Europe/Rome", "2026-12-25 10:00:00", False),
        (SHOP, "Europe/Rome", "2026-12-24 12:59:59", True),
        (SHOP, "Europe/Rome", "2026-12-24 13:00:00", False),
        (SHOP, "America/New_York", "2026-12-26 04:59:59", False),
        (SHOP, "Pacific/Apia", "2026-12-24 20:00:00", False),  # there it is Christmas
        # Past midnight, on the day on which it opened.
        (BAR, "Europe/Rome", "2026-06-12 22:00:00", True),  # Saturday 00:00
        (BAR, "Europe/Rome", "2026-06-13 00:29:59", True),
        (BAR, "Europe/Rome", "2026-06-13 00:30:00", False),
        (BAR, "Europe/Rome", "2026-06-11 21:59:59", True),  # Thursday 23:59:59
        (BAR, "Europe/Rome", "2026-06-11 22:00:00", False),
        ({**BAR, "2026-06-13": []}, "Europe/Rome", "2026-06-13 00:00:00", True),  # Friday's night runs into a day closed
        ({**BAR, "2026-06-12": []}, "Europe/Rome", "2026-06-13 00:00:00", False),
        # Rome, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC. Closing at 02:30 is closing at the jump.
        (NIGHT, "Europe/Rome", "2026-03-29 00:59:59", True),
        (NIGHT, "Europe/Rome", "2026-03-29 01:00:00", False),
        ({"sun": ["02:15-02:45"]}, "Europe/Rome", "2026-03-29 01:00:00", False),  # swallowed
        ({"sun": ["02:15-04:00"]}, "Europe/Rome", "2026-03-29 01:00:00", True),  # opens as the clock jumps
        ({"sun": ["02:15-04:00"]}, "Europe/Rome", "2026-03-29 00:59:59", False),
        # Rome, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC. 02:30 comes twice; people go home the first time.
        (NIGHT, "Europe/Rome", "2026-10-25 00:29:59", True),
        (NIGHT, "Europe/Rome", "2026-10-25 00:30:00", False),
        (NIGHT, "Europe/Rome", "2026-10-25 01:15:00", False),  # 02:15 again
        ({"sun": ["02:30-04:00"]}, "Europe/Rome", "2026-10-25 01:15:00", True),  # opened the first time
        # New York, 8 March and 1 November 2026.
        (NIGHT, "America/New_York", "2026-03-08 06:59:59", True),
        (NIGHT, "America/New_York", "2026-03-08 07:00:00", False),
        ({"sun": ["01:30-05:00"]}, "America/New_York", "2026-11-01 05:30:00", True),
        ({"sun": ["01:30-05:00"]}, "America/New_York", "2026-11-01 05:29:59", False),
        ({"sun": ["01:30-05:00"]}, "America/New_York", "2026-11-01 09:59:59", True),  # lasts an hour more
        # Apia had no 30 December 2011: what would have opened then did not.
        ({"fri": ["09:00-17:00"]}, "Pacific/Apia", "2011-12-30 10:00:00", False),
        ({"thu": ["22:00-02:00"]}, "Pacific/Apia", "2011-12-30 09:59:59", True),  # Thursday 23:59:59
        ({"thu": ["22:00-02:00"]}, "Pacific/Apia", "2011-12-30 10:00:00", False),  # Saturday 00:00
        ({"sat": ["00:00-02:00"]}, "Pacific/Apia", "2011-12-30 10:00:00", True),
        # St John's went back over midnight: 00:01 on 7 November 2010 became 23:01 on the 6th, at 02:31 UTC.
        ({"sun": ["00:00-03:00"]}, "America/St_Johns", "2010-11-07 02:30:30", True),
        ({"sun": ["00:00-03:00"]}, "America/St_Johns", "2010-11-07 03:00:00", True),
    ],
)  # fmt: skip
def test_the_shop_is_open_when_the_clock_on_its_wall_says_so(obj, time_zone, at, is_open):
    assert hours_of(obj, time_zone).is_open(utc(at)) is is_open


@pytest.mark.parametrize(
    ("obj", "time_zone", "at", "opens", "closes"),
    [
        (SHOP, "Europe/Rome", "2026-06-10 12:00", "2026-06-11 07:00", "2026-06-10 17:30"),
        (SHOP, "Europe/Rome", "2026-06-10 18:00", "2026-06-11 07:00", "2026-06-11 17:30"),
        (SHOP, "Europe/Rome", "2026-06-13 12:00", "2026-06-13 13:00", "2026-06-13 17:00"),  # the lunch break
        (SHOP, "Europe/Rome", "2026-06-13 17:00", "2026-06-15 07:00", "2026-06-15 17:30"),  # over Sunday
        (SHOP, "Europe/Rome", "2026-12-24 13:00", "2026-12-26 09:00", "2026-12-26 12:00"),  # over Christmas
        (SHOP, "Europe/Rome", "2026-03-28 18:00", "2026-03-30 07:00", "2026-03-30 17:30"),  # into summer time
        (NIGHT, "Europe/Rome", "2026-03-28 23:00", "2026-03-29 21:00", "2026-03-29 01:00"),
        (NIGHT, "America/New_York", "2026-11-01 04:00", "2026-11-02 04:00", "2026-11-01 07:30"),
        (SHOP, "Asia/Kathmandu", "2026-06-10 12:00", "2026-06-11 03:15", "2026-06-10 13:45"),
        (SHOP, "Pacific/Apia", "2026-06-12 06:30", "2026-06-12 21:00", "2026-06-13 00:00"),
        (ALWAYS, "Europe/Rome", "2026-06-10 12:00", None, None),
        ({**ALWAYS, "2026-12-25": []}, "Europe/Rome", "2026-06-10 12:00", "2026-12-25 23:00", "2026-12-24 23:00"),
        ({"mon-sun": []}, "Europe/Rome", "2026-06-10 12:00", None, None),
        ({"mon": [], "2027-05-01": ["10:00-12:00"]}, "Europe/Rome", "2026-06-10 12:00", "2027-05-01 08:00", "2027-05-01 10:00"),
        ({"mon": [], "2026-06-09": ["10:00-12:00"]}, "Europe/Rome", "2026-06-10 12:00", None, None),
        ({**SHOP, "2026-08-01/2026-08-31": []}, "Europe/Rome", "2026-07-31 18:00", "2026-09-01 07:00", "2026-09-01 17:30"),
        ({"sun": ["02:15-02:45"]}, "Europe/Rome", "2026-03-28 12:00", "2026-04-05 00:15", "2026-04-05 00:45"),
    ],
)  # fmt: skip
def test_the_next_opening_and_closing_are_known(obj, time_zone, at, opens, closes):
    hours = hours_of(obj, time_zone)
    assert hours.opens_at(utc(at)) == (opens and utc(opens))
    assert hours.closes_at(utc(at)) == (closes and utc(closes))


def test_a_shop_whose_spans_touch_at_midnight_does_not_close_there():
    hours = hours_of({"fri": ["10:00-24:00"], "sat": ["00:00-04:00"]})
    assert hours.closes_at(utc("2026-06-12 12:00")) == utc("2026-06-13 02:00")


def test_the_same_moment_is_answered_alike_in_whatever_zone_it_is_asked():
    hours, tokyo = hours_of(SHOP), timezone(timedelta(hours=9))
    at = utc("2026-06-10 07:00")
    assert hours.is_open(at.astimezone(tokyo))
    assert hours.closes_at(at.astimezone(tokyo)) == hours.closes_at(at)


def test_a_naive_time_is_no_moment():
    for ask in (hours_of(SHOP).is_open, hours_of(SHOP).opens_at, hours_of(SHOP).closes_at):
        with pytest.raises(ValueError, match="aware"):
            ask(datetime(2026, 6, 10, 12, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("obj", "place", "words"),
    [
        ([], "hours", "opening hours are an object"),
        ({}, "hours", "opening hours are an object"),
        ("always", "hours", "opening hours are an object"),
        ({"mond": []}, "hours.mond", "'mond' is neither a weekday nor a date like 2026-12-25; did you mean 'mon'?"),
        ({"mon-": []}, "hours.mon-", "'' is neither a weekday"),
        ({"holidays": []}, "hours.holidays", "'holidays' is neither a weekday"),
        ({"": []}, "hours.''", "'' is neither a weekday"),
        ({"mon-fri": [], "wed": []}, "hours.wed", "wed is given twice"),
        ({"2026-12-25": [], "2026-12-24/2026-12-26": []}, "hours.2026-12-24/2026-12-26", "2026-12-25 is given twice"),
        ({"2026-02-30": []}, "hours.2026-02-30", "there is no such date"),
        ({"0000-01-01": []}, "hours.0000-01-01", "there is no such date"),
        ({"9999-12-31": []}, "hours.9999-12-31", "dates lie between the years 1970 and 2199"),
        ({"2026-08-23/2026-08-10": []}, "hours.2026-08-23/2026-08-10", "a range of dates runs forward"),
        ({"2026-01-01/2027-01-02": []}, "hours.2026-01-01/2027-01-02", "a range of dates runs forward"),
        ({"mon": "09:00-12:00"}, "hours.mon", "a day is a list of spans"),
        ({"mon": None}, "hours.mon", "a day is a list of spans"),
        ({"mon": [9]}, "hours.mon[0]", 'a span is written "09:00-19:30", not 9'),
        ({"mon": ["9-12"]}, "hours.mon[0]", 'a span is written "09:00-19:30", not the text'),
        ({"mon": ["09:00-19:60"]}, "hours.mon[0]", "the clock has no such time"),
        ({"mon": ["24:00-02:00"]}, "hours.mon[0]", "the clock has no such time"),
        ({"mon": ["09:00-24:01"]}, "hours.mon[0]", "the clock has no such time"),
        ({"mon": ["09:00-09:00"]}, "hours.mon[0]", "opens and closes at the same time"),
        ({"mon": ["15:00-19:00", "09:00-15:30"]}, "hours.mon[0]", "overlaps hours.mon[1]"),
        ({"mon": ["٠٩:00-12:00"]}, "hours.mon[0]", "a span is written"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_refused_with_their_place(obj, place, words):
    with pytest.raises(HoursComplaint) as caught:
        hours_of(obj)
    [remark] = caught.value.remarks
    assert remark.place == place
    assert remark.reason.startswith(words)


def test_all_faults_are_told_at_once():
    with pytest.raises(HoursComplaint) as caught:
        hours_of({"mon": ["x", "09:00-12:00", "y"], "2026-13-01": []})
    assert [remark.place for remark in caught.value.remarks] == [
        "hours.mon[0]",
        "hours.mon[2]",
        "hours.2026-13-01",
    ]


def test_ten_years_of_dates_are_enough():
    with pytest.raises(HoursComplaint) as caught:
        hours_of({f"{year}-01-01/{year}-12-31": [] for year in range(2020, 2031)})
    assert caught.value.remarks == (Remark("hours", "names more than 3,660 dates"),)


def test_hours_are_written_as_a_shop_keeper_would():
    obj = {
        "mon-fri": ["09:00-19:30"],
        "sat": ["22:00-02:00"],
        "sun": [],
        "2026-08-10/2026-08-23": [],
        "2026-12-24": ["09:00-24:00"],
    }
    assert write_hours(hours_of(obj)) == obj


def test_small_liberties_of_writing_are_taken_as_meant():
    assert hours_of({"MON, wed": ["9:00 - 13:00", "08:00-09:00"]}) == hours_of({"mon": ["08:00-09:00", "09:00-13:00"], "wed": ["08:00-09:00", "09:00-13:00"]})  # fmt: skip
    assert hours_of({"sat-mon": ["10:00\u201312:00"]}) == hours_of(
        {day: ["10:00-12:00"] for day in ("sat", "sun", "mon")}
    )
    assert hours_of({"mon": ["22:00-00:00"]}) == hours_of({"mon": ["22:00-24:00"]})


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Milan", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 10_000, "\ud800"]
)
def test_a_time_zone_that_the_world_does_not_have_is_a_value_error(name):
    with pytest.raises(ValueError, match="is no IANA time zone"):
        time_zone_named(name)


@pytest.mark.parametrize("spans", [(Span(60, 120), Span(90, 180)), (Span(90, 180), Span(60, 80))])
def test_hours_made_by_hand_keep_their_order_too(spans):
    with pytest.raises(ValueError, match="in order"):
        OpeningHours((spans, (), (), (), (), (), ()), "UTC")
    with pytest.raises(ValueError, match="seven"):
        OpeningHours((spans,), "UTC")
    with pytest.raises(ValueError, match="order of date"):
        OpeningHours(((), (), (), (), (), (), ()), "UTC", ((date(2026, 1, 2), ()), (date(2026, 1, 2), ())))


@pytest.mark.parametrize(
    "minutes", [(-1, 5), (DAY_MIN, DAY_MIN + 5), (600, 600), (600, 540), (600, 2040), (0, 1441)]
)
def test_a_span_lasts_less_than_a_day_or_is_the_whole_of_it(minutes):
    with pytest.raises(ValueError, match="a span opens"):
        Span(*minutes)


@st.composite
def days(draw):
    """The spans of one day, the last perhaps past midnight."""
    marks = sorted(draw(st.sets(st.integers(0, DAY_MIN - 1), max_size=6)))
    marks = marks[: len(marks) // 2 * 2]
    spans = [Span(marks[i], marks[i + 1]) for i in range(0, len(marks), 2)]
    if spans and draw(st.booleans()):
        spans[-1] = Span(
            spans[-1].opens_min,
            draw(st.integers(DAY_MIN, DAY_MIN + spans[-1].opens_min - (spans[-1].opens_min > 0))),
        )
    return tuple(spans)


dates = st.dates(date(2025, 1, 1), date(2027, 12, 31))
any_hours = st.builds(
    OpeningHours,
    st.tuples(*[days()] * 7),
    st.sampled_from(ZONES),
    st.dictionaries(dates, days(), max_size=5).map(lambda exceptions: tuple(sorted(exceptions.items()))),
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(any_hours)
def test_hours_that_were_written_are_read_as_the_same(hours):
    assert read_hours(write_hours(hours), "hours", hours.time_zone) == hours


@given(any_hours, moments)
def test_between_now_and_the_next_change_nothing_changes(hours, at):
    opens, closes = hours.opens_at(at), hours.closes_at(at)
    a_second = timedelta(seconds=1)
    if hours.is_open(at):
        assert closes is None or opens is None or closes < opens
        assert closes is None or (hours.is_open(closes - a_second) and not hours.is_open(closes))
    else:
        assert opens is None or closes is None or opens < closes
        assert opens is None or (not hours.is_open(opens - a_second) and hours.is_open(opens))
    assert all(change is None or (change > at and change.tzinfo is UTC) for change in (opens, closes))


@given(any_hours, moments)
def test_far_from_a_change_of_the_clock_the_wall_decides(hours, at):
    """An independent reading: the wall clock, compared with the spans as they stand."""
    zone = ZoneInfo(hours.time_zone)
    if len({(at + timedelta(hours=12) * i).astimezone(zone).utcoffset() for i in range(-5, 4)}) > 1:
        return
    wall = at.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    today = any(span.opens_min <= minute < span.closes_min for span in hours.spans_on(wall.date()))
    night = any(
        minute + DAY_MIN < span.closes_min for span in hours.spans_on(wall.date() - timedelta(days=1))
    )
    assert hours.is_open(at) == (today or night)


scribbles = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.from_regex(r"\d\d:\d\d-\d\d:\d\d", fullmatch=True),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5) | st.sampled_from([*WEEKDAYS, "mon-fri", "2026-12-25", "2026-12-25/2026-12-31"]), inner, max_size=4),
)  # fmt: skip


def read_or_complain(obj):
    try:
        return hours_of(obj)
    except HoursComplaint as complaint:
        return complaint


@given(scribbles)
def test_whatever_is_scribbled_gives_hours_or_a_complaint(obj):
    answer = read_or_complain(obj)
    if isinstance(answer, HoursComplaint):
        assert all(remark.place.startswith("hours") and remark.reason for remark in answer.remarks)
    else:
        assert hours_of(write_hours(answer)) == answer

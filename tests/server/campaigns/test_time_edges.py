"""DST, weekdays and zones: what the clock on the wall shows, and what that means, as one table of cases with their answers.

The clocks change in Rome at 01:00 UTC on 29 March and 25 October 2026; in New York on 8 March at 07:00 and on 1 November 2026 at 06:00
UTC. Kathmandu is at +05:45 all year. Apia is at +13 since 2021, had summer time until then (it ended on 4 April 2021, 04:00 by its clock,
14:00 UTC), and lies on the far side of the date line since it skipped 30 December 2011 altogether.

`pytest -rA` prints the table: place | what is asked | when in UTC | the answer.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.campaigns import CONDITIONS, Condition, Happening, Moment
from tests.server.campaigns.makers import NOON, a_moment, a_shopper, an_event, as_seen_by, sent, zone_facts

PLACES = {
    "Rome": ZoneInfo("Europe/Rome"),
    "New York": ZoneInfo("America/New_York"),
    "Kathmandu": ZoneInfo("Asia/Kathmandu"),
    "Apia": ZoneInfo("Pacific/Apia"),
}


def hours(start: str, end: str, **more) -> dict:
    return {"kind": "schedule", "hours": [{"start": start, "end": end}], **more}


def days(**fields) -> dict:
    return {"kind": "schedule", **fields}


def quiet(start: str, end: str) -> dict:
    return {"kind": "quiet_hours", "start": start, "end": end}


def cap(calendar: str, **fields) -> dict:
    return {"kind": "frequency_cap", "at_most": 1, "calendar": calendar, **fields}


YES, NO = "speaks", "silent"

# place, what is asked, the condition, when (UTC), the answer
SPEAKS_WHEN = [
    ("Rome", "10-13 in winter, at its 10:00", hours("10:00", "13:00"), "2026-03-28T09:00", YES),
    ("Rome", "10-13 on the day the clock jumps, at its 10:00", hours("10:00", "13:00"), "2026-03-29T08:00", YES),
    ("Rome", "10-13 on that day, at what was 12:00 yesterday", hours("10:00", "13:00"), "2026-03-29T11:00", NO),
    ("Rome", "02-03, which does not happen, before the jump", hours("02:00", "03:00"), "2026-03-29T00:59:59", NO),
    ("Rome", "02-03, which does not happen, after the jump", hours("02:00", "03:00"), "2026-03-29T01:00", NO),
    ("Rome", "02-03 on the night after", hours("02:00", "03:00"), "2026-03-30T00:00", YES),
    ("Rome", "02:00-02:30, the first time", hours("02:00", "02:30"), "2026-10-25T00:15", YES),
    ("Rome", "02:00-02:30, between the two", hours("02:00", "02:30"), "2026-10-25T00:45", NO),
    ("Rome", "02:00-02:30, the second time", hours("02:00", "02:30"), "2026-10-25T01:15", YES),
    ("Rome", "quiet 21-09, spring, at 08:59", quiet("21:00", "09:00"), "2026-03-29T06:59", NO),
    ("Rome", "quiet 21-09, spring, at 09:00", quiet("21:00", "09:00"), "2026-03-29T07:00", YES),
    ("Rome", "quiet 21-09, autumn, at 08:30", quiet("21:00", "09:00"), "2026-10-25T07:30", NO),
    ("Rome", "quiet 21-09, autumn, at 09:00", quiet("21:00", "09:00"), "2026-10-25T08:00", YES),
    ("Rome", "Mondays, on Sunday 23:59:59", days(weekdays=["mon"]), "2026-06-14T21:59:59", NO),
    ("Rome", "Mondays, on Monday 00:00, still Sunday in UTC", days(weekdays=["mon"]), "2026-06-14T22:00", YES),
    ("Rome", "Fri 22-02, on Saturday 01:30", hours("22:00", "02:00", weekdays=["fri"]), "2026-06-12T23:30", YES),
    ("Rome", "Fri 22-02, on Saturday 02:00", hours("22:00", "02:00", weekdays=["fri"]), "2026-06-13T00:00", NO),
    ("Rome", "Sat 22-02 into the jump, at 01:59", hours("22:00", "02:00", weekdays=["sat"]), "2026-03-29T00:59", YES),
    ("Rome", "Sat 22-02 into the jump, at 03:00", hours("22:00", "02:00", weekdays=["sat"]), "2026-03-29T01:00", NO),
    ("Rome", "until 25 Oct, a day of 25 hours, at 23:59:59", days(last_day="2026-10-25"), "2026-10-25T22:59:59", YES),
    ("Rome", "until 25 Oct, at 00:00 of the 26th", days(last_day="2026-10-25"), "2026-10-25T23:00", NO),
    ("New York", "02-03, which does not happen", hours("02:00", "03:00"), "2026-03-08T07:00", NO),
    ("New York", "01-02, the first time", hours("01:00", "02:00"), "2026-11-01T05:30", YES),
    ("New York", "01-02, the second time", hours("01:00", "02:00"), "2026-11-01T06:30", YES),
    ("New York", "01-02, at 02:00", hours("01:00", "02:00"), "2026-11-01T07:00", NO),
    ("New York", "10-13 on the day the clock jumps, at 09:59", hours("10:00", "13:00"), "2026-03-08T13:59", NO),
    ("New York", "10-13 on the day the clock jumps, at 10:00", hours("10:00", "13:00"), "2026-03-08T14:00", YES),
    ("New York", "Sundays, on Sunday 23:59, already Monday in UTC", days(weekdays=["sun"]), "2026-06-15T03:59", YES),
    ("New York", "Sundays, on Monday 00:00", days(weekdays=["sun"]), "2026-06-15T04:00", NO),
    ("Kathmandu", "10-13, at 09:59:59", hours("10:00", "13:00"), "2026-06-10T04:14:59", NO),
    ("Kathmandu", "10-13, at 10:00", hours("10:00", "13:00"), "2026-06-10T04:15", YES),
    ("Kathmandu", "10-13, at 13:00", hours("10:00", "13:00"), "2026-06-10T07:15", NO),
    ("Kathmandu", "from 10 June, at 23:59 of the 9th", days(first_day="2026-06-10"), "2026-06-09T18:14", NO),
    ("Kathmandu", "from 10 June, at 00:00", days(first_day="2026-06-10"), "2026-06-09T18:15", YES),
    ("Kathmandu", "Saturdays, at 00:00 of Saturday", days(weekdays=["sat"]), "2026-06-12T18:15", YES),
    ("Apia", "until 29 Dec 2011, at its last second", days(last_day="2011-12-29"), "2011-12-30T09:59:59", YES),
    ("Apia", "until 29 Dec 2011, a second later: the 31st", days(last_day="2011-12-29"), "2011-12-30T10:00", NO),
    ("Apia", "Fridays, in the week without a Friday: Thu 23:59", days(weekdays=["fri"]), "2011-12-30T09:59", NO),
    ("Apia", "Fridays, in the week without a Friday: Sat 00:00", days(weekdays=["fri"]), "2011-12-30T10:00", NO),
    ("Apia", "Saturdays, after the day that never was", days(weekdays=["sat"]), "2011-12-30T10:00", YES),
    ("Apia", "Thu 22-02, on Sat 01:00: Friday's night never was", hours("22:00", "02:00", weekdays=["thu"]), "2011-12-30T11:00", NO),
    ("Apia", "03-04, the first time", hours("03:00", "04:00"), "2021-04-03T13:30", YES),
    ("Apia", "03-04, the second time", hours("03:00", "04:00"), "2021-04-03T14:30", YES),
    ("Apia", "03-04, at 04:00", hours("03:00", "04:00"), "2021-04-03T15:00", NO),
    ("Apia", "Wednesdays, on Wednesday 00:00, still Tuesday in UTC", days(weekdays=["wed"]), "2026-06-09T11:00", YES),
]  # fmt: skip

# place, what is asked, the cap, when the last offer was sent (UTC), when we ask (UTC), the answer
SPEAKS_AGAIN = [
    ("Rome", "once a day: 23:59, then 00:00", cap("day"), "2026-06-10T21:59", "2026-06-10T22:00", YES),
    ("Rome", "once a day: 00:00, then 23:59 (25 hours)", cap("day"), "2026-10-24T22:00", "2026-10-25T22:59", NO),
    ("Rome", "once a day: 00:30, then 23:30 (23 hours)", cap("day"), "2026-03-28T23:30", "2026-03-29T21:30", NO),
    ("Rome", "once a week: Sun 23:59, then Mon 00:00", cap("week"), "2026-06-14T21:59", "2026-06-14T22:00", YES),
    ("Rome", "once a week: Mon 00:00, then Sun 23:59", cap("week"), "2026-06-07T22:00", "2026-06-14T21:59", NO),
    ("Rome", "once a week over the new year: Mon, then Sun", cap("week"), "2025-12-29T10:00", "2026-01-04T10:00", NO),
    ("Rome", "once a month: 31st 23:59, then 1st 00:00", cap("month"), "2026-03-31T21:59", "2026-03-31T22:00", YES),
    ("Rome", "once a month: 1st 00:00, then 31st 23:59", cap("month"), "2026-02-28T23:00", "2026-03-31T21:59", NO),
    ("New York", "week from Sunday: Sat 23:59, then Sun 00:00", cap("week", week_starts="sun"), "2026-06-14T03:59", "2026-06-14T04:00", YES),
    ("New York", "week from Sunday: Sun, then Mon", cap("week", week_starts="sun"), "2026-06-14T16:00", "2026-06-15T16:00", NO),
    ("New York", "week from Monday: Sun, then Mon", cap("week"), "2026-06-14T16:00", "2026-06-15T16:00", YES),
    ("New York", "once a day: both in the hour that comes twice", cap("day"), "2026-11-01T05:30", "2026-11-01T06:30", NO),
    ("Kathmandu", "once a day: 23:59, then 00:00", cap("day"), "2026-06-10T18:14", "2026-06-10T18:15", YES),
    ("Kathmandu", "once a day: 05:44 and 05:46, midnight in UTC between", cap("day"), "2026-06-10T23:59", "2026-06-11T00:01", NO),
    ("Apia", "once a day: Thu 23:59, then Sat 00:00", cap("day"), "2011-12-30T09:59", "2011-12-30T10:00", YES),
    ("Apia", "once a week: Thu, then Sat after no Friday", cap("week"), "2011-12-30T09:59", "2011-12-30T10:00", NO),
    ("Apia", "once a month: Thu 29th, then Sat 31st", cap("month"), "2011-12-30T09:59", "2011-12-30T10:00", NO),
]  # fmt: skip

# place, what is asked, the condition, when (UTC), until when it would hold (UTC)
HOLDS_UNTIL = [
    ("Rome", "quiet 21-09, spring: 8 hours at 00:00", quiet("21:00", "09:00"), "2026-03-28T23:00", "2026-03-29T07:00"),
    ("Rome", "quiet 21-09, autumn: 10 hours at 00:00", quiet("21:00", "09:00"), "2026-10-24T22:00", "2026-10-25T08:00"),
    ("Rome", "quiet until 02:30, which is jumped over", quiet("21:00", "02:30"), "2026-03-29T00:00", "2026-03-29T01:00"),
    ("Rome", "quiet until 02:30, the first time", quiet("21:00", "02:30"), "2026-10-25T00:00", "2026-10-25T00:30"),
    ("Rome", "quiet until 02:30, the second time", quiet("21:00", "02:30"), "2026-10-25T01:00", "2026-10-25T01:30"),
    ("Rome", "hours 10-13, at 09:00", hours("10:00", "13:00"), "2026-06-10T07:00", "2026-06-10T08:00"),
    ("Rome", "hours 02:30-03:30 begin at the jump", hours("02:30", "03:30"), "2026-03-29T00:00", "2026-03-29T01:00"),
    ("Rome", "Mondays, on Sunday at noon", days(weekdays=["mon"]), "2026-06-14T10:00", "2026-06-14T22:00"),
    ("Rome", "Mondays, on Tuesday: too long to wait", days(weekdays=["mon"]), "2026-06-16T10:00", None),
    ("Rome", "a campaign that has ended", days(last_day="2026-06-09"), "2026-06-10T10:00", None),
    ("New York", "quiet 21-09, spring", quiet("21:00", "09:00"), "2026-03-08T05:00", "2026-03-08T13:00"),
    ("Kathmandu", "quiet 21-09", quiet("21:00", "09:00"), "2026-06-10T18:15", "2026-06-11T03:15"),
    ("Apia", "quiet 21-09 on Thu 22:00: Sat 09:00, eleven hours", quiet("21:00", "09:00"), "2011-12-30T08:00", "2011-12-30T19:00"),
    ("Apia", "Saturdays, on the Thursday before", days(weekdays=["sat"]), "2011-12-30T08:00", "2011-12-30T10:00"),
]  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def the_condition(document: dict) -> Condition:
    return CONDITIONS[document["kind"]].model_validate(document)


def in_place(place: str, at: str, *sent_at: str) -> Moment:
    """A moment in the shop of this place, whose shopper lives there too."""
    now = utc(at)
    happening = Happening(an_event(at=now), zone_facts(time_zone=PLACES[place]))
    before = tuple(sent(NOON - utc(each)) for each in sent_at)
    shopper = a_shopper(time_zone=PLACES[place], sent=before)
    return as_seen_by("shoes", a_moment(happening, now=now, shopper=shopper))


def table(cases: list[tuple]) -> list:
    return [pytest.param(*case, id=" | ".join(_cell(value) for value in case)) for case in cases]


def _cell(value: object) -> str:
    return value["kind"] if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("place", "asked", "condition", "at", "answer"), table(SPEAKS_WHEN))
def test_a_campaign_follows_the_clock_on_the_wall(place, asked, condition, at, answer):
    objection = the_condition(condition).objection(in_place(place, at))
    assert (YES if objection is None else NO) == answer, objection


@pytest.mark.parametrize(("place", "asked", "condition", "sent_at", "at", "answer"), table(SPEAKS_AGAIN))
def test_a_calendar_cap_begins_anew_by_the_clock_on_the_wall(place, asked, condition, sent_at, at, answer):
    objection = the_condition(condition).objection(in_place(place, at, sent_at))
    assert (YES if objection is None else NO) == answer, objection


@pytest.mark.parametrize(("place", "asked", "condition", "at", "until"), table(HOLDS_UNTIL))
def test_a_held_campaign_waits_for_the_clock_on_the_wall(place, asked, condition, at, until):
    held = the_condition(condition)
    assert held.holds_until(in_place(place, at)) == (utc(until) if until else None)
    if until:
        assert held.objection(in_place(place, until)) is None
        assert held.objection(in_place(place, str(utc(until).replace(tzinfo=None) - timedelta(seconds=1))))

"""Which days a campaign runs, and whom it meets there."""

from datetime import date
from zoneinfo import ZoneInfo

from server.web.console.campaign_calendar import collisions, listens_to, runs

ROME = ZoneInfo("Europe/Rome")
NOVEMBER = date(2026, 11, 1)
SATURDAYS = {7, 14, 21, 28}


def a_campaign(name, *conditions, on="entered", **rest):
    return {"id": name, "name": name, "trigger": {"on": on}, "conditions": list(conditions), **rest}


def schedule(**fields):
    return {"kind": "schedule", **fields}


def in_november(campaign, *zones):
    return runs(campaign, frozenset(zones or {"shoes"}), NOVEMBER, ROME)


def test_a_campaign_without_a_schedule_runs_every_day():
    assert set(in_november(a_campaign("all")).days) == set(range(1, 31))


def test_a_schedule_leaves_its_weekdays_between_its_days():
    given = a_campaign(
        "sale", schedule(weekdays=["sat"], first_day="2026-11-08", last_day="2026-11-21"), schedule()
    )
    assert set(in_november(given).days) == {14, 21}


def test_it_runs_between_its_start_and_its_end_by_the_clock_of_the_shop():
    given = a_campaign("week", starts_at="2026-11-09T23:30:00+00:00", ends_at="2026-11-12T23:00:00+00:00")
    assert set(in_november(given).days) == {10, 11, 12}


def test_two_meet_in_the_same_zone_at_the_same_hours_on_the_same_event():
    morning = in_november(a_campaign("morning", schedule(hours=[{"start": "09:00", "end": "12:00"}])))
    sale = in_november(
        a_campaign("sale", schedule(weekdays=["sat"], hours=[{"start": "11:00", "end": "19:00"}]))
    )
    evening = in_november(a_campaign("evening", schedule(hours=[{"start": "19:00", "end": "24:00"}])))
    leaving = in_november(a_campaign("leaving", on="exited"))
    elsewhere = in_november(a_campaign("elsewhere"), "bags")
    (met,) = collisions([morning, sale, evening, leaving, elsewhere])
    assert (met.one, met.other, set(met.days)) == ("morning", "sale", SATURDAYS)


def test_hours_across_midnight_belong_to_the_day_on_which_they_begin():
    night = in_november(a_campaign("night", schedule(hours=[{"start": "22:00", "end": "02:00"}])))
    late = in_november(a_campaign("late", schedule(hours=[{"start": "23:00", "end": "23:30"}])))
    assert len(collisions([night, late])[0].days) == 30


def test_a_shop_is_heard_with_all_that_lies_in_it_and_a_group_with_its_zones():
    zones = [
        {"properties": {"id": name, "parent": parent, "groups": groups}}
        for name, parent, groups in (
            ("shop", None, []),
            ("shoes", "shop", ["inside"]),
            ("shelf", "shoes", ["inside"]),
            ("street", None, []),
        )
    ]
    assert listens_to({"site": "shop"}, zones) == {"shop", "shoes", "shelf"}
    assert listens_to({"group": "inside"}, zones) == {"shoes", "shelf"}
    assert listens_to({"zones": ["street"]}, zones) == {"street"}

"""Reports of campaigns, from the API's lines to what staff read."""

from datetime import date
from types import SimpleNamespace

from server.web.console.desk import Desk, Who
from server.web.console.report_days import Days
from server.web.console.report_effects import funnel, lift, revenue
from server.web.console.report_room import Asked, Room
from server.web.console.report_tales import flow, visits

WEEK = Asked(Days(date(2026, 6, 8), date(2026, 6, 14)))
TOLD = {
    "variant": None,
    "within_days": 7.0,
    "treated": 402,
    "treated_came": 101,
    "control": 201,
    "control_came": 20,
    "too_early": 0,
    "more_of_100": 15.174,
    "low_of_100": 8.8,
    "high_of_100": 20.8,
    "words": "between 8.8 and 20.8 more of 100 came to the till",
}
NOTHING = {
    **TOLD,
    **dict.fromkeys(("treated", "treated_came", "control", "control_came"), 0),
    **dict.fromkeys(("more_of_100", "low_of_100", "high_of_100")),
    "words": "nothing can be said: nobody was held out",
}


class Doors:
    """An API that answers from a table: by report, by what is asked."""

    def __init__(self, answers):
        self.answers = answers

    async def get(self, path, **asked):
        return {"lines": self.answers(path.rpartition("/")[2], asked)}


def a_room(answers, **names):
    who = Who("st_1", "Ann", "ann@brera.example", "owner")
    api = Doors(answers)
    desk = Desk(who, api, "en", "light", "/reports", listen=SimpleNamespace())
    return Room(desk, **names)


async def test_lift_is_told_in_the_apis_own_words_beside_its_interval():
    room = a_room(
        lambda _report, asked: [{**(TOLD if asked["campaign"] else NOTHING), "campaign": asked["campaign"]}],
        campaigns={"spring": "Spring <shoes>"},
    )
    told = await lift(room, WEEK)
    assert "between 8.8 and 20.8 more of 100 came to the till" in told.picture
    assert "Spring &lt;shoes&gt;" in told.picture
    assert told.picture.count("<svg") == 1
    assert 'class="apart"' in told.picture
    (row,) = told.numbers.rows  # all together have nobody held out: no line of theirs
    assert row == ["Spring <shoes>", TOLD["words"], "402", "101", "201", "20", "15.2", "8.8", "20.8"]


async def test_a_campaign_with_a_hold_out_is_told_of_before_anything_can_be_concluded():
    early = {**NOTHING, "too_early": 30, "words": "too early to say: 30 shoppers have not had 7 days yet"}
    room = a_room(
        lambda _report, asked: [{**early, "campaign": asked["campaign"]}],
        campaigns={"hats": "Hats", "spring": "Spring"},
        held_out=frozenset({"spring"}),
    )
    told = await lift(room, WEEK)
    assert [row[:2] for row in told.numbers.rows] == [["Spring", early["words"]]]


async def test_a_campaign_that_was_chosen_says_why_nothing_can_be_said():
    room = a_room(lambda _report, _asked: [{**NOTHING, "campaign": "spring"}], campaigns={"spring": "Spring"})
    assert await lift(room, WEEK) is None
    told = await lift(room, Asked(WEEK.days, campaign="spring"))
    assert "nobody was held out" in told.picture
    assert "<svg" not in told.picture


async def test_the_funnel_is_told_beside_the_days_before():
    def lines(_report, asked):
        sent = 20 if asked["first_day"] == "2026-06-08" else 10
        stages = dict.fromkeys(("decided", "sent", "shown", "opened", "claimed", "redeemed"), sent)
        return [{**stages, "held_out": 2}]

    told = await funnel(a_room(lines), WEEK)
    assert told.figures[0].value == "20"
    assert told.figures[0].change == "100% more than before"
    assert told.numbers.rows[0] == ["Decided to speak", "20", "100%", "10"]
    assert told.numbers.rows[-1] == ["Held out to compare", "2", "", "2"]


async def test_money_of_two_currencies_is_never_added_up():
    def lines(_report, asked):
        if asked["first_day"] != "2026-06-08":
            return []
        common = {"campaign": "spring", "day": "2026-06-09", "redeemed": 1, "refunded": 0.0}
        return [
            {**common, "currency": "EUR", "orders": 3, "paid": 90.0, "net": 90.0},
            {**common, "currency": "CHF", "orders": 1, "paid": 40.0, "net": 40.0},
        ]

    told = await revenue(a_room(lines), WEEK)
    assert [figure.value for figure in told.figures[:2]] == ["€90.00", "CHF40.00"]
    assert len(told.numbers.rows) == 2


async def test_who_is_in_a_department_is_not_counted_twice():
    zones = {
        "shop": {"name": "Shop", "level": "site", "parent": None},
        "hats": {"name": "Hats", "level": "zone", "parent": "shop"},
    }

    def lines(_report, asked):
        common = {"new": 1, "returning": 1, "over": 1, "mean_stay_s": 60.0, "longest_stay_s": 60.0}
        if asked["first_day"] != "2026-06-08":
            return []
        return [{**common, "zone": zone, "day": "2026-06-09", "visits": 2} for zone in ("shop", "hats")]

    assert (await visits(a_room(lines, zones=zones), WEEK)).figures[0].value == "2"
    assert (await visits(a_room(lines, zones=zones), Asked(WEEK.days, zone="hats"))).figures[0].value == "2"


async def test_ways_there_and_back_make_no_circle_in_the_chart():
    def lines(_report, _asked):
        return [
            {"zone": "a", "next_zone": "b", "went": 3},
            {"zone": "b", "next_zone": "a", "went": 2},
        ]

    told = await flow(a_room(lines), WEEK)
    (series,) = told.chart["series"]
    names = [each["name"] for each in series["data"]]
    assert len(set(names)) == 4
    assert all(link["source"] != link["target"] for link in series["links"])
    assert told.words == "The commonest way leads from a to b: 3 times."

"""What is due, by the campaigns' own words: each rule once held and once not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from simulator.habits import Phone, Shopper
from simulator.oracle import expectations, is_open, objection_to, rule_of
from simulator.town import Town, raise_town
from simulator.truth import Stay
from simulator.walk import Path

WEDNESDAY_NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)  # 12:00 in Milan
SATURDAY_NOON = datetime(2026, 6, 13, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
SECONDS = 75.0


def a_rule(world, *conditions, on="entered", zone="passo-lieve", **trigger):
    trigger = {"on": on, "where": {"zones": [zone]}, **trigger}
    return rule_of({"id": "c", "trigger": trigger, "conditions": conditions}, world)


def a_shopper(**facts) -> Shopper:
    nowhere = Path(*([0.0],) * 3)
    return Shopper(
        **{
            "own_id": "ann",
            "habit": "browser",
            "path": nowhere,
            "phone": Phone("ann.phone", address="fid-ann"),
        }
        | facts
    )


@pytest.mark.parametrize(
    ("facts", "objection"),
    [
        ({}, None),
        ({"consents": {"push": True}}, "location"),
        ({"consents": {"location": True, "push": False}}, "push"),
        ({"phone": None}, "unreachable"),
        ({"quiet": True}, "quiet hours"),
    ],
)
def test_who_did_not_agree_or_wants_quiet_is_due_nothing(world, facts, objection):
    assert objection_to(a_rule(world), a_shopper(**facts), world, WEDNESDAY_NOON) == objection


@pytest.mark.parametrize(
    ("condition", "at", "objection"),
    [
        ({"kind": "consent", "purpose": "profiling"}, WEDNESDAY_NOON, None),
        ({"kind": "consent", "purpose": "sms"}, WEDNESDAY_NOON, "sms"),
        ({"kind": "schedule", "weekdays": ["sat"]}, SATURDAY_NOON, None),
        ({"kind": "schedule", "weekdays": ["sat"]}, WEDNESDAY_NOON, "schedule"),
        ({"kind": "schedule", "hours": [{"start": "11:30", "end": "12:30"}]}, WEDNESDAY_NOON, None),
        ({"kind": "schedule", "hours": [{"start": "09:30", "end": "12:00"}]}, WEDNESDAY_NOON, "schedule"),
        (
            {"kind": "schedule", "hours": [{"start": "22:00", "end": "04:00"}], "weekdays": ["tue"]},
            NIGHT,
            None,
        ),
        (
            {"kind": "schedule", "hours": [{"start": "22:00", "end": "04:00"}], "weekdays": ["wed"]},
            NIGHT,
            "schedule",
        ),
        ({"kind": "schedule", "first_day": "2026-06-10", "last_day": "2026-06-10"}, WEDNESDAY_NOON, None),
        ({"kind": "schedule", "first_day": "2026-06-11"}, WEDNESDAY_NOON, "schedule"),
        ({"kind": "opening_hours"}, WEDNESDAY_NOON, None),
        ({"kind": "opening_hours"}, NIGHT, "opening hours"),
        ({"kind": "segment", "has_tags": ["oro"]}, WEDNESDAY_NOON, None),
        ({"kind": "segment", "has_tags": ["oro", "turista"]}, WEDNESDAY_NOON, "segment"),
        ({"kind": "segment", "lacks_tags": ["oro"]}, WEDNESDAY_NOON, "segment"),
        ({"kind": "segment", "at_least": {"visits": 3}}, WEDNESDAY_NOON, None),
        ({"kind": "segment", "at_least": {"visits": 13}}, WEDNESDAY_NOON, "segment"),
        ({"kind": "segment", "equals": {"city": "Milano"}}, WEDNESDAY_NOON, "segment"),
        ({"kind": "segment", "one_of": {"visits": [7, 12]}}, WEDNESDAY_NOON, None),
    ],
)
def test_each_condition_is_judged(world, condition, at, objection):
    ann = a_shopper(tags=("oro",), attributes={"visits": 12})
    assert objection_to(a_rule(world, condition), ann, world, at) == objection


def test_a_condition_that_the_oracle_was_not_taught_stops_it(world):
    with pytest.raises(ValueError, match="teach it"):
        objection_to(a_rule(world, {"kind": "weather"}), a_shopper(), world, WEDNESDAY_NOON)


def test_the_shop_is_closed_at_night_and_by_the_clock_of_milan(world):
    assert is_open(world, WEDNESDAY_NOON)
    assert not is_open(world, NIGHT)
    assert not is_open(world, datetime(2026, 6, 10, 18, 5, tzinfo=UTC))  # 20:05 in Milan


def test_a_site_means_all_that_lies_in_it(world):
    rule = rule_of({"id": "c", "trigger": {"on": "entered", "where": {"site": "passo-lieve"}}}, world)
    assert {"passo-lieve", "scarpe", "scaffale-sneaker"} <= rule.zones
    assert "via-brera" not in rule.zones


def test_a_group_means_the_zones_that_carry_its_name(world):
    rule = rule_of({"id": "c", "trigger": {"on": "entered", "where": {"group": "reparti"}}}, world)
    assert rule.zones == {"scarpe", "borse", "uomo", "casse"}


def the_town(world, stay: Stay, campaign: str, **facts) -> Town:
    """A town of one shopper with one stay, and one campaign."""
    campaigns = [c for c in world.campaigns if c["id"] == campaign]
    ann = a_shopper(**facts)
    empty = raise_town(world, 1, SECONDS, people={})
    return replace(empty, world=replace(world, campaigns=campaigns), shoppers=[ann], stays=[stay])


def due(world, stay: Stay, campaign: str, at=WEDNESDAY_NOON, **facts):
    return expectations(the_town(world, stay, campaign, **facts), at).get(("ann", campaign))


CLEAR = Stay("ann.phone", "passo-lieve", 5.0, 60.0, 18.0, 58.0)
BORDER = Stay("ann.phone", "passo-lieve", 5.0, 60.0)


def test_a_clear_stay_owes_the_welcome_by_when_it_must_be_known(world):
    welcome = due(world, CLEAR, "benvenuti-in-negozio")
    assert (welcome.owed, welcome.at_most, welcome.owed_by_s) == (1, 1, 18.0)


def test_at_the_border_the_welcome_may_come(world):
    welcome = due(world, BORDER, "benvenuti-in-negozio")
    assert (welcome.owed, welcome.at_most) == (0, 1)


def test_who_is_not_meant_is_due_nothing(world):
    assert due(world, CLEAR, "tessera-oro") is None
    assert due(world, CLEAR, "tessera-oro", tags=("oro",)).owed == 1


def test_an_hour_that_begins_during_the_story_leaves_it_open(world):
    before_ten = datetime(2026, 6, 13, 7, 59, 30, tzinfo=UTC)  # 09:59:30 in Milan, a Saturday
    sale = due(world, CLEAR, "saldi-del-sabato", before_ten)
    assert (sale.owed, sale.at_most) == (0, 1)


@pytest.mark.parametrize(
    ("until_s", "owed"),
    [pytest.param(50.0, 1, id="stayed past the dwell"), pytest.param(40.0, 0, id="left just before")],
)
def test_a_dwell_is_owed_to_who_stayed_for_it(world, until_s, owed):
    stay = Stay("ann.phone", "scarpe", 3.0, until_s + 2, 15.0, until_s)
    assert due(world, stay, "scarpe-da-vicino").owed == owed


def test_who_was_never_there_for_that_long_cannot_have_dwelled(world):
    long = replace(world, campaigns=[_with_dwell(c, 120) for c in world.campaigns])
    assert due(long, Stay("ann.phone", "scarpe", 3.0, 20.0), "scarpe-da-vicino") is None


def _with_dwell(campaign, seconds):
    trigger = campaign["trigger"]
    return {**campaign, "trigger": {**trigger, "after_s": seconds}} if "after_s" in trigger else campaign


def test_an_exit_is_owed_only_when_absence_lasted(world):
    left = Stay("ann.phone", "via-brera", 0.0, 40.0, 12.0, 38.0)
    late = replace(left, may_until_s=70.0)
    assert due(world, left, "grazie-e-a-presto", attributes={"visits": 5}).owed == 1
    assert due(world, late, "grazie-e-a-presto", attributes={"visits": 5}).owed == 0

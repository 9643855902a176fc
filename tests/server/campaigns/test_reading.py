import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import BadCampaign, Fault, read_campaign, read_campaigns, write_campaign
from tests.server.campaigns.makers import a_campaign, a_document
from tests.server.campaigns.strategies import campaigns

SHOP_IN_GIT = """
[[campaigns]]
id = "spring-shoes"
name = "Scarpe di primavera"
state = "live"
priority = 5
trigger = { on = "dwelled", after_s = 300, where = { group = "fashion" } }

[campaigns.offer]
title = { it = "20 % sulle scarpe", en = "20 % off shoes" }
body = { it = "Solo oggi.", en = "Today only." }
ends_at = 2026-12-31T23:00:00Z

[[campaigns.conditions]]
kind = "schedule"
first_day = 2026-06-01
hours = [{ start = 10:00:00, end = "13:00" }]

[[campaigns.conditions]]
kind = "frequency_cap"
at_most = 2
window = "7d"
"""


def faults(document) -> dict[str, str]:
    with pytest.raises(BadCampaign) as caught:
        read_campaign(document)
    return {fault.place: fault.reason for fault in caught.value.faults}


@given(campaigns())
def test_every_campaign_reads_back_from_json_as_it_was_written(some):
    for campaign in some:
        assert read_campaign(json.loads(json.dumps(write_campaign(campaign)))) == campaign


def test_a_shop_may_keep_its_campaigns_in_a_file_with_dates_and_times_as_toml_has_them():
    (campaign,) = read_campaigns(tomllib.loads(SHOP_IN_GIT))
    assert write_campaign(campaign)["conditions"] == [
        {"kind": "schedule", "first_day": "2026-06-01", "hours": [{"start": "10:00", "end": "13:00"}]},
        {"kind": "frequency_cap", "at_most": 2, "window": "1w"},
    ]


def test_what_was_left_at_its_default_is_not_written():
    assert write_campaign(a_campaign())["offer"].keys() == {"title", "body", "default_language"}
    assert "priority" not in write_campaign(a_campaign())


def test_everything_that_is_wrong_is_told_at_once_and_in_its_place():
    document = a_document(
        name="",
        colour="red",
        trigger={"on": "entered", "where": {"zones": ["z"], "site": "s"}, "after_s": 3},
        conditions=[
            {"kind": "quiet_hours", "start": "21:00", "end": "9"},
            {"kind": "horoscope"},
            {"start": "21:00"},
            {"kind": "segment", "at_least": {"points": "many"}},
            "consent",
        ],
    )
    document["offer"] = {"title": {"it": "a"}, "body": {"en": "b"}, "life_s": -1}
    found = faults(document)
    assert found.keys() == {
        "name",
        "colour",
        "trigger.where",
        "trigger.after_s",
        "conditions[0].end",
        "conditions[1]",
        "conditions[2]",
        "conditions[3].at_least.points",
        "conditions[4]",
        "offer.body",
        "offer.life_s",
    }
    assert found["colour"].startswith("there is no such field; there are id, name, state, trigger")
    assert found["conditions[1]"].startswith(
        "there is no kind 'horoscope'; there are budget, consent, cooldown"
    )
    assert found["conditions[2]"] == "must have a `kind`"
    assert found["offer.body"] == "title and body differ in en, it"


@pytest.mark.parametrize(
    ("changes", "place", "reason"),
    [
        ({"conditons": []}, "conditons", "did you mean 'conditions'? There are id, name"),
        (
            {"trigger": {"on": "entered", "where": {"zone": "z"}}},
            "trigger.where.zone",
            "did you mean 'zones'? There are zones, group, site",
        ),
        (
            {"conditions": [{"kind": "frequency_cap", "at_most": 1, "windows": "7d", "window": "7d"}]},
            "conditions[0].windows",
            "did you mean 'window'? There are kind, at_most, window, calendar",
        ),
        (
            {
                "conditions": [
                    {"kind": "schedule", "hours": [{"start": "10:00", "end": "11:00", "stop": "1"}]}
                ]
            },
            "conditions[0].hours[0].stop",
            "there are start, end",
        ),
        (
            {"conditions": [{"kind": "quiet_hour"}]},
            "conditions[0]",
            "did you mean 'quiet_hours'? There are budget, consent",
        ),
    ],
)
def test_a_field_that_does_not_exist_is_answered_with_those_that_do(changes, place, reason):
    assert reason in faults(a_document(**changes))[place]


def test_what_is_missing_is_named_without_what_follows_from_it():
    assert faults({}) == dict.fromkeys(("id", "name", "trigger", "offer"), "is missing")
    assert faults(a_document(offer={})) == {"offer.title": "is missing", "offer.body": "is missing"}


nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(nonsense)
def test_nonsense_is_refused_with_words(document):
    assert all(faults(document).values())


@given(
    st.sampled_from(["id", "name", "state", "trigger", "offer", "conditions", "priority", "version"]),
    nonsense,
)
def test_nonsense_in_one_field_is_refused_in_that_field_or_makes_sense(field, nonsensical):
    bad: tuple[Fault, ...] = ()
    try:
        read_campaign(a_document(**{field: nonsensical}))
    except BadCampaign as caught:
        bad = caught.faults
    assert all(fault.place.startswith(field) and fault.reason for fault in bad)


def test_the_problems_of_a_file_name_the_campaign_too():
    with pytest.raises(BadCampaign) as caught:
        read_campaigns({"campaigns": [a_document(), a_document(name=""), a_document(id="shoes")]})
    assert [fault.place for fault in caught.value.faults] == ["campaigns[1].name", "campaigns[2].id"]


@pytest.mark.parametrize("document", [{}, {"campaigns": {}}, {"campaigns": [], "zones": []}])
def test_a_file_of_something_else_is_refused(document):
    with pytest.raises(BadCampaign, match="a list of campaigns"):
        read_campaigns(document)

"""Campaigns are kept with a version for each change, and explain their decisions for ever once they have spoken."""

from datetime import timedelta

import pytest

from server.campaigns.reading import read_campaign
from server.records import campaigns
from server.records.refusal import NotFound, Taken


def a_campaign(id="spring-shoes", state="live", title="20 % off", times=None, **where):
    return read_campaign(
        {
            **(times or {}),
            "id": id,
            "name": "Spring shoes",
            "state": state,
            "trigger": {"on": "entered", "where": where or {"zones": ["shoes"]}},
            "conditions": [{"kind": "frequency_cap", "at_most": 2, "window": "7d"}],
            "offer": {"title": {"en": title}, "body": {"en": "Today only."}},
        }
    )


async def test_a_campaign_comes_back_as_it_was_given(database, noon):
    async with database.writing() as connection:
        assert (await campaigns.put(connection, a_campaign(), noon))[0] == "created"
        assert await campaigns.load(connection) == [a_campaign()]


async def test_a_change_makes_the_next_version_and_the_same_again_does_not(database, noon):
    later = noon + timedelta(hours=1)
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign(), noon)
        change, row = await campaigns.put(connection, a_campaign(), later)
        assert (change, row.version, row.updated_at) == ("same", 1, noon)
        change, row = await campaigns.put(connection, a_campaign(title="30 % off"), later)
        assert (change, row.version, row.created_at, row.updated_at) == ("changed", 2, noon, later)
        assert (await campaigns.find(connection, "spring-shoes")).campaign["version"] == 2
        change, row = await campaigns.put(connection, a_campaign(title="30 % off", state="paused"), later)
        assert (change, row.version) == ("changed", 3)


async def test_only_live_campaigns_are_compiled(database, noon):
    async with database.writing() as connection:
        for state in ("draft", "live", "paused", "ended"):
            await campaigns.put(connection, a_campaign(state, state=state), noon)
        assert [campaign.id for campaign in await campaigns.load(connection)] == ["live"]
        assert [row.id for row in await campaigns.listed(connection, state="paused")] == ["paused"]
        assert [row.id for row in await campaigns.listed(connection, after="ended")] == ["live", "paused"]


async def test_a_campaign_that_has_ended_stays_ended(database, noon):
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign(state="ended"), noon)
        with pytest.raises(Taken, match="has ended"):
            await campaigns.put(connection, a_campaign(state="live"), noon)
        assert (await campaigns.put(connection, a_campaign(state="ended"), noon))[0] == "same"


async def test_only_a_draft_can_be_removed(database, noon):
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign("draft", state="draft"), noon)
        await campaigns.put(connection, a_campaign("live", state="live"), noon)
        await campaigns.remove(connection, "draft")
        with pytest.raises(Taken, match="end it instead"):
            await campaigns.remove(connection, "live")
        with pytest.raises(NotFound):
            await campaigns.find(connection, "draft")


async def test_every_version_is_kept_as_decisions_saw_it(database, noon):
    async with database.writing() as connection:
        for hour, title in enumerate(("20 % off", "30 % off", "40 % off")):
            await campaigns.put(connection, a_campaign(title=title), noon + timedelta(hours=hour))
        kept = await campaigns.versions(connection, "spring-shoes")
        assert [(row.version, row.made_at) for row in kept] == [
            (3, noon + timedelta(hours=2)),
            (2, noon + timedelta(hours=1)),
            (1, noon),
        ]
        second = await campaigns.version(connection, "spring-shoes", 2)
        assert read_campaign(second.campaign).offer.title == {"en": "30 % off"}
        assert [row.version for row in await campaigns.versions(connection, "spring-shoes", before=3)] == [
            2,
            1,
        ]
        with pytest.raises(NotFound, match="no version 4"):
            await campaigns.version(connection, "spring-shoes", 4)


@pytest.mark.parametrize(
    ("before", "after"), [("live", "draft"), ("paused", "draft"), ("live", "scheduled"), ("ended", "paused")]
)
async def test_who_may_have_spoken_is_no_draft_again(database, noon, before, after):
    times = {"starts_at": "2026-07-01T08:00:00Z"}
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign(state=before), noon)
        with pytest.raises(Taken):
            await campaigns.put(connection, a_campaign(state=after, times=times), noon)


async def test_a_scheduled_campaign_goes_live_and_ends_by_itself(database, noon):
    starts, ends = noon + timedelta(days=1), noon + timedelta(days=3)
    times = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign(state="scheduled", times=times), noon)
        assert await campaigns.next_turn(connection) == starts
        assert await campaigns.turn(connection, starts - timedelta(seconds=1)) == []
        assert await campaigns.load(connection) == []
        assert await campaigns.turn(connection, starts) == ["spring-shoes"]
        assert [(each.state, each.version) for each in await campaigns.load(connection)] == [("live", 2)]
        assert await campaigns.next_turn(connection) == ends
        assert await campaigns.turn(connection, ends) == ["spring-shoes"]
        assert (await campaigns.find(connection, "spring-shoes")).state == "ended"
        assert await campaigns.next_turn(connection) is None
        assert [row.state for row in await campaigns.versions(connection, "spring-shoes")] == [
            "ended",
            "live",
            "scheduled",
        ]


async def test_what_was_to_start_and_end_while_the_house_was_down_is_over(database, noon):
    times = {
        "starts_at": (noon + timedelta(days=1)).isoformat(),
        "ends_at": (noon + timedelta(days=2)).isoformat(),
    }
    async with database.writing() as connection:
        await campaigns.put(connection, a_campaign(state="scheduled", times=times), noon)
        await campaigns.turn(connection, noon + timedelta(days=9))
        assert (await campaigns.find(connection, "spring-shoes")).state == "ended"

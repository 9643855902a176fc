"""Campaigns are kept with a version for each change, and explain their decisions for ever once they have spoken."""

from datetime import timedelta

import pytest

from server.campaigns.reading import read_campaign
from server.records import campaigns
from server.records.refusal import NotFound, Taken


def a_campaign(id="spring-shoes", state="live", title="20 % off", **where):
    return read_campaign(
        {
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

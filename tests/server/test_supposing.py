"""What would it take? Each gate in order, without effect; and what was decided, from what was stored."""

from datetime import timedelta

import pytest

from server.campaigns import read_campaign
from server.records import campaigns
from server.web.why import why_routes
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import DECISIONS, ISSUES, NOON, OUTBOX, House, an_offer

TWICE = {"kind": "cooldown", "wait": "24h"}


@pytest.fixture
async def house(database) -> House:
    return House(database)


@pytest.fixture
def ask(database, guard, tokens, open_doors, house):
    async def ask(**asked):
        client = open_doors(why_routes(database, guard, lambda: house.now))
        return await client.get("/v1/decisions/why", params=asked, headers=tokens.headers("analyst"))

    return ask


async def opened_with(house, *offers):
    await house.define(a_shop(manner=QUICK), offers=offers)
    await house.open()
    return await house.meet("ann")


def against(looks):
    return [look["gate"] for look in looks if look["passes"] is False]


async def test_nothing_stands_against_somebody_who_has_not_come_yet(house, ask):
    await opened_with(house, an_offer(conditions=[TWICE]))
    said = (await ask(shopper="ann", campaign="welcome")).json()
    assert (said["decided"], said["now"]["verdict"], said["now"]["there"]) == (None, "send", False)
    assert against(said["now"]["looks"]) == []
    assert said["now"]["looks"][0]["gate"] == "shopper_known"
    assert said["now"]["looks"][-1]["asks"] == {"wait": "1d"}


async def test_looking_has_no_effect(house, ask):
    stock = {"kind": "stock", "total": 5}
    await opened_with(house, an_offer(conditions=[stock]))
    assert (await ask(shopper="ann", campaign="welcome")).json()["now"]["verdict"] == "send"
    for table in (DECISIONS, OUTBOX, ISSUES):
        assert await house.rows(table, table.primary_key.columns.keys()[0]) == []


async def test_who_got_it_in_this_visit_is_told_so_in_either_language(house, ask):
    phone = await opened_with(house, an_offer(conditions=[TWICE]))
    await house.see(fix(0, device=phone))
    house.now = NOON + timedelta(seconds=60)
    said = (await ask(shopper="ann", campaign="welcome")).json()
    assert said["decided"]["verdict"] == "send"
    assert (said["now"]["there"], said["now"]["verdict"]) == (True, "withhold")
    assert set(against(said["now"]["looks"])) == {"once_a_visit", "cooldown"}
    italian = (await ask(shopper="ann", campaign="welcome", language="it")).json()
    assert italian["decided"]["reasons"] == [
        {"gate": "arbitration", "name": "scelta tra le campagne", "words": "nulla si opponeva"}
    ]
    once = next(look for look in italian["now"]["looks"] if look["gate"] == "once_a_visit")
    assert once["words"].startswith("già data in questa visita")


async def test_without_consent_nothing_else_is_looked_at(house, ask):
    await house.define(a_shop(manner=QUICK), offers=[an_offer(conditions=[TWICE])])
    await house.open()
    await house.meet("bob", purposes=("location",))
    looks = (await ask(shopper="bob", campaign="welcome")).json()["now"]["looks"]
    assert against(looks) == ["consent"]
    assert {look["passes"] for look in looks if look["gate"] in {"reachable", "cooldown"}} == {None}


async def test_who_would_lose_is_told_against_whom(house, ask):
    await opened_with(house, an_offer(), an_offer("better", priority=9))
    said = (await ask(shopper="ann", campaign="welcome")).json()["now"]
    assert (said["verdict"], against(said["looks"])) == ("withhold", [])
    assert "lost to 'Better'" in said["reasons"][0]["words"]


async def test_a_draft_says_what_stands_against_it_and_decides_nothing(house, ask):
    await opened_with(house, an_offer(state="draft", conditions=[{"kind": "segment", "has_tags": ["vip"]}]))
    said = (await ask(shopper="ann", campaign="welcome")).json()
    assert (said["state"], said["now"]["verdict"], against(said["now"]["looks"])) == (
        "draft",
        None,
        ["segment"],
    )


async def test_the_past_is_told_from_what_was_stored(house, ask):
    phone = await opened_with(house, an_offer())
    await house.see(fix(0, device=phone))
    async with house.database.writing() as work:
        await campaigns.put(work, read_campaign(an_offer(state="paused")), house.now)
    before = (NOON - timedelta(minutes=1)).isoformat()
    assert (await ask(shopper="ann", campaign="welcome", at=before)).json()["decided"] is None
    said = (await ask(shopper="ann", campaign="welcome", at=(NOON + timedelta(hours=1)).isoformat())).json()
    assert (said["decided"]["campaign_version"], said["version"], said["now"]) == (1, 2, None)


async def test_each_gate_of_a_kept_decision_is_told_as_the_version_that_decided_had_it(house, ask):
    cap = {"kind": "frequency_cap", "at_most": 3, "calendar": "week"}
    quiet = {"kind": "quiet_hours", "start": "12:00", "end": "18:00"}
    phone = await opened_with(house, an_offer(conditions=[cap, quiet]))
    await house.see(fix(0, device=phone))
    async with house.database.writing() as work:
        await campaigns.put(work, read_campaign(an_offer(conditions=[])), house.now)
    said = (await ask(shopper="ann", campaign="welcome", language="it")).json()
    looks = said["decided"]["looks"]
    assert against(looks) == ["quiet_hours"]
    assert {look["passes"] for look in looks} == {True, False}
    assert (looks[0]["name"], looks[-1]["words"]) == (
        "cliente noto",
        "ore di silenzio di questa campagna fino alle 18:00",
    )
    assert [look["gate"] for look in looks[-2:]] == ["frequency_cap", "quiet_hours"]


async def test_a_cap_tells_how_far_it_has_counted(house, ask):
    cap = {"kind": "frequency_cap", "at_most": 3, "calendar": "week"}
    phone = await opened_with(house, an_offer(conditions=[cap]))
    await house.see(fix(0, device=phone))
    house.now = NOON + timedelta(seconds=60)
    for language, words in (
        ("en", "1 of 3 offers of this campaign sent this week"),
        ("it", "offerte di questa campagna questa settimana: 1 su 3"),
    ):
        now = (await ask(shopper="ann", campaign="welcome", language=language)).json()["now"]
        assert (now["looks"][-1]["passes"], now["looks"][-1]["tally"]) == (True, words)


async def test_who_or_what_is_not_there_is_not_found(house, ask):
    await opened_with(house, an_offer())
    assert (await ask(shopper="eve", campaign="welcome")).status_code == 404
    assert (await ask(shopper="ann", campaign="hats")).status_code == 404

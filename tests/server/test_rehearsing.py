"""A dry run says who would have got what, and why others not, before anything goes live."""

from datetime import timedelta

import pytest

from server.campaigns import read_campaign
from server.records import campaigns, zones
from server.records.tables import DecisionRow, OutboxRow
from server.rehearsing import dry_run
from server.web.dry_run import dry_run_routes
from server.zones import Zone
from tests.conftest import NOON
from tests.server.records.rows import a_consent, a_device, a_shopper, a_visit, an_address, keep, rows_of

HOUR = timedelta(hours=1)


def a_draft(**changes):
    return read_campaign(
        {
            "id": "draft",
            "name": "Draft",
            "trigger": {"on": "entered", "where": {"zones": ["shoes"]}},
            "offer": {"title": {"en": "20 % off"}, "body": {"en": "Today only."}},
            **changes,
        }
    )


def came(id, hours_ago, stayed_s=600, shopper="ann", **changes):
    entered = NOON - hours_ago * HOUR
    facts = {"shopper_id": f"sh_{shopper}", "device_id": f"d_{shopper}", "entered_at": entered}
    return a_visit(id, **{**facts, "exited_at": entered + timedelta(seconds=stayed_s), **changes})


@pytest.fixture
async def shop(database):
    async with database.writing() as connection:
        places = [
            Zone("brera", "Brera", "site", time_zone="Europe/Rome"),
            Zone("shoes", "Shoes", parent="brera"),
        ]
        await zones.put(connection, [zones.Given(place) for place in places], NOON)
        for name in ("ann", "bob"):
            await keep(
                connection,
                a_shopper(f"sh_{name}", tags=["vip"] if name == "ann" else []),
                a_device(f"d_{name}", f"sh_{name}"),
                an_address(f"ad_{name}", f"d_{name}", f"sh_{name}"),
                a_consent(f"sh_{name}", "location"),
            )
        await keep(connection, a_consent("sh_ann", "push"))

    async def visited(*rows):
        async with database.writing() as connection:
            await keep(connection, *rows)

    return visited


async def rehearsed(database, draft, days=7):
    return await dry_run(database, draft, NOON, days)


async def test_who_agreed_would_have_got_it_and_who_did_not_is_told_why(shop, database):
    await shop(came("v_1", 30), came("v_2", 20, shopper="bob"), came("v_3", 24 * 9))
    done = await rehearsed(database, a_draft())
    assert (done.visits, dict(done.verdicts), done.shoppers) == (2, {"send": 1, "withhold": 1}, 1)
    assert dict(done.reasons) == {"consent": 1}
    assert [(send.shopper, send.event.visit, send.text.title) for send in done.sends] == [
        ("sh_ann", "v_1", "20 % off")
    ]
    assert dict(done.by_day) == {"2026-06-09": 1}


async def test_caps_count_what_the_run_gave(shop, database):
    await shop(*(came(f"v_{hours}", hours) for hours in (50, 30, 26, 2)))  # 30 is too soon after 50
    cap = {"kind": "frequency_cap", "at_most": 1, "window": "1d"}
    done = await rehearsed(database, a_draft(conditions=[cap]))
    assert [send.event.visit for send in done.sends] == ["v_50", "v_26", "v_2"]
    assert dict(done.verdicts) == {"send": 3, "withhold": 1}
    assert set(done.reasons) == {"frequency_cap"}


async def test_stock_and_budget_run_out_as_they_would(shop, database):
    await shop(*(came(f"v_{hours}", hours) for hours in (50, 30, 26, 2)))
    offer = {"title": {"en": "Gift"}, "body": {"en": "One for you."}, "cost": 4.0}
    done = await rehearsed(database, a_draft(offer=offer, conditions=[{"kind": "stock", "total": 3}]))
    assert (done.verdicts["send"], done.spent, dict(done.reasons)) == (3, 12.0, {"stock": 1})


async def test_earlier_visits_count_as_they_were_then(shop, database):
    await shop(came("v_1", 24 * 20), came("v_2", 30), came("v_3", 20))
    third = {"kind": "nth_visit", "n": 3, "of": "zone"}
    done = await rehearsed(database, a_draft(conditions=[third]))
    assert [send.event.visit for send in done.sends] == ["v_3"]


async def test_a_dwell_speaks_to_who_stayed_so_long(shop, database):
    await shop(came("v_1", 30, stayed_s=200), came("v_2", 20, stayed_s=900))
    draft = a_draft(trigger={"on": "dwelled", "after_s": 300, "where": {"site": "brera"}})
    done = await rehearsed(database, draft)
    assert [(s.event.visit, s.decided_at) for s in done.sends] == [
        ("v_2", NOON - 20 * HOUR + timedelta(seconds=300))
    ]


async def test_who_must_wait_gets_it_when_the_hour_has_come_if_still_there(shop, database):
    quiet = {"kind": "quiet_hours", "start": "13:00", "end": "14:30"}  # noon UTC is 14:00 in Milan
    await shop(came("v_1", 24, stayed_s=3_600), came("v_2", 48, stayed_s=600))
    done = await rehearsed(database, a_draft(conditions=[quiet], hold={"at_most": "1h"}))
    assert [(s.event.visit, s.decided_at) for s in done.sends] == [("v_1", NOON - 23.5 * HOUR)]
    assert (done.verdicts["hold"], done.reasons["still_there"]) == (2, 1)


async def test_nothing_is_kept_or_sent(shop, database):
    await shop(came("v_1", 30))
    await rehearsed(database, a_draft())
    assert await rows_of(database, DecisionRow) == await rows_of(database, OutboxRow) == []


async def test_marketers_ask_over_http(shop, database, guard, tokens, open_doors):
    await shop(came("v_1", 30), came("v_2", 20, shopper="bob"))
    async with database.writing() as connection:
        await campaigns.put(connection, a_draft(), NOON)
    client = open_doors(dry_run_routes(database, guard, lambda: NOON))
    marketer, analyst = tokens.headers("marketer"), tokens.headers("analyst")
    done = (await client.post("/v1/campaigns/draft/dry-run", json={}, headers=marketer)).json()
    assert (done["verdicts"], done["shoppers"]) == ({"send": 1, "withhold": 1}, 1)
    assert done["offers"][0]["shopper"] == "sh_ann"
    assert done["withheld"][0]["gate"] == "consent"
    tale = (
        await client.post("/v1/campaigns/draft/dry-run", json={"language": "it"}, headers=marketer)
    ).json()
    assert tale["withheld"][0]["example"].startswith("il cliente")
    assert (await client.post("/v1/campaigns/draft/dry-run", json={}, headers=analyst)).status_code == 403
    assert (await client.post("/v1/campaigns/none/dry-run", json={}, headers=marketer)).status_code == 404

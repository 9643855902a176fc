"""Staff are told what the radio cannot know of."""

from datetime import timedelta

import pytest

from server.records import anchors, floor_plans, gateways, zones
from server.web.blind_spots import blind_spot_routes
from server.zones import Anchor
from tests.server.a_walk import ANCHORS, PLAN, ZONES


@pytest.fixture
async def shop(database, guard, tokens, open_doors, noon):
    async with database.writing() as connection:
        await floor_plans.put(connection, PLAN, noon)
        await zones.put(connection, [zones.Given(zone) for zone in ZONES], noon)
        given = [*ANCHORS, Anchor("an_new", "New", plan=PLAN.id, x_m=0.1, y_m=0.1)]
        await anchors.put(connection, [anchors.Given(anchor) for anchor in given], noon)
        for anchor in ANCHORS:
            await gateways.add(connection, f"gw_{anchor.id}", anchor.name, anchor.id, noon)
            said = {"radio": "hearing", "sent_at": noon.timestamp()}
            await gateways.heard_from(connection, f"gw_{anchor.id}", said, noon)
    clock = [noon]
    client = open_doors(blind_spot_routes(database, guard, lambda: clock[0]))
    client.headers.update(tokens.headers("analyst"))
    return client, clock


async def test_all_zones_are_blind_once_the_gateways_are_silent(shop):
    client, clock = shop
    told = (await client.get("/v1/blind-spots")).json()
    assert told["zones"] == []
    assert [each["anchor"] for each in told["anchors"]] == ["an_new"]
    clock[0] += timedelta(minutes=5)
    told = (await client.get("/v1/blind-spots", params={"language": "it"})).json()
    assert {each["zone"] for each in told["zones"]} == {zone.id for zone in ZONES if zone.place}
    assert told["zones"][0]["words"].startswith("qui non sente nessuno")

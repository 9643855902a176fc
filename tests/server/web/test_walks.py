"""A walk for a survey, as it happens: with a fob that is nobody's or a tester's, never with a shopper's."""

import numpy as np
import pytest

from server.bus.walks import Walks
from server.records import anchors, floor_plans, tables
from server.web.walks import walk_routes
from tests.server.a_walk import ANCHORS, PLAN
from tests.server.records.rows import a_device, a_shopper, keep

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:1:77"


@pytest.fixture
def walks():
    return Walks()


@pytest.fixture
async def shop(database, guard, tokens, open_doors, noon, walks):
    async with database.writing() as connection:
        await floor_plans.put(connection, PLAN, noon)
        await anchors.put(connection, [anchors.Given(anchor) for anchor in ANCHORS], noon)
    client = open_doors(walk_routes(database, guard, walks, lambda: noon))
    client.headers.update(tokens.headers("manager"))
    return client


async def test_what_gateways_hear_of_the_fob_is_told_bit_by_bit(shop, walks, noon):
    begun = await shop.post("/v1/surveys/walks", json={"plan": "fp_1", "beacon": FOB})
    assert begun.status_code == 201, begun.text
    path = f"/v1/surveys/walks/{begun.json()['id']}"
    now = noon.timestamp()
    walks.hear([FOB, FOB], ["an_hats", "an_shoes"], np.array([now, now]), np.array([-60.0, -71.0]))
    first = (await shop.get(path)).json()
    assert first["heard"] == [[now, "an_hats", -60.0], [now, "an_shoes", -71.0]]
    walks.hear([FOB], ["an_hats"], np.array([now + 1]), np.array([-61.0]))
    later = (await shop.get(path, params={"since": first["next"]})).json()
    assert (later["heard"], later["next"]) == ([[now + 1, "an_hats", -61.0]], 3)
    assert (await shop.delete(path)).status_code == 204
    assert (await shop.get(path)).status_code == 404


async def test_nobody_walks_with_a_shoppers_fob_but_a_tester_with_their_own(shop, database, noon):
    async with database.writing() as connection:
        await keep(connection, a_shopper(), a_device(beacon=FOB))
    body = {"plan": "fp_1", "beacon": FOB}
    refused = await shop.post("/v1/surveys/walks", json=body)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["place"] == "body.beacon"
    async with database.writing() as connection:
        await keep(
            connection,
            tables.TesterRow(
                id="t_1", name="Ann", code_hash="x", device_id="d_1", made_at=noon, ends_at=noon
            ),
        )
    assert (await shop.post("/v1/surveys/walks", json=body)).status_code == 201


async def test_a_walk_needs_a_plan_that_is_there_and_a_beacon(shop):
    for body, status in (
        ({"plan": "fp_9", "beacon": FOB}, 404),
        ({"plan": "fp_1", "beacon": "my keys"}, 422),
        ({"plan": "fp_1"}, 422),
    ):
        assert (await shop.post("/v1/surveys/walks", json=body)).status_code == status


async def test_walks_are_for_who_may_change_the_shop(shop, tokens):
    for role, status in (("analyst", 403), ("marketer", 403), ("owner", 201), ("device", 403)):
        answer = await shop.post(
            "/v1/surveys/walks", json={"plan": "fp_1", "beacon": FOB}, headers=tokens.headers(role)
        )
        assert answer.status_code == status, role

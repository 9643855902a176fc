"""Anchors over HTTP: many at once, by their own ids, whole or not at all."""

import pytest

from server.records import floor_plans, zones
from server.web.anchors import anchor_routes
from server.zones import FloorPlan, Zone

BEACON = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:12:1"


@pytest.fixture
async def shop(database, guard, edits, tokens, open_doors, noon):
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(Zone("brera", "Brera", "site"))], noon)
        await floor_plans.put(connection, FloorPlan("fp_1", "Ground", "brera", 24, 16), noon)
    client = open_doors(anchor_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("manager"))
    return client


def door(**changes):
    return {"id": "an_door", "name": "Door", "site": "brera", "plan": "fp_1", "x_m": 2, "y_m": 8, **changes}


async def put(shop, *anchors):
    return await shop.put("/v1/anchors", json={"anchors": anchors})


async def test_anchors_come_back_as_they_were_sent(shop):
    window = {"id": "an_window", "name": "Window", "beacon": BEACON.upper().replace("IBEACON", "ibeacon")}
    answer = await put(shop, door(), window)
    assert answer.json()["anchors"] == [
        {"id": "an_door", "change": "created"},
        {"id": "an_window", "change": "created"},
    ]
    got = (await shop.get("/v1/anchors/an_door")).json()
    assert got == {**door(), "z_m": None, "reference_dbm_at_1m": None, "bias_db": 0.0, "beacon": None}
    assert [a["beacon"] for a in (await shop.get("/v1/anchors")).json()["anchors"]] == [None, BEACON]


async def test_sites_and_plans_that_anchors_name_must_exist(shop):
    refused = await put(shop, door(), door(id="an_2", site="navigli"), door(id="an_3", plan="fp_9"))
    assert refused.json()["errors"] == [
        {"place": "body.anchors[1].site", "reason": "there is no zone 'navigli'"},
        {"place": "body.anchors[2].plan", "reason": "there is no floor plan 'fp_9'"},
    ]
    assert (await shop.get("/v1/anchors")).json()["anchors"] == []


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"x_m": None}, "body.anchors[0]"),
        ({"plan": None}, "body.anchors[0]"),
        ({"bias_db": 1e9}, "body.anchors[0].bias_db"),
        ({"reference_dbm_at_1m": 58}, "body.anchors[0].reference_dbm_at_1m"),
        ({"beacon": "ibeacon:1:2:3"}, "body.anchors[0].beacon"),
        ({"name": "a\u0000b"}, "body.anchors[0].name"),
        ({"id": "an/1"}, "body.anchors[0].id"),
        ({"position": [1, 2]}, "body.anchors[0].position"),
    ],
)
async def test_what_is_no_anchor_is_refused_with_its_place(shop, wrong, place):
    refused = await put(shop, door(**wrong))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == place


async def test_an_anchor_stands_in_a_body_once(shop):
    refused = await put(shop, door(), door(name="Other door"))
    assert [fault["place"] for fault in refused.json()["errors"]] == [
        "body.anchors[0].id",
        "body.anchors[1].id",
    ]


async def test_a_beacon_of_another_anchor_is_refused(shop):
    await put(shop, door(beacon=BEACON))
    refused = await put(shop, {"id": "an_2", "name": "Two", "beacon": BEACON})
    assert refused.status_code == 409
    assert "belongs to anchor an_door" in refused.json()["detail"]


async def test_one_anchor_may_be_changed_and_removed_alone(shop, bus):
    alone = {"name": "Door", "site": "brera"}
    async with bus.listen("catalogue") as news:
        assert (await shop.put("/v1/anchors/an_door", json=alone)).json() == {
            "id": "an_door",
            "change": "created",
        }
        assert await anext(news) == {"name": "anchors"}
    assert (await shop.delete("/v1/anchors/an_door")).status_code == 204
    assert (await shop.get("/v1/anchors/an_door")).status_code == 404


async def test_anchors_are_listed_page_by_page(shop):
    await put(shop, *({"id": f"an_{i}", "name": "A"} for i in range(3)))
    first = (await shop.get("/v1/anchors?limit=2")).json()
    rest = (await shop.get("/v1/anchors", params={"limit": 2, "cursor": first["next"]})).json()
    assert [a["id"] for a in first["anchors"] + rest["anchors"]] == ["an_0", "an_1", "an_2"]

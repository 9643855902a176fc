"""Gateways over HTTP: staff set them up with a token, the machines say how they are and learn what is ours."""

import gzip
import hmac
import json
from datetime import timedelta

import pytest

from server.records import anchors, gateways, keys
from server.web.gateways import gateway_routes
from server.zones import Anchor
from tests.server.records.rows import a_device, keep


@pytest.fixture
def clock(noon):
    return [noon]


@pytest.fixture
def shop(database, guard, edits, tokens, open_doors, clock):
    client = open_doors(gateway_routes(database, guard, edits, lambda: clock[0]))
    client.headers.update(tokens.headers("manager"))
    return client


@pytest.fixture
async def gateway(database, noon):
    """The gateway that the test's gateway token stands for."""
    async with database.writing() as connection:
        await anchors.put(connection, [anchors.Given(Anchor("an_1", "Door"))], noon)
        await gateways.add(connection, "gw_1", "Door", "an_1", noon)


def a_heartbeat(noon, **changes):
    return {
        "sent_at": noon.timestamp(),
        "started_at": noon.timestamp() - 3600,
        "version": "0.1.0",
        "radio": "hearing",
        "reason": None,
        "heard_per_s": 12.3,
        "kept_per_s": 3.2,
        "spool_batches": 0,
        "spool_oldest_at": None,
        "dropped": 0,
        "restarts": 0,
        "last_heard_at": noon.timestamp() - 1,
        **changes,
    }


async def beat(shop, token, body, *, sign=True, **headers):
    sent = body if isinstance(body, bytes) else gzip.compress(json.dumps(body).encode())
    given = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip", **headers}
    if sign:
        right = hmac.digest(keys.signing_key(token), b"1781092800." + sent, "sha256").hex()
        given["Soglia-Signature"] = f"t=1781092800,v1={right}"
    return await shop.post("/v1/gateways/me/heartbeat", content=sent, headers=given)


async def test_a_gateway_is_set_up_with_its_anchor_and_a_token_that_opens_its_door(shop, noon):
    made = await shop.post("/v1/gateways", json={"name": "Door", "anchor": {"name": "By the door"}})
    assert made.status_code == 201
    issued = made.json()
    assert issued["token"].startswith("sog_gateway_")
    assert (await beat(shop, issued["token"], a_heartbeat(noon))).status_code == 200
    (shown,) = (await shop.get("/v1/gateways")).json()["gateways"]
    assert (shown["id"], shown["anchor"], shown["health"]["state"]) == (
        issued["gateway"],
        issued["anchor"],
        "well",
    )


async def test_setting_up_again_with_the_same_key_gives_the_same_token(shop):
    body, headers = {"name": "Door", "anchor": {"name": "By the door"}}, {"Idempotency-Key": "door-1"}
    first = await shop.post("/v1/gateways", json=body, headers=headers)
    again = await shop.post("/v1/gateways", json=body, headers=headers)
    assert first.json() == again.json()
    assert len((await shop.get("/v1/gateways")).json()["gateways"]) == 1


async def test_a_gateway_may_hear_for_an_anchor_that_is_there(shop, gateway, database, noon):
    refused = await shop.post("/v1/gateways", json={"id": "gw_2", "name": "Two", "anchor": "an_1"})
    assert refused.status_code == 409
    async with database.writing() as connection:
        await anchors.put(connection, [anchors.Given(Anchor("an_2", "Window"))], noon)
    made = await shop.post("/v1/gateways", json={"id": "gw_2", "name": "Two", "anchor": "an_2"})
    assert (made.json()["gateway"], made.json()["anchor"]) == ("gw_2", "an_2")
    assert (await shop.post("/v1/gateways", json={"name": "Three", "anchor": "an_9"})).status_code == 404
    taken = await shop.post("/v1/gateways", json={"name": "Four", "anchor": {"id": "an_1", "name": "x"}})
    assert taken.status_code == 409


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "Door"}, "body.anchor"),
        ({"name": "Door", "anchor": {"name": ""}}, "body.anchor.new.name"),
        ({"name": "Door", "anchor": "an 1"}, "body.anchor.id"),
        ({"name": "Door", "anchor": {"name": "Door", "site": "nowhere"}}, "body.anchor.site"),
        ({"name": "Door", "anchor": "an_1", "token": "mine"}, "body.token"),
    ],
)
async def test_what_is_no_gateway_is_refused_with_its_place(shop, body, place):
    refused = await shop.post("/v1/gateways", json=body)
    assert refused.status_code == 422
    assert [fault["place"] for fault in refused.json()["errors"]] == [place]


async def test_a_new_token_ends_the_old_one(shop, gateway, tokens, noon):
    assert (await beat(shop, tokens.gateway, a_heartbeat(noon))).status_code == 200
    renewed = (await shop.post("/v1/gateways/gw_1/token")).json()
    assert (await beat(shop, tokens.gateway, a_heartbeat(noon))).status_code == 401
    assert (await beat(shop, renewed["token"], a_heartbeat(noon))).status_code == 200


async def test_a_removed_gateway_is_not_let_in(shop, gateway, tokens, noon):
    assert (await shop.delete("/v1/gateways/gw_1")).status_code == 204
    assert (await beat(shop, tokens.gateway, a_heartbeat(noon))).status_code == 401
    assert (await shop.get("/v1/gateways/gw_1")).status_code == 404


async def test_staff_see_how_a_gateway_is(shop, gateway, tokens, noon, clock):
    assert (await shop.get("/v1/gateways/gw_1")).json()["health"]["state"] == "new"
    answer = await beat(shop, tokens.gateway, a_heartbeat(noon, radio="off", reason="adapter hci0 is down"))
    assert answer.json() == {"server_time": noon.timestamp()}
    shown = (await shop.get("/v1/gateways/gw_1")).json()
    assert shown["health"] == {"state": "troubled", "words": ["its radio is off: adapter hci0 is down"]}
    assert shown["heartbeat"]["started_at"] == "2026-06-10T11:00:00Z"
    clock[0] = noon + timedelta(minutes=14)
    assert "14 min" in (await shop.get("/v1/gateways/gw_1")).json()["health"]["words"][0]


async def test_a_machine_that_lost_its_clock_is_heard(shop, gateway, tokens, noon):
    lost = a_heartbeat(
        noon, sent_at=12.5, started_at=0, last_heard_at=-1e300, something_new="from a newer scanner"
    )
    assert (await beat(shop, tokens.gateway, lost)).status_code == 200
    assert (await shop.get("/v1/gateways/gw_1")).json()["heartbeat"]["last_heard_at"] is None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"radio": "fine"}, "body.radio"),
        ({"heard_per_s": -1}, "body.heard_per_s"),
        ({"heard_per_s": float("nan")}, "body.heard_per_s"),
        ({"reason": "a\0b"}, "body.reason"),
        ({"spool_batches": "many"}, "body.spool_batches"),
    ],
)
async def test_what_is_no_heartbeat_is_refused_with_its_place(shop, gateway, tokens, noon, wrong, place):
    refused = await beat(shop, tokens.gateway, a_heartbeat(noon, **wrong))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"].startswith(place)


async def test_junk_is_no_heartbeat(shop, gateway, tokens):
    assert (await beat(shop, tokens.gateway, b"no gzip")).status_code == 400
    assert (await beat(shop, tokens.gateway, gzip.compress(b"{"))).status_code == 400
    assert (await beat(shop, tokens.gateway, gzip.compress(b"[]"))).status_code == 422


async def test_a_gateway_learns_what_is_ours(shop, gateway, tokens, database, edits):
    mine = tokens.headers("gateway")
    first = await shop.get("/v1/gateways/me/settings", headers=mine)
    nothing = {"ibeacon_uuids": [], "altbeacon_ids": [], "eddystone_namespaces": [], "eddystone_eid": False}
    assert first.json() == {
        "gateway": "gw_1",
        "ours": nothing,
        "window_s": 1.0,
        "version": first.json()["version"],
    }
    known = {**mine, "If-None-Match": first.headers["etag"]}
    assert (await shop.get("/v1/gateways/me/settings", headers=known)).status_code == 304
    async with edits.of("devices") as connection:
        await keep(connection, a_device(beacon="ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:12:1"))
    changed = await shop.get("/v1/gateways/me/settings", headers=known)
    assert changed.json()["ours"]["ibeacon_uuids"] == ["6f1c0a9e-0000-4000-8000-0000000000a1"]


async def test_the_doors_of_staff_and_machines_are_apart(shop, gateway, tokens, noon):
    assert (await shop.get("/v1/gateways", headers=tokens.headers("gateway"))).status_code == 403
    assert (await shop.get("/v1/gateways/me/settings")).status_code == 403
    assert (await shop.post("/v1/gateways/gw_1/token", headers=tokens.headers("marketer"))).status_code == 403


async def test_a_gateway_is_renamed(shop, gateway):
    assert (await shop.put("/v1/gateways/gw_1", json={"name": "Front door"})).json()["name"] == "Front door"
    assert (await shop.put("/v1/gateways/gw_9", json={"name": "Front door"})).status_code == 404

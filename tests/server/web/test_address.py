"""A phone says where its channels reach it; for a mailbox or a number the shop must vouch."""

import json

import pytest

from server.records import keys
from server.web.proof import address_proof_of
from server.web.shopper import shopper_routes
from tests.server.records.rows import a_device, a_shopper, keep

SUBSCRIPTION = json.dumps(
    {"endpoint": "https://push.example/1", "keys": {"p256dh": "BA", "auth": "AA"}}, separators=(",", ":")
)


@pytest.fixture
async def say(open_doors, database, guard, edits, tokens, noon):
    async with database.writing() as connection:
        await keep(connection, a_shopper(), a_device())
    doors = open_doors(shopper_routes(database, guard, edits, clock=lambda: noon))

    async def say(kind, value, **more):
        body = {"kind": kind, "value": value, **more}
        return await doors.put("/v1/devices/me/address", json=body, headers=tokens.headers("device"))

    return say


@pytest.fixture
async def vouch(database, noon):
    async with database.writing() as connection:
        key = await keys.issue(connection, "server", "web shop", noon)
    return lambda kind, value, device="d_1": address_proof_of(key.key, key.token, device, kind, value, noon)


def living(answer):
    return [each["kind"] for each in answer.json()["addresses"] if each["dead_at"] is None]


async def test_each_channel_keeps_its_own_address(say, vouch):
    await say("fcm_token", "old")
    await say("webpush", SUBSCRIPTION)
    await say("email", "ann@shopper.example", proof=vouch("email", "ann@shopper.example"))
    answer = await say("fcm_fid", "new")
    assert sorted(living(answer)) == ["email", "fcm_fid", "webpush"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "ann@shopper.example"), ("sms", "+390212345678"), ("chat", "ann")],
)
async def test_a_mailbox_or_a_number_needs_the_shops_word(say, vouch, kind, value):
    assert (await say(kind, value)).status_code == 403
    assert (await say(kind, value, proof=vouch(kind, value, device="d_2"))).status_code == 403
    assert living(await say(kind, value, proof=vouch(kind, value))) == [kind]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "ann"),
        ("sms", "02-123"),
        ("webpush", "https://push.example/1"),
        ("webpush", SUBSCRIPTION.replace("https", "http")),
        ("webpush", '{"endpoint":"https://push.example/1"}'),
        ("webpush", "[" * 2000),
        ("pigeon", "x"),
    ],
)
async def test_what_is_no_address_of_its_kind_is_refused(say, kind, value):
    assert (await say(kind, value)).status_code == 422

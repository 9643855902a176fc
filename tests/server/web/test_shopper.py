"""A phone registers, can be reached, answers to purposes, and is forgotten; and never reads another's things."""

from datetime import UTC, datetime

import pytest

from server.records import keys
from server.web.limits import Throttle
from server.web.proof import proof_of
from server.web.receipts import receipt_routes
from server.web.shopper import shopper_routes

BEACON = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2"
EID = {"eid_key": "0f" * 16, "eid_exponent": 10, "eid_epoch": "2026-01-01T00:00:00Z"}


@pytest.fixture
def doors(open_doors, database, guard, edits, noon):
    return open_doors(
        shopper_routes(database, guard, edits, registrations=Throttle(5, 60)),
        receipt_routes(database, guard, clock=lambda: noon),
    )


@pytest.fixture
def register(doors, tokens):
    def register(who="app", **body):
        return doors.post("/v1/devices", json=body, headers=tokens.headers(who))

    return register


@pytest.fixture
async def phone(register):
    """A registered phone: its ids, and the headers it speaks with."""
    answer = (await register(language="it", time_zone="Europe/Rome")).json()
    return answer | {"headers": {"Authorization": f"Bearer {answer['token']}"}}


async def test_a_phone_registers_and_speaks_for_itself(doors, register):
    answer = await register(name="Ann's phone", language="it")
    assert answer.status_code == 201
    registered = answer.json()
    assert registered["device"].startswith("d_")
    assert registered["token"].startswith("sog_device_")
    me = await doors.get("/v1/devices/me", headers={"Authorization": f"Bearer {registered['token']}"})
    assert me.json()["device"] == registered["device"]
    assert me.json()["shopper"] == registered["shopper"]
    assert me.json()["name"] == "Ann's phone"
    assert me.json()["consents"] == {}


async def test_phones_without_a_shopper_are_of_different_people(register):
    assert (await register()).json()["shopper"] != (await register()).json()["shopper"]


async def test_a_second_phone_of_a_shopper_is_of_the_same_shopper(register):
    first = await register("server", shopper="loyalty-1")
    second = await register("server", shopper="loyalty-1")
    assert first.json()["shopper"] == second.json()["shopper"]
    assert first.json()["device"] != second.json()["device"]


async def test_nobody_becomes_a_shopper_by_typing_their_number(register):
    await register("server", shopper="loyalty-1")
    answer = await register("app", shopper="loyalty-1")
    assert answer.status_code == 403
    assert answer.json()["errors"] == [{"place": "body.proof", "reason": "is missing"}]
    assert (await register("app", shopper="loyalty-new")).status_code == 403


async def test_the_shops_word_makes_a_phone_a_shoppers(register, database, noon):
    theirs = (await register("server", shopper="loyalty-1")).json()["shopper"]
    async with database.writing() as connection:
        key = await keys.issue(connection, "server", "web shop", noon)
    proof = proof_of(key.key, key.token, "loyalty-1", datetime.now(UTC))
    assert (await register("app", shopper="loyalty-1", proof=proof)).json()["shopper"] == theirs
    assert (await register("app", shopper="loyalty-2", proof=proof)).status_code == 403


async def test_a_beacon_heard_in_the_street_is_nobodys_proof(register):
    assert (await register("app", kind="fob", beacon=BEACON)).status_code == 403
    assert (await register("server", kind="fob", beacon=BEACON.upper())).status_code == 201
    assert (await register("server", kind="fob", beacon=BEACON)).status_code == 409


async def test_who_knows_the_key_of_a_rotating_beacon_owns_it(register):
    assert (await register("app", kind="fob", **EID)).status_code == 201
    assert (await register("app", kind="fob", **EID)).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"eid_key": "0f" * 16},
        EID | {"eid_key": "0f" * 15},
        EID | {"eid_exponent": 16},
        EID | {"beacon": BEACON},
        {"kind": "car"},
        {"colour": "red"},
        {"time_zone": "Mars/Olympus"},
        {"name": "\x00"},
    ],
)
async def test_a_device_that_makes_no_sense_is_refused(register, body):
    answer = await register("server", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_phones_from_one_address_come_one_by_one(register):
    assert [(await register()).status_code for _ in range(6)] == [201] * 5 + [429]
    assert (await register("server")).status_code == 201


async def test_a_registration_asked_again_gives_the_same_device_and_token(doors, tokens, database):
    headers = tokens.headers("app") | {"Idempotency-Key": "3f0c9a52-4b8e-4b5f-9d0e-6a7b1c2d3e4f"}
    answers = [await doors.post("/v1/devices", json={}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    async with database.reading() as connection:
        assert len(await keys.listed(connection, ["device"])) == 2  # the test's own, and this one


async def test_other_processes_hear_of_a_new_device(doors, register, bus):
    async with bus.listen("catalogue") as news:
        device = (await register()).json()["device"]
        assert await anext(news) == {"name": "devices", "device": device}


async def test_other_processes_hear_who_answered(doors, phone, bus):
    body = {"purposes": {"location": True}, "version": "2026-01"}
    async with bus.listen("catalogue") as news:
        await doors.put("/v1/devices/me/consents", json=body, headers=phone["headers"])
        assert await anext(news) == {"name": "consents", "shopper": phone["shopper"]}


async def test_a_phone_is_reached_at_its_newest_address(doors, phone):
    for value in ("old", "new"):
        answer = await doors.put(
            "/v1/devices/me/address", json={"kind": "fcm_token", "value": value}, headers=phone["headers"]
        )
        assert answer.status_code == 200
    assert [address["dead_at"] is None for address in answer.json()["addresses"]] == [False, True]
    assert "new" not in [address.get("value") for address in answer.json()["addresses"]]


async def test_a_phone_answers_and_withdraws(doors, phone):
    async def answer(**purposes):
        body = {"purposes": purposes, "version": "2026-01", "language": "it"}
        return await doors.put("/v1/devices/me/consents", json=body, headers=phone["headers"])

    await answer(location=True, push=True, profiling=False)
    consents = (await answer(push=False)).json()["consents"]
    assert {purpose: consent["granted"] for purpose, consent in consents.items()} == {
        "location": True,
        "push": False,
        "profiling": False,
    }
    assert consents["location"]["version"] == "2026-01"
    assert consents["location"]["how"] == "app"
    assert (await doors.get("/v1/devices/me", headers=phone["headers"])).json()["consents"] == consents


@pytest.mark.parametrize("purposes", [{}, {"everything": True}, {"push": "perhaps"}])
async def test_there_is_no_consent_to_what_was_not_asked(doors, phone, purposes):
    body = {"purposes": purposes, "version": "2026-01"}
    answer = await doors.put("/v1/devices/me/consents", json=body, headers=phone["headers"])
    assert answer.status_code == 422


async def test_who_asks_sees_all_that_is_kept_about_them(doors, phone):
    body = {"purposes": {"location": True}, "version": "2026-01"}
    await doors.put("/v1/devices/me/consents", json=body, headers=phone["headers"])
    copy = (await doors.get("/v1/me/export", headers=phone["headers"])).json()
    assert copy["shopper"] == phone["shopper"]
    assert copy["tables"]["consents"][0]["purpose"] == "location"
    assert copy["tables"]["devices"][0]["id"] == phone["device"]
    assert "token_hash" not in copy["tables"]["keys"][0]


async def test_who_is_forgotten_is_not_known_at_the_next_door(doors, phone, register):
    other = (await register()).json()
    assert (await doors.delete("/v1/me", headers=phone["headers"])).status_code == 204
    assert (await doors.get("/v1/devices/me", headers=phone["headers"])).status_code == 401
    still = await doors.get("/v1/devices/me", headers={"Authorization": f"Bearer {other['token']}"})
    assert still.status_code == 200

"""The till knows shoppers by the shop's own names, and uses an offer once."""

import asyncio
from datetime import timedelta

import pytest

from server.web.till import till_routes
from tests.server.records.rows import a_decision, a_visit, keep

BEACON = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2"


@pytest.fixture
def doors(open_doors, database, guard, edits, noon, tokens):
    doors = open_doors(till_routes(database, guard, edits, clock=lambda: noon))
    doors.headers.update(tokens.headers("server"))
    return doors


@pytest.fixture
async def ann(doors):
    body = {
        "own_id": "loyalty-1",
        "language": "it",
        "time_zone": "Europe/Rome",
        "quiet_hours": {"from": "22:00", "until": "08:30"},
        "attributes": {"size": 38, "club": True},
        "tags": ["shoes", "gold"],
    }
    return (await doors.post("/v1/shoppers", json=body)).json()


async def test_what_the_shop_says_of_a_shopper_is_kept(ann):
    assert ann["shopper"].startswith("sh_")
    assert ann["own_id"] == "loyalty-1"
    assert ann["quiet_hours"] == {"from": "22:00", "until": "08:30"}
    assert ann["tags"] == ["gold", "shoes"]


async def test_what_is_left_out_stays_and_null_empties(doors, ann):
    body = {"own_id": "loyalty-1", "quiet_hours": None, "attributes": {"club": None, "city": "Milano"}}
    changed = (await doors.post("/v1/shoppers", json=body)).json()
    assert changed == ann | {"quiet_hours": None, "attributes": {"size": 38, "city": "Milano"}}


@pytest.mark.parametrize(
    "change",
    [
        {"own_id": ""},
        {"own_id": "a\x00b"},
        {"quiet_hours": {"from": "25:00", "until": "08:00"}},
        {"quiet_hours": {"from": "22:00"}},
        {"attributes": {"size": {"left": 38}}},
        {"attributes": {"x\x00": 1}},
        {"attributes": {"x": "\x00"}},
        {"attributes": {"x": 10**400}},
        {"tags": ["\x00"]},
        {"language": "x"},
        {"position": [45.4, 9.2]},
    ],
)
async def test_what_makes_no_sense_is_refused(doors, change):
    assert (await doors.post("/v1/shoppers", json={"own_id": "loyalty-1"} | change)).status_code == 422


async def test_numbers_that_are_none_are_refused(doors):
    answer = await doors.post(
        "/v1/shoppers",
        content=b'{"own_id": "a", "attributes": {"size": NaN}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


async def test_shoppers_are_listed_page_by_page(doors):
    for number in range(5):
        await doors.post("/v1/shoppers", json={"own_id": f"loyalty-{number}"})
    seen, cursor = [], None
    while True:
        page = (
            await doors.get("/v1/shoppers", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [shopper["own_id"] for shopper in page["shoppers"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == [f"loyalty-{number}" for number in range(5)]


async def test_a_shopper_is_found_by_the_shops_name(doors, ann):
    found = (await doors.get("/v1/shoppers", params={"own_id": "loyalty-1"})).json()
    assert [shopper["shopper"] for shopper in found["shoppers"]] == [ann["shopper"]]
    assert (await doors.get("/v1/shoppers", params={"own_id": "nobody"})).json()["shoppers"] == []


async def test_a_shopper_is_found_by_what_is_theirs_and_by_no_part_of_it(doors, ann):
    fob = await doors.post(f"/v1/shoppers/{ann['shopper']}/devices", json={"beacon": BEACON})
    for sought in ("loyalty-1", ann["shopper"], fob.json()["device"], BEACON.upper()):
        found = (await doors.get("/v1/shoppers", params={"find": sought})).json()
        assert found == {"shoppers": [ann], "next": None}
    for sought in ("loyalty", "loyalty-%", "sh_", " "):
        assert (await doors.get("/v1/shoppers", params={"find": sought})).json()["shoppers"] == []
    assert (await doors.get("/v1/shoppers", params={"find": "a\x00"})).status_code == 422


async def test_what_happened_is_told_newest_first_and_page_by_page(doors, ann, database, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_visit(shopper_id=ann["shopper"]),
            a_decision(
                shopper_id=ann["shopper"],
                verdict="withhold",
                decided_at=noon + timedelta(minutes=1),
                reasons=[{"gate": "quiet_hours", "words": "", "phrase": "quiet", "facts": {"end": "09:00"}}],
            ),
        )
    path = f"/v1/shoppers/{ann['shopper']}/touchpoints"
    first = (await doors.get(path, params={"limit": 1, "language": "it"})).json()
    (silence,) = first["touchpoints"]
    assert (silence["kind"], silence["state"], silence["campaign"]) == (
        "decision",
        "withhold",
        "spring-shoes",
    )
    assert silence["reasons"][0]["words"] == "ore di silenzio di questa campagna fino alle 09:00"
    second = (await doors.get(path, params={"limit": 1, "cursor": first["next"]})).json()
    assert [each["id"] for each in second["touchpoints"]] == ["v_1"]
    assert (await doors.get("/v1/shoppers/sh_nobody/touchpoints")).status_code == 404


async def test_a_fob_is_handed_out_and_an_answer_taken_at_the_till(doors, ann):
    path = f"/v1/shoppers/{ann['shopper']}"
    fob = await doors.post(f"{path}/devices", json={"beacon": BEACON, "name": "blue fob"})
    assert (fob.status_code, fob.json()["kind"], fob.json()["beacon"]) == (201, "fob", BEACON)
    assert "token" not in fob.json()
    await doors.put(f"{path}/consents", json={"purposes": {"location": True}, "version": "paper-3"})
    known = (await doors.get(path)).json()
    assert [device["device"] for device in known["devices"]] == [fob.json()["device"]]
    assert (known["consents"]["location"]["granted"], known["consents"]["location"]["how"]) == (True, "till")


async def test_a_shopper_who_asks_at_the_desk_is_copied_and_forgotten(doors, ann):
    path = f"/v1/shoppers/{ann['shopper']}"
    copy = (await doors.get(f"{path}/export")).json()
    assert copy["tables"]["shoppers"][0]["own_id"] == "loyalty-1"
    assert (await doors.delete(path)).status_code == 204
    assert (await doors.get(path)).status_code == 404
    assert (await doors.delete(path)).status_code == 404


@pytest.mark.parametrize("shopper", ["sh_nobody", "%00", "a%20b", "x" * 100])
async def test_who_is_not_known_is_not_found(doors, shopper):
    assert (await doors.get(f"/v1/shoppers/{shopper}")).status_code in {404, 422}


async def test_staff_may_look_but_for_analysts_and_only_managers_change(doors, ann, tokens):
    path = f"/v1/shoppers/{ann['shopper']}"
    assert (await doors.get(path, headers=tokens.headers("marketer"))).status_code == 200
    assert (await doors.delete(path, headers=tokens.headers("marketer"))).status_code == 403
    for look in ("/v1/shoppers", path, f"{path}/touchpoints"):
        assert (await doors.get(look, headers=tokens.headers("analyst"))).status_code == 403
    assert (await doors.delete(path, headers=tokens.headers("manager"))).status_code == 204


@pytest.fixture
async def offer(database, give_offer):
    async with database.writing() as connection:
        await give_offer(connection, "of_1", "sh_1")
    return "of_1"


async def test_an_offer_is_used_once(doors, offer):
    used = await doors.post("/v1/redemptions", json={"offer": offer, "amount": 49.9, "till": "3"})
    assert used.status_code == 201
    assert used.json() == {
        "offer": "of_1",
        "shopper": "sh_1",
        "at": "2026-06-10T12:00:00Z",
        "amount": 49.9,
        "till": "3",
    }
    again = await doors.post("/v1/redemptions", json={"offer": offer})
    assert again.status_code == 409
    assert "2026-06-10 12:00:00 UTC" in again.json()["detail"]


async def test_an_italian_till_reads_when_an_offer_was_used(doors, offer):
    await doors.post("/v1/redemptions", json={"offer": offer})
    again = await doors.post("/v1/redemptions", json={"offer": offer}, headers={"Accept-Language": "it"})
    assert again.json()["detail"] == "questa offerta è già stata usata, il 2026-06-10 12:00:00 UTC"


async def test_a_retry_with_its_key_gets_its_answer_and_another_till_does_not(doors, offer):
    async def redeem(key):
        return await doors.post("/v1/redemptions", json={"offer": offer}, headers={"Idempotency-Key": key})

    answers = await asyncio.gather(*[redeem("till-1"), redeem("till-1"), redeem("till-1")])
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (await redeem("till-2")).status_code == 409


async def test_an_offer_that_was_never_given_is_not_found(doors):
    assert (await doors.post("/v1/redemptions", json={"offer": "of_none"})).status_code == 404


@pytest.mark.parametrize("change", [{"at": "2026-06-10T12:05:00Z"}, {"amount": -1}, {"till": ""}])
async def test_a_redemption_that_makes_no_sense_is_refused(doors, offer, change):
    assert (await doors.post("/v1/redemptions", json={"offer": offer} | change)).status_code == 422

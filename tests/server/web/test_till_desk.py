"""Whoever stands at a till sees shops and what the till did last; a cashier nothing else, and somebody of some shops nothing of others."""

import pytest

from server.campaigns.coupon import Coupon
from server.records import coupons, staff
from server.web.till import till_routes
from server.web.zones import zone_routes


def a_site(name, lon):
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, 45.46]},
        "properties": {
            "id": name,
            "name": name.title(),
            "level": "site",
            "radius": 60,
            "time_zone": "Europe/Rome",
        },
    }


@pytest.fixture
async def doors(open_doors, database, guard, edits, noon, tokens):
    doors = open_doors(
        till_routes(database, guard, edits, clock=lambda: noon), zone_routes(database, guard, edits)
    )
    doors.headers.update(tokens.headers("cashier"))
    sites = [a_site("brera", 9.187), a_site("navigli", 9.177)]
    body = {"type": "FeatureCollection", "features": sites}
    assert (await doors.put("/v1/zones", json=body, headers=tokens.headers("owner"))).is_success
    async with database.writing() as connection:
        coupon = Coupon(id="ten", name="Ten off", codes="shared", code="TEN-OFF", worth=None, minimum=20)
        await coupons.put(connection, coupon, noon)
    return doors


@pytest.fixture
async def of_brera(database, tokens, keyring):
    """The cashier is of one shop only."""
    async with database.writing() as connection:
        await staff.set_shops(connection, "st_cashier", ["brera"])
    await keyring.reload()


def used(code="ten off", **said):
    return {"code": code, "amount": 30, "till": "1", "shop": "brera"} | said


async def test_a_cashier_looks_uses_and_takes_back(doors):
    looked = await doors.post("/v1/redemptions", json=used(dry=True))
    assert (looked.status_code, looked.json()["name"], looked.json()["minimum"]) == (200, "Ten off", 20)
    done = (await doors.post("/v1/redemptions", json=used())).json()
    [shown] = (await doors.get("/v1/redemptions", params={"till": "1"})).json()["redemptions"]
    assert (shown["redemption"], shown["name"], shown["taken_back_at"]) == (
        done["redemption"],
        "Ten off",
        None,
    )
    assert "shopper" not in shown
    back = await doors.post("/v1/redemptions/rollback", json={"redemption": done["redemption"]})
    assert back.status_code == 200
    [shown] = (await doors.get("/v1/redemptions")).json()["redemptions"]
    assert shown["taken_back_at"] is not None


async def test_who_names_no_till_is_told_of_by_their_id(doors):
    assert (await doors.post("/v1/redemptions", json=used(till=None))).json()["till"] == "st_cashier"


async def test_uses_are_those_of_a_till_and_come_newest_first_page_by_page(doors):
    for till in ("1", "2", "1", "1"):
        assert (await doors.post("/v1/redemptions", json=used(till=till))).status_code == 201
    seen, cursor = [], None
    while True:
        asked = {"till": "1", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await doors.get("/v1/redemptions", params=asked)).json()
        seen += [use["redemption"] for use in page["redemptions"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3
    nobody = await doors.get("/v1/redemptions", params={"since": "2030-01-01T00:00:00Z"})
    assert nobody.json()["redemptions"] == []


async def test_a_cashier_is_told_the_shops_and_sees_no_shopper(doors):
    shops = (await doors.get("/v1/till/shops")).json()["shops"]
    assert [shop["id"] for shop in shops] == ["brera", "navigli"]
    for path in ("/v1/shoppers", "/v1/zones", "/v1/till/keys"):
        assert (await doors.get(path)).status_code == 403


async def test_a_cashier_of_one_shop_is_at_its_tills_only(doors, of_brera, tokens):
    assert [shop["id"] for shop in (await doors.get("/v1/till/shops")).json()["shops"]] == ["brera"]
    mine = (await doors.post("/v1/redemptions", json=used())).json()
    for shop in ("navigli", None):
        for dry in (True, False):
            answer = await doors.post("/v1/redemptions", json=used(shop=shop, dry=dry))
            assert (answer.status_code, "navigli" in answer.text) == (403, shop == "navigli")
    theirs = await doors.post("/v1/redemptions", json=used(shop="navigli"), headers=tokens.headers("owner"))
    seen = (await doors.get("/v1/redemptions")).json()["redemptions"]
    assert [use["redemption"] for use in seen] == [mine["redemption"]]
    assert (await doors.get("/v1/redemptions", params={"shop": "navigli"})).status_code == 403
    back = {"redemption": theirs.json()["redemption"]}
    assert (await doors.post("/v1/redemptions/rollback", json=back)).status_code == 404
    back = {"redemption": mine["redemption"]}
    assert (await doors.post("/v1/redemptions/rollback", json=back)).status_code == 200

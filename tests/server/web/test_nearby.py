"""A phone asks which geofences to watch: nearest first, and nothing is sent twice."""

import pytest

from server.records import zones
from server.records.zones import Given
from server.web.nearby import nearby_routes
from server.web.zones import zone_routes
from server.zones import Circle, Zone

BRERA = Zone("brera", "Via Brera", place=Circle(45.4695, 9.1895, 80.0))
NAVIGLI = Zone("navigli", "Navigli", place=Circle(45.4520, 9.1770, 150.0))


@pytest.fixture
async def phone(database, guard, edits, tokens, open_doors, noon):
    async with edits.of("zones") as connection:
        await zones.put(
            connection, [Given(BRERA), Given(NAVIGLI), Given(Zone("shoes", "Shoes", parent="brera"))], noon
        )
    client = open_doors(nearby_routes(database, guard), zone_routes(database, guard, edits))
    client.headers.update(tokens.headers("device"))
    return client


async def test_the_nearest_geofences_come_first(phone):
    answer = await phone.get("/v1/zones/nearby?lat=45.4642&lon=9.19")
    assert [zone["id"] for zone in answer.json()["zones"]] == ["brera", "navigli"]
    assert answer.json()["zones"][0] == {
        "id": "brera",
        "name": "Via Brera",
        "lat": 45.4695,
        "lon": 9.1895,
        "radius": 80.0,
    }
    near_navigli = await phone.get("/v1/zones/nearby?lat=45.4521&lon=9.177&limit=1")
    assert [zone["id"] for zone in near_navigli.json()["zones"]] == ["navigli"]


async def test_a_phone_that_has_them_is_told_so_until_zones_change(phone, edits, noon):
    first = await phone.get("/v1/zones/nearby?lat=45.4642&lon=9.19")
    known = {"If-None-Match": first.headers["etag"]}
    assert (await phone.get("/v1/zones/nearby?lat=45.4643&lon=9.19", headers=known)).status_code == 304
    async with edits.of("zones") as connection:
        await zones.put(
            connection, [Given(Zone("brera", "Via Brera", place=Circle(45.4695, 9.1895, 90.0)))], noon
        )
    changed = await phone.get("/v1/zones/nearby?lat=45.4643&lon=9.19", headers=known)
    assert changed.json()["zones"][0]["radius"] == 90.0


@pytest.mark.parametrize("asked", ["lat=91&lon=9", "lat=45", "lat=nan&lon=9", "lat=45&lon=9&limit=101"])
async def test_a_place_that_is_none_is_refused(phone, asked):
    assert (await phone.get(f"/v1/zones/nearby?{asked}")).status_code == 422


async def test_staff_have_no_place(phone, tokens):
    assert (
        await phone.get("/v1/zones/nearby?lat=45&lon=9", headers=tokens.headers("owner"))
    ).status_code == 403

"""Floor plans over HTTP: in metres, with their walls on them."""

import pytest
from shapely import box

from server.records import surveys, zones
from server.web.floor_plans import floor_plan_routes
from server.zones import FloorShape, Zone
from server.zones.survey import Spot, Strength, Survey

PLAN = {
    "name": "Ground floor",
    "width_m": 24.0,
    "height_m": 16.0,
    "walls": [[[0, 0], [0, 7]], [[0, 9], [0, 16]]],
}


@pytest.fixture
def shop(database, guard, edits, tokens, open_doors, noon):
    client = open_doors(floor_plan_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("manager"))
    return client


async def test_a_plan_comes_back_as_it_was_sent(shop):
    assert (await shop.put("/v1/floor-plans/fp_1", json=PLAN)).json() == {
        "id": "fp_1",
        "change": "created",
        "warnings": [],
    }
    got = await shop.get("/v1/floor-plans/fp_1")
    assert got.json() == {"id": "fp_1", "site": None, **PLAN}
    known = {"If-None-Match": got.headers["etag"]}
    assert (await shop.get("/v1/floor-plans/fp_1", headers=known)).status_code == 304
    assert (await shop.put("/v1/floor-plans/fp_1", json=PLAN)).json()["change"] == "same"


async def test_plans_are_listed_page_by_page(shop):
    for number in range(3):
        await shop.put(f"/v1/floor-plans/fp_{number}", json=PLAN)
    first = (await shop.get("/v1/floor-plans?limit=2")).json()
    rest = (await shop.get("/v1/floor-plans", params={"limit": 2, "cursor": first["next"]})).json()
    assert [p["id"] for p in first["floor_plans"] + rest["floor_plans"]] == ["fp_0", "fp_1", "fp_2"]
    assert rest["next"] is None


async def test_the_site_of_a_plan_must_exist(shop, database, noon):
    refused = await shop.put("/v1/floor-plans/fp_1", json={**PLAN, "site": "brera"})
    assert refused.json()["errors"] == [{"place": "body.site", "reason": "there is no zone 'brera'"}]
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(Zone("brera", "Brera", "site"))], noon)
    assert (await shop.put("/v1/floor-plans/fp_1", json={**PLAN, "site": "brera"})).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"width_m": 0}, "body.width_m"),
        ({"width_m": 24_000}, "body.width_m"),
        ({"walls": [[[0, 0]]]}, "body.walls[0]"),
        ({"walls": [[[0, 0], [0, "x"]]]}, "body.walls[0][1][1]"),
        ({"walls": [[[0, 0], [0, 70]]]}, "body"),
        ({"depth_m": 16}, "body.depth_m"),
        ({"walls": [[[0, 0], [1, 1]] * 3_000] * 2}, "body"),
    ],
)
async def test_what_is_no_plan_is_refused_with_its_place(shop, wrong, place):
    refused = await shop.put("/v1/floor-plans/fp_1", json={**PLAN, **wrong})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == place


async def test_nobody_overwrites_a_change_they_have_not_seen(shop):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    seen = {"If-Match": (await shop.get("/v1/floor-plans/fp_1")).headers["etag"]}
    wider = {**PLAN, "width_m": 25}
    assert (await shop.put("/v1/floor-plans/fp_1", json=wider, headers=seen)).status_code == 200
    assert (await shop.put("/v1/floor-plans/fp_1", json=PLAN, headers=seen)).status_code == 412
    assert (await shop.delete("/v1/floor-plans/fp_1", headers=seen)).status_code == 412
    assert (await shop.delete("/v1/floor-plans/fp_1")).status_code == 204
    assert (await shop.get("/v1/floor-plans/fp_1")).status_code == 404


async def test_who_makes_a_plan_smaller_is_told_of_the_survey_that_was_walked_on_it(shop, database, noon):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    heard = {"an_door": Strength(-60.0, 3.0, 40)}
    walked = Survey("fp_1", (Spot(2.0, 2.0, 20.0, heard), Spot(20.0, 14.0, 20.0, heard)))
    async with database.writing() as connection:
        kept = await surveys.add(connection, walked, {}, made_by="Ann", source="a walk", now=noon)
        await surveys.use(connection, kept.id, noon)
    assert (await shop.put("/v1/floor-plans/fp_1", json=PLAN)).json()["warnings"] == []
    smaller = {**PLAN, "width_m": 7.3, "height_m": 16.0}
    (warning,) = (await shop.put("/v1/floor-plans/fp_1", json=smaller)).json()["warnings"]
    assert warning["reason"].startswith(f"1 of the 2 spots of survey {kept.id}, which is in use, lie off")


async def test_who_makes_a_plan_smaller_is_told_of_the_zones_that_are_beside_it_now(shop, database, noon):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    shoes = Zone("shoes", "Shoes", place=FloorShape("fp_1", box(10, 0, 24, 16)))
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(shoes)], noon)
    (warning,) = (await shop.put("/v1/floor-plans/fp_1", json={**PLAN, "width_m": 7.3})).json()["warnings"]
    assert warning["place"] == "zone shoes.properties.plan.shape"
    assert warning["reason"].startswith("lies wholly off floor plan fp_1, which is 7.3 m by 16 m")


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big") + b"rest"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 16"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [(PNG, "image/png", (640, 480)), (SVG, "image/svg+xml", (24, 16))],
)
async def test_the_picture_of_a_plan_comes_back_as_a_picture_in_which_nothing_runs(shop, content, kind, size):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    taken = await shop.put("/v1/floor-plans/fp_1/picture", content=content)
    assert taken.json() == {"kind": kind, "width_px": size[0], "height_px": size[1]}
    got = await shop.get("/v1/floor-plans/fp_1/picture")
    assert (got.content, got.headers["content-type"]) == (content, kind)
    assert "sandbox" in got.headers["content-security-policy"]
    assert "script-src" not in got.headers["content-security-policy"]
    known = {"If-None-Match": got.headers["etag"]}
    assert (await shop.get("/v1/floor-plans/fp_1/picture", headers=known)).status_code == 304


async def test_a_plan_that_is_changed_keeps_its_picture_until_it_is_taken_away(shop):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    await shop.put("/v1/floor-plans/fp_1/picture", content=PNG)
    await shop.put("/v1/floor-plans/fp_1", json={**PLAN, "name": "Cellar"})
    assert (await shop.get("/v1/floor-plans/fp_1/picture")).content == PNG
    assert (await shop.delete("/v1/floor-plans/fp_1/picture")).status_code == 204
    assert (await shop.get("/v1/floor-plans/fp_1/picture")).status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "neither a PNG nor an SVG"),
        (b"\xff\xfe\x00", "neither a PNG nor an SVG"),
        (b"", "neither a PNG nor an SVG"),
        (b"<svg></svg>", "needs a viewBox"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg viewBox="0 0 1 1"></svg>', "entities"),
        (PNG.replace((640).to_bytes(4, "big"), (640_000).to_bytes(4, "big")), "cannot be drawn"),
        (PNG + b"\0" * 4 * 1024 * 1024, "at most 4 MiB"),
    ],
)
async def test_what_is_no_picture_is_refused_in_words(shop, content, words):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    refused = await shop.put("/v1/floor-plans/fp_1/picture", content=content)
    assert refused.status_code == 422
    assert words in refused.json()["detail"]


async def test_there_is_no_picture_of_a_plan_that_is_not_there(shop):
    for method in ("put", "get", "delete"):
        answer = await shop.request(
            method, "/v1/floor-plans/fp_9/picture", content=PNG if method == "put" else None
        )
        assert answer.status_code == 404


async def test_only_who_arranges_the_shop_changes_its_pictures(shop, tokens):
    await shop.put("/v1/floor-plans/fp_1", json=PLAN)
    asked = tokens.headers("analyst")
    refused = await shop.put("/v1/floor-plans/fp_1/picture", content=PNG, headers=asked)
    assert refused.status_code == 403

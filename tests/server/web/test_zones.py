"""Zones over HTTP: what staff send is taken whole or refused with every place named."""

import asyncio

import pytest

from server.records import floor_plans
from server.records.anchors import Given, put
from server.web.zones import zone_routes
from server.zones import Anchor, FloorPlan


def feature(id="brera", *, radius=80.0, **properties):
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [9.1895, 45.4695]},
        "properties": {"id": id, "name": id.title(), "radius": radius, **properties},
    }


def site(id="brera", **properties):
    return feature(id, level="site", time_zone="Europe/Rome", **properties)


def by_radio(id, **properties):
    return {"type": "Feature", "geometry": None, "properties": {"id": id, "name": id.title(), **properties}}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.fixture
def shop(database, guard, edits, tokens, open_doors, noon):
    client = open_doors(zone_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("manager"))
    return client


async def add_anchor(database, noon, id="an_1"):
    async with database.writing() as connection:
        await put(connection, [Given(Anchor(id, "By the door"))], noon)


async def test_zones_that_are_sent_come_back_as_they_were(shop):
    sent = collection(
        site(), feature("shoes", radius=10, parent="brera", groups=["shoes"], notes={"floor": 1})
    )
    assert (await shop.put("/v1/zones", json=sent)).status_code == 200
    got = await shop.get("/v1/zones")
    assert got.headers["content-type"].startswith("application/geo+json")
    assert [f["properties"]["id"] for f in got.json()["features"]] == ["brera", "shoes"]
    assert got.json()["features"][1]["properties"]["notes"] == {"floor": 1}
    again = await shop.put("/v1/zones", json=got.json())
    assert [zone["change"] for zone in again.json()["zones"]] == ["same", "same"]


async def test_the_answer_says_what_became_of_each_zone(shop):
    await shop.put("/v1/zones", json=collection(site(), site("navigli")))
    changed = await shop.put("/v1/zones", json=collection(site("duomo"), site(radius=90), site("navigli")))
    assert changed.json()["zones"] == [
        {"id": "duomo", "place": "body.features[0]", "change": "created"},
        {"id": "brera", "place": "body.features[1]", "change": "changed"},
        {"id": "navigli", "place": "body.features[2]", "change": "same"},
    ]


async def test_one_bad_zone_refuses_the_whole_body_and_its_place_is_named(shop):
    refused = await shop.put(
        "/v1/zones", json=collection(site(), feature("shoes", radius=-3, parent="brera"))
    )
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert [fault["place"] for fault in refused.json()["errors"]] == ["body.features[1].properties.radius"]
    assert (await shop.get("/v1/zones")).json()["features"] == []


async def test_what_was_mended_and_what_is_odd_is_said(shop):
    ring = [[9.19, 45.46], [9.191, 45.46], [9.191, 45.461], [9.19, 45.461]]
    open_ring = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"id": "front", "name": "Front"},
    }
    answer = (await shop.put("/v1/zones", json=collection(open_ring))).json()
    assert [fault["place"] for fault in answer["mended"]] == ["body.features[0].geometry.coordinates[0]"]
    assert "no time zone" in answer["warnings"][0]["reason"]


async def test_latitude_first_is_refused_where_the_time_zone_tells(shop):
    sent = site()
    sent["geometry"]["coordinates"].reverse()
    refused = await shop.post("/v1/zones", json=collection(site("duomo"), sent))
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["place"] == "body.features[1].geometry.coordinates"
    assert fault["reason"].startswith("longitude comes first: as it stands this lies 4,")
    assert (await shop.put("/v1/zones/brera", json=site())).status_code == 200


async def test_latitude_first_is_warned_of_where_all_other_zones_tell(shop):
    await shop.put("/v1/zones", json=collection(site()))
    swapped = feature("navigli")
    swapped["geometry"]["coordinates"].reverse()
    answer = await shop.put("/v1/zones/navigli", json=swapped)
    assert answer.status_code == 200
    assert [fault["place"] for fault in answer.json()["warnings"]] == [
        "body.properties",
        "body.geometry.coordinates",
    ]


async def test_a_zone_must_fit_among_those_that_are_kept(shop):
    await shop.put("/v1/zones", json=collection(site(), feature("shoes", parent="brera")))
    refused = await shop.put("/v1/zones/brera", json=feature(level="shelf"))
    assert refused.status_code == 422
    assert "zone shoes" in refused.json()["errors"][0]["place"]


async def test_anchors_and_plans_that_a_zone_names_must_exist(shop, database, noon):
    await add_anchor(database, noon)
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 3], [0, 3], [0, 0]]]}
    sent = collection(
        by_radio("shoes", anchors=["an_1", "an_2"]),
        by_radio("hats", plan={"id": "fp_1", "shape": shape}),
        by_radio("till", disc={"anchor": "an_3", "radius": 2.5}),
    )
    refused = await shop.put("/v1/zones", json=sent)
    assert {fault["place"]: fault["reason"] for fault in refused.json()["errors"]} == {
        "body.features[0].properties.anchors[1]": "there is no anchor 'an_2'",
        "body.features[1].properties.plan.id": "there is no floor plan 'fp_1'",
        "body.features[2].properties.disc.anchor": "there is no anchor 'an_3'",
    }


async def test_creating_a_zone_that_is_there_changes_nothing(shop):
    await shop.put("/v1/zones", json=site())
    refused = await shop.post("/v1/zones", json=collection(site("navigli"), site(radius=99)))
    assert refused.status_code == 409
    assert refused.json()["errors"] == [
        {"place": "body.features[1]", "reason": "there is a zone brera already"}
    ]
    assert [f["properties"]["id"] for f in (await shop.get("/v1/zones")).json()["features"]] == ["brera"]


async def test_creating_again_with_the_same_key_gets_the_same_answer(shop):
    headers = {"Idempotency-Key": "a-morning-upload"}
    first = await shop.post("/v1/zones", json=site(), headers=headers)
    again = await shop.post("/v1/zones", json=site(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_one_zone_may_be_put_without_saying_its_id_twice(shop):
    nameless = site()
    del nameless["properties"]["id"]
    assert (await shop.put("/v1/zones/brera", json=nameless)).status_code == 200
    assert (await shop.get("/v1/zones/brera")).json()["properties"]["id"] == "brera"
    other = await shop.put("/v1/zones/brera", json=site("navigli"))
    assert other.json()["errors"][0]["place"] == "body.properties.id"


async def test_a_zone_that_was_read_before_is_not_sent_again(shop):
    await shop.put("/v1/zones", json=site())
    first = await shop.get("/v1/zones/brera")
    known = {"If-None-Match": first.headers["etag"]}
    assert (await shop.get("/v1/zones/brera", headers=known)).status_code == 304
    await shop.put("/v1/zones", json=site(radius=81))
    assert (await shop.get("/v1/zones/brera", headers=known)).status_code == 200


async def test_nobody_overwrites_a_change_they_have_not_seen(shop):
    await shop.put("/v1/zones", json=site())
    seen = {"If-Match": (await shop.get("/v1/zones/brera")).headers["etag"]}
    assert (await shop.put("/v1/zones/brera", json=site(radius=81), headers=seen)).status_code == 200
    assert (await shop.put("/v1/zones/brera", json=site(radius=82), headers=seen)).status_code == 412
    assert (await shop.delete("/v1/zones/brera", headers=seen)).status_code == 412
    assert (await shop.get("/v1/zones/brera")).json()["properties"]["radius"] == 81


async def test_a_site_with_zones_in_it_is_not_removed(shop):
    await shop.put("/v1/zones", json=collection(site(), feature("shoes", parent="brera")))
    refused = await shop.delete("/v1/zones/brera")
    assert refused.status_code == 409
    assert "zone shoes" in refused.json()["detail"]
    assert (await shop.delete("/v1/zones/shoes")).status_code == 204
    assert (await shop.delete("/v1/zones/brera")).status_code == 204
    assert (await shop.get("/v1/zones/brera")).status_code == 404


async def test_a_long_list_is_turned_page_by_page(shop):
    await shop.put("/v1/zones", json=collection(*(site(f"s{i}") for i in range(5))))
    path, seen = "/v1/zones?limit=2", []
    while path:
        page = await shop.get(path)
        seen += [f["properties"]["id"] for f in page.json()["features"]]
        path = page.links.get("next", {}).get("url")
    assert seen == ["s0", "s1", "s2", "s3", "s4"]


async def test_a_cursor_made_up_by_hand_is_no_failure(shop):
    for cursor in ("x", "W10", "WyJcdTAwMDAiXQ", "====", "%ff"):
        answer = await shop.get("/v1/zones", params={"cursor": cursor})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["place"] == "query.cursor"


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "Feature", "properties": {"id": "a", "name": "A", "notes": NaN}, "geometry": null}',
        b'{"type": "Feature", "properties": {"id": "a", "name": "A", "notes": {"x": "\\u0000"}}, "geometry": null}',
        b'{"type": "Feature", "properties": {"id": "a", "name": "A", "notes": "\\ud800"}, "geometry": null}',
        b'{"type": "Feature", "properties": {"id": "a", "name": "A", "notes": {"\\ud800": 1}}, "geometry": null}',
    ],
)
async def test_notes_that_no_database_can_hold_are_refused(shop, body):
    refused = await shop.put("/v1/zones", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"].startswith("body.properties.notes")


@pytest.mark.parametrize("body", [[], 3, "zone", None, {}, {"type": "FeatureCollection"}, {"type": "Point"}])
async def test_what_is_no_geojson_is_refused(shop, body):
    assert (await shop.put("/v1/zones", json=body)).status_code == 422
    assert (await shop.put("/v1/zones/a", json=body)).status_code == 422


async def test_the_id_of_a_door_is_no_zone(shop):
    refused = await shop.put("/v1/zones", json=site("nearby"))
    assert refused.json()["errors"][0]["place"] == "body.properties.id"


async def test_two_who_change_zones_at_once_leave_zones_that_fit(shop):
    await shop.put("/v1/zones", json=site())
    below = shop.put("/v1/zones/shoes", json=feature("shoes", parent="brera"))
    away = shop.delete("/v1/zones/brera")
    answers = [answer.status_code for answer in await asyncio.gather(below, away)]
    kept = {f["properties"]["id"] for f in (await shop.get("/v1/zones")).json()["features"]}
    assert (answers, kept) in [([200, 409], {"brera", "shoes"}), ([422, 204], set())]


async def test_the_rest_of_the_house_hears_of_a_change(shop, bus):
    async with bus.listen("catalogue") as news:
        await shop.put("/v1/zones", json=site())
        assert await anext(news) == {"name": "zones"}


async def test_marketers_read_zones_and_only_managers_change_them(shop, tokens):
    marketer = tokens.headers("marketer")
    assert (await shop.get("/v1/zones", headers=marketer)).status_code == 200
    assert (await shop.put("/v1/zones", json=site(), headers=marketer)).status_code == 403
    assert (await shop.get("/v1/zones", headers=tokens.headers("device"))).status_code == 403


async def test_a_zone_beside_its_floor_plan_is_refused_and_one_half_beside_it_is_warned_of(
    shop, database, noon
):
    async with database.writing() as connection:
        await floor_plans.put(connection, FloorPlan("fp_1", "Ground floor", None, 24.0, 16.0), noon)

    def hats(x):
        shape = {"type": "Polygon", "coordinates": [[[x, 0], [x + 8, 0], [x + 8, 8], [x, 8], [x, 0]]]}
        return by_radio("hats", plan={"id": "fp_1", "shape": shape})

    refused = await shop.put("/v1/zones", json=hats(240))
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["place"] == "body.properties.plan.shape"
    assert fault["reason"].startswith("lies wholly off floor plan fp_1, which is 24 m by 16 m")
    taken = await shop.put("/v1/zones", json=hats(20))
    assert taken.status_code == 200
    assert "lies with 50% of its area off floor plan fp_1" in " ".join(
        fault["reason"] for fault in taken.json()["warnings"]
    )
    assert (await shop.put("/v1/zones", json=hats(0))).status_code == 200


async def test_who_only_wants_to_see_is_told_what_would_change(shop):
    await shop.put("/v1/zones", json=collection(site(), site("navigli")))
    body = collection(site("duomo"), site(radius=90), site("navigli"))
    supposed = await shop.put("/v1/zones?do=show", json=body)
    assert [(zone["id"], zone["change"]) for zone in supposed.json()["zones"]] == [
        ("duomo", "created"),
        ("brera", "changed"),
        ("navigli", "same"),
    ]
    one = await shop.put("/v1/zones/duomo?do=show", json=site("duomo"))
    assert one.json()["zones"][0]["change"] == "created"
    kept = (await shop.get("/v1/zones")).json()["features"]
    assert [(f["properties"]["id"], f["properties"]["radius"]) for f in kept] == [
        ("brera", 80),
        ("navigli", 80),
    ]


async def test_who_only_wants_to_see_is_told_the_same_faults(shop):
    body = collection(by_radio("shoes", anchors=["an_9"]))
    shown, kept = await shop.put("/v1/zones?do=show", json=body), await shop.put("/v1/zones", json=body)
    assert shown.status_code == 422
    assert shown.json()["errors"] == kept.json()["errors"]

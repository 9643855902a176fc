"""A segment says once who is meant: it is counted live, and campaigns that name it ask what it asks."""

import pytest

from server import knowledge
from server.records import zones
from server.web.campaigns import campaign_routes
from server.web.segments import segment_routes
from server.zones import Zone
from tests.server.records.rows import a_shopper, a_visit, keep

LOYAL = {"name": "Loyal", "conditions": [{"kind": "segment", "has_tags": ["loyalty"]}]}
REGULARS = {"name": "Regulars", "conditions": [{"kind": "was_in_zone", "zone": "brera", "at_least": 1}]}


@pytest.fixture
async def shop(database, guard, edits, tokens, open_doors, noon):
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(Zone("brera", "Brera", "site"))], noon)
        await keep(
            connection,
            a_shopper("sh_ann", tags=["loyalty"]),
            a_shopper("sh_bob"),
            a_shopper("sh_eve", tags=["loyalty", "vip"]),
            a_visit("v_1", shopper_id="sh_bob", zone_id="brera", exited_at=noon),
        )
    routes = (
        segment_routes(database, guard, edits, lambda: noon),
        campaign_routes(database, guard, edits, lambda: noon),
    )
    client = open_doors(*routes)
    client.headers.update(tokens.headers("marketer"))
    return client


def for_the(segment, **changes):
    return {
        "id": "thanks",
        "name": "Thanks",
        "state": "live",
        "trigger": {"on": "entered", "where": {"zones": ["brera"]}},
        "conditions": [{"kind": "segment", "name": segment}],
        "offer": {"title": {"en": "Thanks"}, "body": {"en": "A coffee on us."}},
        **changes,
    }


async def test_a_segment_is_counted_live(shop):
    assert (await shop.put("/v1/segments/loyal", json=LOYAL)).json() == {"id": "loyal", "change": "created"}
    assert (await shop.put("/v1/segments/loyal", json=LOYAL)).json()["change"] == "same"
    counted = (await shop.get("/v1/segments/loyal/count")).json()
    assert counted == {"belong": 2, "shoppers": 3, "preview": []}
    vip = {**LOYAL, "conditions": [*LOYAL["conditions"], {"kind": "segment", "has_tags": ["vip"]}]}
    assert (await shop.put("/v1/segments/loyal", json=vip)).json()["change"] == "changed"
    counted = (await shop.get("/v1/segments/loyal/count?preview=5")).json()
    assert (counted["belong"], counted["preview"]) == (1, ["sh_eve"])


async def test_earlier_visits_count_too(shop):
    await shop.put("/v1/segments/regulars", json=REGULARS)
    counted = (await shop.get("/v1/segments/regulars/count?preview=1")).json()
    assert counted == {"belong": 1, "shoppers": 3, "preview": ["sh_bob"]}


async def test_an_analyst_counts_and_does_not_see_who_it_is(shop, tokens):
    await shop.put("/v1/segments/loyal", json=LOYAL)
    analyst = tokens.headers("analyst")
    assert (await shop.get("/v1/segments/loyal/count", headers=analyst)).json()["belong"] == 2
    assert (await shop.get("/v1/segments/loyal/count?preview=1", headers=analyst)).status_code == 403
    assert (await shop.put("/v1/segments/loyal", json=LOYAL, headers=analyst)).status_code == 403


async def test_a_campaign_asks_what_its_segment_asks(shop, database):
    await shop.put("/v1/segments/regulars", json=REGULARS)
    assert (await shop.post("/v1/campaigns", json=for_the("regulars"))).status_code == 201
    compiled = (await knowledge.load(database)).compiled
    assert [condition.kind for condition in compiled.campaigns["thanks"].conditions] == ["was_in_zone"]
    assert compiled.needs == {"past"}


async def test_a_segment_or_coupon_that_is_not_there_is_refused(shop):
    claim = {"kind": "claim_coupon", "coupon": "spring"}
    gives = {**for_the("x")["offer"], "action": claim}
    wrong = for_the(
        "nobody", offer=gives, variants=[{"id": "a"}, {"id": "b", "offer": {**gives, "title": {"en": "B"}}}]
    )
    refused = await shop.post("/v1/campaigns", json=wrong)
    assert [fault["place"] for fault in refused.json()["errors"]] == [
        "body.conditions[0].name",
        "body.offer.action.coupon",
        "body.variants[1].offer.action.coupon",
    ]


async def test_a_segment_that_a_campaign_names_stays(shop):
    await shop.put("/v1/segments/loyal", json=LOYAL)
    await shop.post("/v1/campaigns", json=for_the("loyal"))
    refused = await shop.delete("/v1/segments/loyal")
    assert (refused.status_code, "thanks" in refused.json()["detail"]) == (409, True)
    await shop.put("/v1/campaigns/thanks", json=for_the("loyal", state="ended"))
    assert (await shop.delete("/v1/segments/loyal")).status_code == 204
    assert (await shop.get("/v1/segments/loyal")).status_code == 404
    assert (await shop.get("/v1/segments/loyal/count")).status_code == 404


async def test_every_mistake_in_a_segment_is_told_with_its_place(shop):
    wrong = {"name": "X", "colour": "red", "conditions": [{"kind": "cooldown", "wait": "1d"}]}
    refused = await shop.put("/v1/segments/x", json=wrong)
    assert sorted(fault["place"] for fault in refused.json()["errors"]) == [
        "body.colour",
        "body.conditions[0]",
    ]
    other = await shop.put("/v1/segments/x", json={**LOYAL, "id": "y"})
    assert other.json()["errors"][0]["place"] == "body.id"


async def test_segments_are_listed_page_by_page(shop):
    for name in ("a", "b", "c"):
        await shop.put(f"/v1/segments/{name}", json=LOYAL)
    first = (await shop.get("/v1/segments?limit=2")).json()
    rest = (await shop.get("/v1/segments", params={"cursor": first["next"]})).json()
    assert [each["id"] for each in first["segments"] + rest["segments"]] == ["a", "b", "c"]


async def test_a_segment_is_counted_before_anybody_keeps_it(shop, tokens):
    counted = await shop.post("/v1/segments/count", json={"conditions": LOYAL["conditions"]})
    assert counted.json() == {"belong": 2, "shoppers": 3, "preview": []}
    assert (await shop.get("/v1/segments")).json()["segments"] == []
    wrong = await shop.post("/v1/segments/count", json={"conditions": [{"kind": "segment"}]})
    assert wrong.json()["errors"][0]["place"] == "body.conditions[0]"
    analyst = await shop.post(
        "/v1/segments/count",
        json={"conditions": LOYAL["conditions"]},
        headers=tokens.headers("analyst"),
    )
    assert analyst.status_code == 403

"""Campaigns over HTTP: what was read can be changed and sent back, and every mistake is told with its place."""

import pytest

from server.records import zones
from server.web.campaigns import campaign_routes
from server.zones import Zone


def a_document(**changes):
    return {
        "id": "spring-shoes",
        "name": "Spring shoes",
        "state": "live",
        "trigger": {"on": "entered", "where": {"zones": ["shoes"]}},
        "conditions": [{"kind": "frequency_cap", "at_most": 2, "window": "7d"}],
        "offer": {"title": {"en": "20 % off"}, "body": {"en": "Today only."}, "life_s": 1800},
        **changes,
    }


def listening_to(**where):
    return {"on": "entered", "where": where}


@pytest.fixture
async def shop(database, guard, edits, tokens, open_doors, noon):
    async with database.writing() as connection:
        places = [
            Zone("brera", "Brera", "site"),
            Zone("shoes", "Shoes", parent="brera", groups=("footwear",)),
        ]
        await zones.put(connection, [zones.Given(zone) for zone in places], noon)
    client = open_doors(campaign_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("marketer"))
    return client


async def test_a_campaign_that_is_read_can_be_sent_back(shop):
    made = await shop.post("/v1/campaigns", json=a_document())
    assert (made.status_code, made.json()) == (
        201,
        {"id": "spring-shoes", "version": 1, "state": "live", "change": "created"},
    )
    read = (await shop.get("/v1/campaigns/spring-shoes")).json()
    assert (await shop.put("/v1/campaigns/spring-shoes", json=read)).json()["change"] == "same"
    read["state"] = "paused"
    changed = (await shop.put("/v1/campaigns/spring-shoes", json=read)).json()
    assert changed == {"id": "spring-shoes", "version": 2, "state": "paused", "change": "changed"}


async def test_a_campaign_without_an_id_gets_one(shop):
    nameless = a_document()
    del nameless["id"]
    headers = {"Idempotency-Key": "once"}
    first = (await shop.post("/v1/campaigns", json=nameless, headers=headers)).json()
    again = (await shop.post("/v1/campaigns", json=nameless, headers=headers)).json()
    assert first == again
    assert first["id"].startswith("c_")
    assert len((await shop.get("/v1/campaigns")).json()["campaigns"]) == 1


async def test_a_campaign_is_created_once(shop):
    await shop.post("/v1/campaigns", json=a_document())
    assert (await shop.post("/v1/campaigns", json=a_document())).status_code == 409


async def test_every_mistake_is_told_with_its_place(shop):
    wrong = a_document(conditions=[{"kind": "cap"}, {"kind": "cooldown", "wait": "soon"}], colour="red")
    refused = await shop.put("/v1/campaigns/spring-shoes", json=wrong)
    assert refused.status_code == 422
    places = [fault["place"] for fault in refused.json()["errors"]]
    assert sorted(places) == ["body.colour", "body.conditions[0]", "body.conditions[1].wait"]


async def test_a_cap_on_a_group_needs_a_campaign_that_is_in_one(shop):
    by_group = {"scope": "group"}
    conditions = [
        {"kind": "frequency_cap", "at_most": 2, "window": "7d"},
        {"kind": "frequency_cap", "at_most": 5, "calendar": "month", **by_group},
        {"kind": "cooldown", "wait": "1d", **by_group},
    ]
    refused = await shop.put("/v1/campaigns/spring-shoes", json=a_document(conditions=conditions))
    assert refused.status_code == 422
    faults = {fault["place"]: fault["reason"] for fault in refused.json()["errors"]}
    assert list(faults) == ["body.conditions[1].scope", "body.conditions[2].scope"]
    assert "give it a `group`" in faults["body.conditions[1].scope"]
    grouped = a_document(conditions=conditions, group="shoes")
    assert (await shop.put("/v1/campaigns/spring-shoes", json=grouped)).is_success


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ({"zones": ["shoes", "hats"]}, "body.trigger.where.zones[1]"),
        ({"site": "navigli"}, "body.trigger.where.site"),
        ({"group": "headwear"}, "body.trigger.where.group"),
    ],
)
async def test_the_zones_that_a_campaign_listens_to_must_exist(shop, where, place):
    refused = await shop.post("/v1/campaigns", json=a_document(trigger=listening_to(**where)))
    assert [fault["place"] for fault in refused.json()["errors"]] == [place]


@pytest.mark.parametrize("where", [{"zones": ["shoes"]}, {"site": "brera"}, {"group": "footwear"}])
async def test_a_campaign_listens_to_zones_a_site_or_a_group(shop, where):
    assert (
        await shop.post("/v1/campaigns", json=a_document(trigger=listening_to(**where)))
    ).status_code == 201


async def test_the_id_in_the_address_holds(shop):
    nameless = a_document()
    del nameless["id"]
    assert (await shop.put("/v1/campaigns/summer", json=nameless)).json()["id"] == "summer"
    refused = await shop.put("/v1/campaigns/summer", json=a_document())
    assert refused.json()["errors"][0]["place"] == "body.id"


async def test_a_number_that_is_none_is_refused(shop):
    body = b'{"id": "a", "name": "A", "conditions": [{"kind": "segment", "at_least": {"points": NaN}}]}'
    refused = await shop.put("/v1/campaigns/a", content=body, headers={"Content-Type": "application/json"})
    assert refused.json()["errors"][0]["place"] == "body.conditions[0].at_least.points"


async def test_nobody_overwrites_a_change_they_have_not_seen(shop):
    await shop.post("/v1/campaigns", json=a_document())
    first = await shop.get("/v1/campaigns/spring-shoes")
    seen = {"If-Match": first.headers["etag"]}
    paused = a_document(state="paused")
    assert (await shop.put("/v1/campaigns/spring-shoes", json=paused, headers=seen)).status_code == 200
    assert (await shop.put("/v1/campaigns/spring-shoes", json=a_document(), headers=seen)).status_code == 412
    known = {"If-None-Match": first.headers["etag"]}
    assert (await shop.get("/v1/campaigns/spring-shoes", headers=known)).status_code == 200


async def test_a_campaign_that_may_have_spoken_is_ended_and_not_removed(shop):
    await shop.post("/v1/campaigns", json=a_document())
    await shop.post("/v1/campaigns", json=a_document(id="draft", state="draft"))
    assert (await shop.delete("/v1/campaigns/spring-shoes")).status_code == 409
    assert (await shop.delete("/v1/campaigns/draft")).status_code == 204
    assert (await shop.delete("/v1/campaigns/draft")).status_code == 404
    assert (await shop.put("/v1/campaigns/spring-shoes", json=a_document(state="ended"))).status_code == 200
    assert (await shop.put("/v1/campaigns/spring-shoes", json=a_document())).status_code == 409


async def test_campaigns_are_listed_by_state_and_page_by_page(shop):
    for name, state in (("a", "live"), ("b", "draft"), ("c", "live"), ("d", "live")):
        await shop.post("/v1/campaigns", json=a_document(id=name, state=state))
    asked = {"state": "live", "limit": 2}
    first = (await shop.get("/v1/campaigns", params=asked)).json()
    rest = (await shop.get("/v1/campaigns", params={**asked, "cursor": first["next"]})).json()
    assert [c["id"] for c in first["campaigns"] + rest["campaigns"]] == ["a", "c", "d"]


async def test_managers_read_campaigns_and_only_marketers_change_them(shop, tokens):
    manager = tokens.headers("manager")
    assert (await shop.get("/v1/campaigns", headers=manager)).status_code == 200
    assert (await shop.post("/v1/campaigns", json=a_document(), headers=manager)).status_code == 403


async def test_what_a_campaign_was_can_be_looked_up_by_its_version(shop):
    await shop.post("/v1/campaigns", json=a_document())
    await shop.put("/v1/campaigns/spring-shoes", json=a_document(state="paused"))
    first = (await shop.get("/v1/campaigns/spring-shoes/versions", params={"limit": 1})).json()
    assert [each["version"] for each in first["versions"]] == [2]
    rest = (await shop.get("/v1/campaigns/spring-shoes/versions", params={"before": first["next"]})).json()
    assert [(each["version"], each["state"]) for each in rest["versions"]] == [(1, "live")]
    assert rest["next"] is None
    one = (await shop.get("/v1/campaigns/spring-shoes/versions/1")).json()
    assert (one["campaign"]["state"], one["made_at"]) == ("live", "2026-06-10T12:00:00Z")
    assert (await shop.get("/v1/campaigns/spring-shoes/versions/3")).status_code == 404
    assert (await shop.get("/v1/campaigns/hats/versions")).status_code == 404


async def test_a_clone_is_a_draft_that_says_the_same(shop):
    ends = "2026-12-24T18:00:00Z"
    await shop.post("/v1/campaigns", json=a_document(ends_at=ends))
    asked = {"id": "autumn-shoes", "name": "Autumn shoes"}
    made = await shop.post("/v1/campaigns/spring-shoes/clone", json=asked)
    assert made.status_code == 201
    assert made.json() == {"id": "autumn-shoes", "version": 1, "state": "draft", "change": "created"}
    copy = (await shop.get("/v1/campaigns/autumn-shoes")).json()
    first = (await shop.get("/v1/campaigns/spring-shoes")).json()
    assert (copy["offer"], copy["conditions"]) == (first["offer"], first["conditions"])
    assert (copy["name"], "ends_at" in copy) == ("Autumn shoes", False)
    assert (await shop.post("/v1/campaigns/spring-shoes/clone", json=asked)).status_code == 409
    nameless = (await shop.post("/v1/campaigns/spring-shoes/clone", json={})).json()["id"]
    assert (await shop.get(f"/v1/campaigns/{nameless}")).json()["name"] == "Spring shoes (copy)"
    assert (await shop.post("/v1/campaigns/hats/clone", json={})).status_code == 404


async def test_a_scheduled_campaign_says_when_it_starts(shop):
    refused = await shop.post("/v1/campaigns", json=a_document(state="scheduled"))
    assert refused.status_code == 422
    backwards = a_document(starts_at="2026-07-02T08:00:00Z", ends_at="2026-07-01T08:00:00Z")
    refused = await shop.post("/v1/campaigns", json=backwards)
    assert [fault["place"] for fault in refused.json()["errors"]] == ["body.ends_at"]
    scheduled = a_document(state="scheduled", starts_at="2026-07-01T08:00:00Z")
    assert (await shop.post("/v1/campaigns", json=scheduled)).json()["state"] == "scheduled"

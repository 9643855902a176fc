"""Surveys over HTTP: learned from a walk, put to use, taken back; each with what it would gain."""

import asyncio
import threading

import pytest

from server.presence.surveying import learn
from server.records import anchors, floor_plans, zones
from server.web import surveys
from server.web.surveys import survey_routes
from tests.server.a_walk import ANCHORS, PLAN, ZONES, a_walk


@pytest.fixture
async def shop(database, guard, edits, tokens, open_doors, noon):
    async with database.writing() as connection:
        await floor_plans.put(connection, PLAN, noon)
        await zones.put(connection, [zones.Given(zone) for zone in ZONES], noon)
        await anchors.put(connection, [anchors.Given(anchor) for anchor in ANCHORS], noon)
    client = open_doors(survey_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("manager"))
    return client


def a_body(every=4, **changes):
    heard = a_walk().heard
    columns = (
        heard.at.tolist(),
        heard.anchor,
        heard.rssi_dbm.tolist(),
        heard.x_m.tolist(),
        heard.y_m.tolist(),
    )
    return {"plan": "fp_1", "packets": list(zip(*columns, strict=True))[::every], **changes}


async def learned(shop):
    answer = await shop.post("/v1/surveys", json=a_body())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_walk_becomes_a_draft_with_figures_and_spots(shop):
    made = await learned(shop)
    assert (made["plan"], made["version"], made["state"], made["made_by"]) == (
        "fp_1",
        1,
        "draft",
        "st_manager",
    )
    assert made["figures"]["proof"]["all"]["moments"] > 100
    got = (await shop.get(f"/v1/surveys/{made['id']}")).json()
    spots = got.pop("spots")
    assert got == made
    assert len(spots) == made["figures"]["spots"]
    assert set(spots[0]["heard"]["an_hats"]) == {"mean_dbm", "sd_db", "packets"}


async def test_a_survey_is_put_to_use_and_taken_back_and_everybody_hears_of_it(shop, bus):
    first, second = await learned(shop), await learned(shop)
    async with bus.listen("catalogue") as news:
        for made in (first, second):
            used = await shop.post(f"/v1/surveys/{made['id']}/use")
            assert (used.status_code, used.json()["state"]) == (200, "in use")
            assert await anext(news) == {"name": "zones"}
        back = (await shop.post("/v1/surveys/revert", json={"plan": "fp_1"})).json()
        assert (back["in_use"]["id"], back["in_use"]["state"]) == (first["id"], "in use")
        assert await anext(news) == {"name": "zones"}
    assert (await shop.post("/v1/surveys/revert", json={"plan": "fp_1"})).json() == {"in_use": None}
    again = await shop.post("/v1/surveys/revert", json={"plan": "fp_1"})
    assert (again.status_code, again.json()["detail"]) == (404, "no survey of floor plan fp_1 is in use")


async def test_asking_again_with_the_same_key_learns_once(shop):
    asked = {"json": a_body(), "headers": {"Idempotency-Key": "walk-1"}}
    first, again = [(await shop.post("/v1/surveys", **asked)).json() for _ in range(2)]
    assert first == again
    assert len((await shop.get("/v1/surveys")).json()["surveys"]) == 1


async def test_who_comes_while_a_walk_is_learned_from_is_asked_to_come_again(shop, monkeypatch):
    began, go_on = threading.Event(), threading.Event()

    def slowly(*about):
        began.set()
        assert go_on.wait(30)
        return learn(*about)

    monkeypatch.setattr(surveys, "learn", slowly)
    first = asyncio.create_task(shop.post("/v1/surveys", json=a_body()))
    assert await asyncio.to_thread(began.wait, 30)
    second = await shop.post("/v1/surveys", json=a_body())
    go_on.set()
    assert (second.status_code, second.headers["retry-after"]) == (503, "10")
    assert (await first).status_code == 201


async def test_surveys_are_listed_page_by_page_and_by_plan(shop):
    ids = sorted([(await learned(shop))["id"] for _ in range(3)])
    first = (await shop.get("/v1/surveys?limit=2")).json()
    rest = (await shop.get("/v1/surveys", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["surveys"] + rest["surveys"]] == ids
    assert (await shop.get("/v1/surveys?plan=fp_2")).json()["surveys"] == []


@pytest.mark.parametrize(
    ("wrong", "status", "place"),
    [
        ({"plan": "fp_9"}, 404, None),
        ({"packets": []}, 422, "body.packets"),
        ({"packets": [[1, "an_hats", 64, 1, 1]]}, 422, "body.packets[0][2]"),
        ({"packets": [[1, "an_hats", -64, 1]]}, 422, "body.packets[0][4]"),
        ({"packets": [[1, "an/hats", -64, 1, 1]]}, 422, "body.packets[0][1]"),
        ({"packets": [[1, "an_none", -64, 1, 1]]}, 422, "body.packets"),
        ({"packets": [[1, "an_hats", -64, 900, 1]]}, 422, "body.packets"),
        ({"spots": []}, 422, "body.spots"),
    ],
)
async def test_what_is_no_walk_is_refused_with_its_place(shop, wrong, status, place):
    refused = await shop.post("/v1/surveys", json=a_body(every=100, **wrong))
    assert refused.status_code == status
    assert [fault["place"] for fault in refused.json().get("errors", [])][:1] == ([place] if place else [])
    assert (await shop.get("/v1/surveys")).json()["surveys"] == []


@pytest.mark.parametrize("role", ["marketer", "analyst"])
async def test_who_only_looks_changes_nothing(shop, tokens, role):
    made = await learned(shop)
    shop.headers.update(tokens.headers(role))
    assert (await shop.get(f"/v1/surveys/{made['id']}")).status_code == 200
    for path, body in (
        ("", a_body(every=100)),
        (f"/{made['id']}/use", None),
        ("/revert", {"plan": "fp_1"}),
    ):
        assert (await shop.post(f"/v1/surveys{path}", json=body)).status_code == 403


async def test_a_survey_that_is_not_there_is_not_found(shop):
    assert (await shop.get("/v1/surveys/sv_none")).status_code == 404
    assert (await shop.post("/v1/surveys/sv_none/use")).status_code == 404

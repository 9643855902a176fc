"""Surveys and blind spots of other shops are not there for whoever is of some shops only."""

import httpx

from server.records import keys
from tests.conftest import NOON
from tests.server.web.test_shops import house

__all__ = ["house"]  # the fixture: two whole shops

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:9"


async def test_who_is_of_one_shop_walks_there_and_reads_its_blind_spots_alone(house):
    async with house.database.writing() as connection:
        token = (await keys.issue(connection, "server", "the shops' systems", NOON)).token
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.api),
        base_url="http://shop.example",
        headers={"Authorization": f"Bearer {token}"},
    ) as systems:
        for name in ("brera", "navigli"):
            mute = {"name": f"Mute {name}", "site": name, "plan": f"plan-{name}", "x_m": 1, "y_m": 1}
            assert (await systems.put(f"/v1/anchors/mute-{name}", json=mute)).is_success
        body = {"plan": "plan-navigli", "beacon": f"{FOB}:1"}
        theirs = (await systems.post("/v1/surveys/walks", json=body)).json()["id"]
    async with house("manager", ["brera"]) as manager:
        told = (await manager.get("/v1/blind-spots")).json()
        assert [each["anchor"] for each in told["anchors"]] == ["mute-brera"]
        begun = await manager.post("/v1/surveys/walks", json={"plan": "plan-brera", "beacon": f"{FOB}:2"})
        assert begun.status_code == 201, begun.text
        assert (await manager.get(f"/v1/surveys/walks/{begun.json()['id']}")).status_code == 200
        assert (await manager.get(f"/v1/surveys/walks/{theirs}")).status_code == 404
        elsewhere = {"plan": "plan-navigli"}
        packets = {"packets": [[1_781_092_800.0, "an-navigli", -64, 1, 1]]}
        for path, given in (("/walks", body), ("/revert", elsewhere), ("", elsewhere | packets)):
            answer = await manager.post(f"/v1/surveys{path}", json=given)
            assert answer.status_code == 404, (path, answer.text)

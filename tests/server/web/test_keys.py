"""An owner issues keys and ends them; a token is shown once."""

import pytest
import sqlalchemy as sa

from server.records.tables import GatewayRow
from server.web.keys import key_routes
from server.web.till import till_routes


@pytest.fixture
async def doors(open_doors, database, guard, edits, tokens, noon):
    async with database.writing() as connection:
        gateway = GatewayRow(id="gw_1", name="door", anchor_id="an_1", created_at=noon)
        await connection.execute(sa.insert(GatewayRow.__table__).values(**gateway.model_dump()))
    doors = open_doors(key_routes(database, guard, edits), till_routes(database, guard, edits))
    doors.headers.update(tokens.headers("owner"))
    return doors


async def test_a_key_opens_its_doors_until_it_is_ended(doors):
    key = (await doors.post("/v1/keys", json={"kind": "server", "name": "till"})).json()
    bearer = {"Authorization": f"Bearer {key['token']}"}
    assert (await doors.get("/v1/shoppers", headers=bearer)).status_code == 200
    assert (await doors.delete(f"/v1/keys/{key['id']}")).status_code == 204
    assert (await doors.get("/v1/shoppers", headers=bearer)).status_code == 401


async def test_a_token_is_shown_once(doors):
    key = (await doors.post("/v1/keys", json={"kind": "app", "name": "the app"})).json()
    listed = await doors.get("/v1/keys", params={"kind": "app"})
    assert key["id"] in {one["id"] for one in listed.json()["keys"]}
    assert key["token"] not in listed.text


async def test_devices_and_sessions_are_not_listed(doors):
    kinds = [key["kind"] for key in (await doors.get("/v1/keys")).json()["keys"]]
    assert sorted(kinds) == ["app", "gateway", "server"]


async def test_a_gateway_key_is_for_a_gateway_there_is(doors):
    async def issue(**body):
        return (await doors.post("/v1/keys", json={"name": "x"} | body)).status_code

    assert await issue(kind="gateway", gateway="gw_1") == 201
    assert await issue(kind="gateway", gateway="gw_none") == 404
    assert await issue(kind="gateway", gateway="gw~by-the-door") == 404  # an id that a gateway may have
    assert await issue(kind="gateway") == 422
    assert await issue(kind="app", gateway="gw_1") == 422


async def test_a_key_that_is_not_there_cannot_be_ended(doors):
    assert (await doors.delete("/v1/keys/k_none")).status_code == 404


@pytest.mark.parametrize("who", ["server", "manager", "app"])
async def test_only_an_owner_makes_keys(doors, tokens, who):
    answer = await doors.post("/v1/keys", json={"kind": "server", "name": "x"}, headers=tokens.headers(who))
    assert answer.status_code == 403


async def test_a_key_asked_for_again_is_the_same_key(doors):
    headers = {"Idempotency-Key": "order-1"}
    made = [
        (await doors.post("/v1/keys", json={"kind": "app", "name": "a"}, headers=headers)).json()
        for _ in range(2)
    ]
    assert made[0] == made[1]

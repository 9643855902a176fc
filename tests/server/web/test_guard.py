"""Every door opens for those it is for, and tells everybody else what it needs."""

from typing import Annotated

import pytest
from fastapi import APIRouter

from server.records import keys
from server.records.keys import Principal

EVERYBODY = {"app", "server", "gateway", "device", "owner", "manager", "marketer", "analyst", "cashier"}
WELCOME = {
    "device": {"device"},
    "app": {"app", "server"},
    "server": {"server"},
    "gateway": {"gateway"},
    "reader": {"server", "owner", "manager", "marketer", "analyst"},
    "manager": {"server", "owner", "manager"},
    "marketer": {"server", "owner", "marketer"},
    "owner": {"owner"},
    "session": {"owner", "manager", "marketer", "analyst", "cashier"},
    "till": {"server", "owner", "manager", "cashier"},
}


@pytest.fixture
def doors(guard, open_doors):
    router = APIRouter()

    def behind(door: str) -> None:
        @router.get(f"/{door}")
        async def who(caller: Annotated[Principal, getattr(guard, door)]) -> str:
            return caller.kind

    for door in WELCOME:
        behind(door)
    return open_doors(router)


@pytest.mark.parametrize("door", WELCOME)
async def test_a_door_opens_for_those_it_is_for_and_nobody_else(doors, tokens, door):
    opened = {
        who
        for who in EVERYBODY
        if (await doors.get(f"/{door}", headers=tokens.headers(who))).status_code == 200
    }
    assert opened == WELCOME[door]


async def test_a_visitor_without_a_token_is_told_what_to_bring(doors, tokens):
    answer = await doors.get("/gateway")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="soglia"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert "a gateway's token" in answer.json()["detail"]


@pytest.mark.parametrize(
    "said", ["Basic YTpi", "Bearer", "Bearer ", "Bearer sog_server_" + "x" * 43, "Bearer é"]
)
async def test_a_token_that_is_none_is_refused(doors, tokens, said):
    answer = await doors.get("/server", headers={"Authorization": said.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_may_not_is_told_who_may(doors, tokens):
    answer = await doors.get("/marketer", headers=tokens.headers("analyst"))
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "This door needs a staff session or a server key (as owner or marketer); you are analyst."
    )


async def test_a_revoked_key_is_refused_once_the_keyring_was_reloaded(doors, tokens, database, keyring, noon):
    assert (await doors.get("/server", headers=tokens.headers("server"))).status_code == 200
    async with database.writing() as connection:
        [key] = await keys.listed(connection, ["server"])
        await keys.revoke(connection, key.id, noon)
    await keyring.reload()
    assert (await doors.get("/server", headers=tokens.headers("server"))).status_code == 401


async def test_the_document_says_which_token_opens_a_door(doors):
    document = (await doors.get("/openapi.json")).json()
    assert document["paths"]["/manager"]["get"]["security"] == [{"manager": []}]
    assert document["components"]["securitySchemes"]["manager"]["scheme"] == "bearer"
    assert {"401", "403"} <= document["paths"]["/manager"]["get"]["responses"].keys()

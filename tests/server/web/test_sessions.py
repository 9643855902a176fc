"""Staff see where they are logged in, and end what they do not know; owners end anybody's."""

from datetime import timedelta

import pytest

from server.records import staff
from server.records.passwords import Passwords
from server.web.login import login_routes
from server.web.sessions import session_routes
from server.web.staff import staff_routes

PASSWORD = "correct horse battery"
CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)


@pytest.fixture
def now(noon):
    return {"at": noon}


@pytest.fixture
async def ann(database, noon):
    async with database.writing() as connection:
        return await staff.add(
            connection, "ann@shop.example", "Ann", "analyst", await CHEAP.hashed(PASSWORD), noon
        )


@pytest.fixture
def doors(open_doors, database, guard, edits, ann, now, keyring):
    keyring._clock = lambda: now["at"].timestamp()  # noqa: PLW0108 - it moves

    def clock():
        return now["at"]

    return open_doors(
        login_routes(database, guard, edits, CHEAP, clock=clock),
        session_routes(database, guard, edits, clock=clock),
        staff_routes(database, guard, edits, CHEAP, clock=clock),
    )


async def logged_in(doors, **more):
    """The headers of a new session of Ann's."""
    said = {"email": "ann@shop.example", "password": PASSWORD, **more}
    token = (await doors.post("/v1/login", json=said)).json()["token"]
    return {"Authorization": f"Bearer {token}"}


async def test_one_sees_ones_own_sessions_and_which_is_this(doors, now, tokens):
    till = await logged_in(doors, browser="Chromium, Linux")
    now["at"] += timedelta(minutes=5)
    here = await logged_in(doors)
    await doors.get("/v1/session", headers=till)
    listed = (await doors.get("/v1/sessions", headers=here)).json()["sessions"]
    assert [(each["browser"], each["this"]) for each in listed] == [(None, True), ("Chromium, Linux", False)]
    assert listed[1]["since"] < listed[1]["seen_at"]


async def test_ending_one_leaves_the_others(doors, now):
    here, there = await logged_in(doors), await logged_in(doors)
    listed = (await doors.get("/v1/sessions", headers=here)).json()["sessions"]
    other = next(each["id"] for each in listed if not each["this"])
    assert (await doors.delete(f"/v1/sessions/{other}", headers=here)).status_code == 204
    assert (await doors.delete(f"/v1/sessions/{other}", headers=here)).status_code == 404
    assert (await doors.get("/v1/session", headers=there)).status_code == 401
    assert (await doors.get("/v1/session", headers=here)).status_code == 200


async def test_all_others_end_at_once(doors):
    here, there = await logged_in(doors), await logged_in(doors)
    assert (await doors.delete("/v1/sessions", headers=here)).status_code == 204
    assert (await doors.get("/v1/session", headers=there)).status_code == 401
    assert len((await doors.get("/v1/sessions", headers=here)).json()["sessions"]) == 1


async def test_nobody_ends_somebody_elses_but_an_owner(doors, ann, tokens):
    here, owner = await logged_in(doors), tokens.headers("owner")
    of_owner = (await doors.get("/v1/sessions", headers=owner)).json()["sessions"][0]["id"]
    assert (await doors.delete(f"/v1/sessions/{of_owner}", headers=here)).status_code == 404
    assert (await doors.delete("/v1/staff/st_owner/sessions", headers=here)).status_code == 403
    assert len((await doors.get(f"/v1/staff/{ann.id}/sessions", headers=owner)).json()["sessions"]) == 1
    assert (await doors.delete(f"/v1/staff/{ann.id}/sessions", headers=owner)).status_code == 204
    assert (await doors.get("/v1/session", headers=here)).status_code == 401
    assert (await doors.delete("/v1/staff/st_nobody/sessions", headers=owner)).status_code == 404


async def test_an_owner_sees_when_somebody_was_last_here(doors, ann, now, tokens):
    here = await logged_in(doors)
    now["at"] += timedelta(hours=2)
    await doors.get("/v1/session", headers=here)
    members = (await doors.get("/v1/staff", headers=tokens.headers("owner"))).json()["staff"]
    seen = next(each["seen_at"] for each in members if each["id"] == ann.id)
    assert seen.startswith(f"{now['at']:%Y-%m-%dT%H:%M}")


async def test_a_role_changes_at_once_in_open_sessions_too(doors, ann, tokens):
    here, owner = await logged_in(doors), tokens.headers("owner")
    assert (await doors.get("/v1/staff", headers=here)).status_code == 403
    changed = await doors.patch(f"/v1/staff/{ann.id}", json={"role": "owner", "name": "Anna"}, headers=owner)
    assert (changed.json()["role"], changed.json()["name"]) == ("owner", "Anna")
    assert (await doors.get("/v1/staff", headers=here)).status_code == 200


async def test_the_last_owner_stays_one(doors, ann, tokens):
    owner = tokens.headers("owner")
    unmade = await doors.patch("/v1/staff/st_owner", json={"role": "analyst"}, headers=owner)
    assert (unmade.status_code, "last owner" in unmade.json()["detail"]) == (422, True)
    assert (await doors.patch("/v1/staff/st_owner", json={"name": "Olga"}, headers=owner)).status_code == 200
    await doors.patch(f"/v1/staff/{ann.id}", json={"role": "owner"}, headers=owner)
    assert (
        await doors.patch("/v1/staff/st_owner", json={"role": "analyst"}, headers=owner)
    ).status_code == 200


async def test_who_left_may_be_taken_back(doors, ann, tokens):
    owner = tokens.headers("owner")
    here = await logged_in(doors)
    await doors.delete(f"/v1/staff/{ann.id}", headers=owner)
    assert (await doors.get("/v1/session", headers=here)).status_code == 401
    assert (await doors.patch(f"/v1/staff/{ann.id}", json={"name": "Anna"}, headers=owner)).status_code == 404
    back = await doors.patch(f"/v1/staff/{ann.id}", json={"disabled": False}, headers=owner)
    assert back.json()["disabled_at"] is None
    assert (await doors.get("/v1/session", headers=here)).status_code == 401
    assert (await doors.get("/v1/session", headers=await logged_in(doors))).status_code == 200

import pytest

from server.records import zones
from server.records.passwords import Passwords
from server.records.zones import Given
from server.web.login import login_routes
from server.web.staff import staff_routes
from server.zones import Zone

BOB = {"email": "bob@shop.example", "name": "Bob", "role": "manager", "password": "correct horse battery"}


@pytest.fixture
def doors(open_doors, database, guard, edits, tokens):
    passwords = Passwords(passes=1, memory_kib=64, lanes=1)
    doors = open_doors(
        staff_routes(database, guard, edits, passwords), login_routes(database, guard, edits, passwords)
    )
    doors.headers.update(tokens.headers("owner"))
    return doors


async def test_an_owner_lets_somebody_in(doors):
    added = await doors.post("/v1/staff", json=BOB)
    assert added.status_code == 201
    assert "password" not in added.text
    listed = (await doors.get("/v1/staff")).json()["staff"]
    assert "bob@shop.example" in {member["email"] for member in listed}
    assert (await doors.post("/v1/login", json={k: BOB[k] for k in ("email", "password")})).status_code == 200


async def test_an_email_is_of_one_person(doors):
    await doors.post("/v1/staff", json=BOB)
    assert (await doors.post("/v1/staff", json=BOB | {"name": "Bobby"})).status_code == 409


async def test_who_left_is_out_at_once(doors):
    bob = (await doors.post("/v1/staff", json=BOB)).json()
    session = (await doors.post("/v1/login", json={k: BOB[k] for k in ("email", "password")})).json()
    assert (await doors.delete(f"/v1/staff/{bob['id']}")).status_code == 204
    out = await doors.post("/v1/logout", headers={"Authorization": f"Bearer {session['token']}"})
    assert out.status_code == 401
    assert (await doors.delete(f"/v1/staff/{bob['id']}")).status_code == 404


async def test_the_last_owner_cannot_leave(doors):
    answer = await doors.delete("/v1/staff/st_owner")
    assert answer.status_code == 422
    assert "last owner" in answer.json()["detail"]


@pytest.mark.parametrize("who", ["manager", "server", "device"])
async def test_only_an_owner_lets_others_in(doors, tokens, who):
    assert (await doors.post("/v1/staff", json=BOB, headers=tokens.headers(who))).status_code == 403


@pytest.mark.parametrize(
    "change", [{"password": "short"}, {"role": "king"}, {"email": "bob"}, {"name": "\x00"}]
)
async def test_somebody_who_makes_no_sense_is_refused(doors, change):
    assert (await doors.post("/v1/staff", json=BOB | change)).status_code == 422


async def test_a_manager_is_of_the_shops_that_the_owner_says_in_sessions_that_are_open_too(
    doors, database, keyring, noon
):
    async with database.writing() as connection:
        sites = [Given(Zone(name, name.title(), "site")) for name in ("brera", "navigli")]
        await zones.put(connection, sites, noon)
    bob = (await doors.post("/v1/staff", json=BOB | {"shops": ["brera"]})).json()
    assert bob["shops"] == ["brera"]
    session = (await doors.post("/v1/login", json={k: BOB[k] for k in ("email", "password")})).json()
    assert (await keyring.look_up(session["token"])).shops == {"brera"}
    for shops in (["navigli", "brera"], None):
        changed = await doors.put(f"/v1/staff/{bob['id']}/shops", json={"shops": shops})
        assert changed.json()["shops"] == (sorted(shops) if shops else None)
        assert (await keyring.look_up(session["token"])).shops == (frozenset(shops) if shops else None)


@pytest.mark.parametrize(
    "change", [{"shops": ["atlantis"]}, {"shops": []}, {"role": "marketer", "shops": ["brera"]}]
)
async def test_shops_that_are_none_and_roles_that_see_all_are_refused(doors, change):
    assert (await doors.post("/v1/staff", json=BOB | change)).status_code == 422
    assert (await doors.put("/v1/staff/st_nobody/shops", json={"shops": None})).status_code == 404

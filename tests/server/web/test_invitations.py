"""An owner invites people and lets them choose a new password; a link is good once, for seven days, and nobody else learns the password."""

from datetime import timedelta

import pytest

from server.records.passwords import Passwords
from server.web.invitations import invitation_routes
from server.web.login import login_routes
from server.web.staff import staff_routes

PASSWORD = "correct horse battery"
BOB = {"email": "Bob@Shop.example", "name": "Bob", "role": "manager"}
CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)


@pytest.fixture
def now(noon):
    """What time it is; a test may move it."""
    return {"at": noon}


@pytest.fixture
def doors(open_doors, database, guard, edits, tokens, now):
    doors = open_doors(
        invitation_routes(database, guard, edits, CHEAP, clock=lambda: now["at"]),
        staff_routes(database, guard, edits, CHEAP),
        login_routes(database, guard, edits, CHEAP),
    )
    doors.headers.update(tokens.headers("owner"))
    return doors


async def invited(doors, **change):
    answer = await doors.post("/v1/staff/invitations", json=BOB | change)
    assert answer.status_code == 201, answer.text
    return answer.json()


def take_up(doors, token, password=PASSWORD):
    return doors.post(f"/v1/invitations/{token}", json={"password": password}, headers={"Authorization": ""})


def log_in(doors, email="bob@shop.example", password=PASSWORD):
    return doors.post("/v1/login", json={"email": email, "password": password})


async def bob(doors):
    """Bob's id, who has joined."""
    return (await take_up(doors, (await invited(doors))["token"])).json()["id"]


async def test_who_is_invited_chooses_a_password_and_comes_in(doors):
    link = await invited(doors)
    assert link["path"] == f"/invitation/{link['token']}"
    shown = (await doors.get(f"/v1/invitations/{link['token']}", headers={"Authorization": ""})).json()
    assert (shown["kind"], shown["email"], shown["name"], shown["role"]) == (
        "invitation",
        "bob@shop.example",
        "Bob",
        "manager",
    )
    assert (await take_up(doors, link["token"])).json()["role"] == "manager"
    assert (await log_in(doors)).status_code == 200


async def test_a_link_is_good_once(doors):
    token = (await invited(doors))["token"]
    assert (await take_up(doors, token)).status_code == 200
    assert (await take_up(doors, token, "another long password")).status_code == 404
    assert (await doors.get(f"/v1/invitations/{token}")).status_code == 404
    assert (await log_in(doors, password="another long password")).status_code == 401


async def test_a_link_is_too_old_after_a_week(doors, now):
    token = (await invited(doors))["token"]
    now["at"] += timedelta(days=7)
    assert (await take_up(doors, token)).status_code == 404
    assert (await doors.get("/v1/staff/invitations")).json()["invitations"] == []


async def test_a_link_that_was_taken_back_holds_no_more(doors):
    link = await invited(doors)
    listed = (await doors.get("/v1/staff/invitations")).json()["invitations"]
    assert [each["id"] for each in listed] == [link["id"]]
    assert "token" not in listed[0]
    assert (await doors.delete(f"/v1/staff/invitations/{link['id']}")).status_code == 204
    assert (await doors.delete(f"/v1/staff/invitations/{link['id']}")).status_code == 404
    assert (await take_up(doors, link["token"])).status_code == 404


async def test_a_second_invitation_takes_the_place_of_the_first(doors):
    first, second = await invited(doors), await invited(doors, role="analyst")
    assert (await take_up(doors, first["token"])).status_code == 404
    assert (await take_up(doors, second["token"])).json()["role"] == "analyst"


async def test_nobody_is_invited_twice_or_with_too_short_a_password(doors):
    token = (await invited(doors))["token"]
    assert (await take_up(doors, token, "short")).status_code == 422
    assert (await take_up(doors, token)).status_code == 200
    assert (await doors.post("/v1/staff/invitations", json=BOB)).status_code == 409


async def test_an_invitation_asked_for_again_is_the_same(doors):
    key = {"Idempotency-Key": "a-long-enough-key-of-ours"}
    first = await doors.post("/v1/staff/invitations", json=BOB, headers=key)
    again = await doors.post("/v1/staff/invitations", json=BOB, headers=key)
    assert first.json()["token"] == again.json()["token"]


async def test_a_new_password_ends_what_the_old_one_opened(doors):
    member = await bob(doors)
    session = {"Authorization": f"Bearer {(await log_in(doors)).json()['token']}"}
    link = (await doors.post(f"/v1/staff/{member}/reset")).json()
    assert (await doors.get("/v1/session", headers=session)).status_code == 401
    assert (await log_in(doors)).status_code == 401
    assert (await take_up(doors, link["token"], "another long password")).status_code == 200
    assert (await log_in(doors, password="another long password")).status_code == 200
    assert (await log_in(doors)).status_code == 401


async def test_owners_change_their_own_password_elsewhere_and_who_left_needs_none(doors):
    assert (await doors.post("/v1/staff/st_owner/reset")).status_code == 422
    member = await bob(doors)
    await doors.delete(f"/v1/staff/{member}")
    assert (await doors.post(f"/v1/staff/{member}/reset")).status_code == 422
    assert (await doors.post("/v1/staff/st_nobody/reset")).status_code == 404


@pytest.mark.parametrize("who", ["manager", "server"])
async def test_only_an_owner_invites(doors, tokens, who):
    for method, path in (("POST", "invitations"), ("GET", "invitations"), ("POST", "st_manager/reset")):
        answer = await doors.request(method, f"/v1/staff/{path}", json=BOB, headers=tokens.headers(who))
        assert answer.status_code == 403


async def test_who_tries_links_is_slowed_down(doors):
    tries = [(await doors.get(f"/v1/invitations/nonsense{each}")).status_code for each in range(31)]
    assert tries == [404] * 30 + [429]

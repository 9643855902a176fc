"""Staff come in with a password, are slowed down when they guess, and are out when they go."""

from datetime import timedelta

import pytest

from server.records import staff
from server.records.passwords import Passwords
from server.web.login import login_routes
from server.web.staff import staff_routes

PASSWORD = "correct horse battery"
CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)


class CountingPasswords(Passwords):
    """Counts what was really hashed, to see that an unknown e-mail costs what a known one does."""

    checked = 0

    async def fits(self, password, password_hash):
        self.checked += 1
        return await super().fits(password, password_hash)


@pytest.fixture
def passwords():
    return CountingPasswords(passes=1, memory_kib=64, lanes=1)


@pytest.fixture
async def ann(database, noon):
    async with database.writing() as connection:
        return await staff.add(
            connection, "ann@shop.example", "Ann", "owner", await CHEAP.hashed(PASSWORD), noon
        )


@pytest.fixture
def doors(open_doors, database, guard, edits, passwords):
    return open_doors(
        login_routes(database, guard, edits, passwords), staff_routes(database, guard, edits, passwords)
    )


def log_in(doors, email="ann@shop.example", password=PASSWORD):
    return doors.post("/v1/login", json={"email": email, "password": password})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_a_password_opens_a_session_until_log_out(doors, ann):
    session = await log_in(doors, "Ann@Shop.example")
    assert session.status_code == 200
    assert session.json()["staff"] | {"created_at": None} == {
        "id": ann.id,
        "email": "ann@shop.example",
        "name": "Ann",
        "role": "owner",
        "shops": None,
        "created_at": None,
        "disabled_at": None,
    }
    assert (await doors.get("/v1/staff", headers=bearer(session))).status_code == 200
    assert (await doors.post("/v1/logout", headers=bearer(session))).status_code == 204
    assert (await doors.get("/v1/staff", headers=bearer(session))).status_code == 401


async def test_logging_out_leaves_the_other_session_open(doors, ann):
    here, there = await log_in(doors), await log_in(doors)
    await doors.post("/v1/logout", headers=bearer(here))
    assert (await doors.get("/v1/staff", headers=bearer(there))).status_code == 200


async def test_an_unknown_email_and_a_wrong_password_look_and_cost_the_same(doors, ann, passwords):
    wrong = await log_in(doors, password="wrong horse")
    unknown = await log_in(doors, email="bob@shop.example")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert passwords.checked == 2


async def test_who_left_cannot_come_in(doors, ann, database, noon):
    async with database.writing() as connection:
        bob = await staff.add(
            connection, "bob@shop.example", "Bob", "owner", await CHEAP.hashed(PASSWORD), noon
        )
        await staff.disable(connection, bob.id, noon)
    assert (await log_in(doors, "bob@shop.example")).status_code == 401


async def test_guessing_is_slowed_down_for_one_email_and_not_for_others(doors, ann):
    guesses = [(await log_in(doors, password="guess")).status_code for _ in range(6)]
    assert guesses == [401] * 5 + [429]
    assert (await log_in(doors)).status_code == 429
    assert (await log_in(doors, email="bob@shop.example")).status_code == 401


async def test_coming_in_often_is_no_guessing(doors, ann):
    assert {(await log_in(doors)).status_code for _ in range(8)} == {200}


async def test_a_session_ends_after_its_hours(open_doors, database, guard, edits, passwords, ann, noon):
    doors = open_doors(login_routes(database, guard, edits, passwords, session_hours=8, clock=lambda: noon))
    assert (await log_in(doors)).json()["expires_at"] == (noon + timedelta(hours=8)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


@pytest.mark.parametrize("body", [{}, {"email": "a@b"}, {"email": "a@b", "password": "x" * 201}])
async def test_a_log_in_has_a_form(doors, body):
    assert (await doors.post("/v1/login", json=body)).status_code == 422


async def test_texts_no_database_holds_are_only_wrong(doors, ann):
    assert (await log_in(doors, email="a\x00@b")).status_code in {401, 422}
    broken = await doors.post(
        "/v1/login",
        content=b'{"email": "\\ud800@b", "password": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert broken.status_code == 422

"""A second step at the log-in: an app's code, good once, guessed at slowly; recovery codes for who has lost the app."""

from datetime import timedelta

import pyotp
import pytest

from server.records import staff
from server.records.passwords import Passwords
from server.web.login import login_routes
from server.web.own_password import AskedAgain, own_password_routes
from server.web.staff import staff_routes
from server.web.two_factor import two_factor_routes

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
async def doors(open_doors, database, guard, edits, now, ann, tokens, keyring):
    def clock():
        return now["at"]

    keyring._clock = lambda: now["at"].timestamp()  # noqa: PLW0108 - it moves
    again = AskedAgain(database, CHEAP)
    doors = open_doors(
        login_routes(database, guard, edits, CHEAP, clock=clock),
        own_password_routes(guard, edits, CHEAP, again, clock=clock),
        two_factor_routes(database, guard, again, clock=clock),
        staff_routes(database, guard, edits, CHEAP, clock=clock),
    )
    session = await log_in(doors)
    doors.headers["Authorization"] = f"Bearer {session.json()['token']}"
    return doors


def log_in(doors, password=PASSWORD, **more):
    return doors.post("/v1/login", json={"email": "ann@shop.example", "password": password, **more})


async def with_code(doors, code):
    ticket = (await log_in(doors)).json()["ticket"]
    return await doors.post("/v1/login/code", json={"ticket": ticket, "code": code})


@pytest.fixture
def app_code(now):
    """`app_code(secret)`: what the app shows now."""
    return lambda secret: pyotp.TOTP(secret).at(now["at"])


@pytest.fixture
async def secret(doors, app_code, now):
    """Ann has set the second step up, a minute ago."""
    begun = (await doors.post("/v1/session/two-factor", json={"password": PASSWORD})).json()
    confirmed = await doors.post(
        "/v1/session/two-factor/confirmation", json={"code": app_code(begun["secret"])}
    )
    assert confirmed.status_code == 200, confirmed.text
    doors.recovery = confirmed.json()["recovery_codes"]
    now["at"] += timedelta(minutes=1)
    return begun["secret"]


async def test_it_is_set_up_by_a_link_a_picture_and_a_first_code(doors, app_code):
    begun = (await doors.post("/v1/session/two-factor", json={"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/Soglia:ann%40shop.example?secret=")
    assert begun["qr"].startswith("data:image/svg+xml")
    assert (await log_in(doors)).status_code == 200  # nothing is asked for before it is confirmed
    confirmed = await doors.post(
        "/v1/session/two-factor/confirmation", json={"code": app_code(begun["secret"])}
    )
    assert len(set(confirmed.json()["recovery_codes"])) == 10
    session = (await doors.get("/v1/session")).json()
    assert (session["two_factor"], session["recovery_codes"]) == (True, 10)


async def test_the_password_alone_opens_nothing_then(doors, secret, app_code):
    half = await log_in(doors)
    assert half.status_code == 202
    assert set(half.json()) == {"ticket", "ends_at"}
    whole = await doors.post(
        "/v1/login/code", json={"ticket": half.json()["ticket"], "code": app_code(secret)}
    )
    assert whole.status_code == 200
    assert whole.json()["staff"]["name"] == "Ann"


async def test_a_ticket_is_no_token(doors, secret):
    ticket = (await log_in(doors)).json()["ticket"]
    assert (await doors.get("/v1/session", headers={"Authorization": f"Bearer {ticket}"})).status_code == 401


async def test_a_code_works_once(doors, secret, app_code):
    code = app_code(secret)
    assert (await with_code(doors, code)).status_code == 200
    again = await with_code(doors, code)
    assert again.status_code == 401
    assert again.json()["errors"][0]["place"] == "body.code"


async def test_the_code_of_the_setting_up_opens_no_log_in(doors, app_code):
    begun = (await doors.post("/v1/session/two-factor", json={"password": PASSWORD})).json()
    code = app_code(begun["secret"])
    await doors.post("/v1/session/two-factor/confirmation", json={"code": code})
    assert (await with_code(doors, code)).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(-30, 200), (30, 200), (-90, 401), (90, 401)])
async def test_a_clock_may_be_half_a_minute_wrong(doors, secret, now, seconds, status):
    code = pyotp.TOTP(secret).at(now["at"] + timedelta(seconds=seconds))
    assert (await with_code(doors, code)).status_code == status


async def test_a_ticket_opens_one_session_and_only_for_some_minutes(doors, secret, app_code, now):
    ticket = (await log_in(doors)).json()["ticket"]
    body = {"ticket": ticket, "code": app_code(secret)}
    assert (await doors.post("/v1/login/code", json=body)).status_code == 200
    now["at"] += timedelta(minutes=1)
    assert (await doors.post("/v1/login/code", json=body | {"code": app_code(secret)})).status_code == 401
    late = (await log_in(doors)).json()["ticket"]
    now["at"] += timedelta(minutes=11)
    answer = await doors.post("/v1/login/code", json={"ticket": late, "code": app_code(secret)})
    assert answer.status_code == 401


async def test_codes_are_guessed_at_slowly_however_often_one_begins_anew(doors, secret, app_code):
    assert [(await with_code(doors, "000000")).status_code for _ in range(6)] == [401] * 5 + [429]
    assert (await with_code(doors, app_code(secret))).status_code == 429


async def test_each_recovery_code_opens_one_log_in(doors, secret):
    first, second = doors.recovery[:2]
    assert (await with_code(doors, first)).status_code == 200
    assert (await with_code(doors, first)).status_code == 401
    assert (await with_code(doors, f" {second.upper().replace('-', ' ')}")).status_code == 200
    assert (await doors.get("/v1/session")).json()["recovery_codes"] == 8


async def test_new_recovery_codes_end_those_of_before(doors, secret):
    asked = {"password": PASSWORD}
    fresh = (await doors.post("/v1/session/two-factor/recovery-codes", json=asked)).json()["recovery_codes"]
    assert (await with_code(doors, doors.recovery[0])).status_code == 401
    assert (await with_code(doors, fresh[0])).status_code == 200


async def test_it_is_taken_off_with_the_password(doors, secret):
    wrong = await doors.put("/v1/session/two-factor", json={"on": False, "password": "wrong"})
    assert (wrong.status_code, wrong.json()["errors"][0]["place"]) == (422, "body.password")
    assert (
        await doors.put("/v1/session/two-factor", json={"on": False, "password": PASSWORD})
    ).status_code == 204
    assert (await log_in(doors)).status_code == 200


async def test_an_owner_takes_it_off_for_who_lost_the_phone_and_sees_who_has_it(doors, secret, ann, tokens):
    owner = tokens.headers("owner")
    members = (await doors.get("/v1/staff", headers=owner)).json()["staff"]
    assert {each["email"] for each in members if each["two_factor"]} == {"ann@shop.example"}
    assert (await doors.delete(f"/v1/staff/{ann.id}/two-factor")).status_code == 403
    assert (await doors.delete(f"/v1/staff/{ann.id}/two-factor", headers=owner)).status_code == 204
    assert (await doors.delete(f"/v1/staff/{ann.id}/two-factor", headers=owner)).status_code == 404
    assert (await log_in(doors)).status_code == 200


async def test_who_has_it_does_not_begin_anew_over_it(doors, secret):
    assert (await doors.post("/v1/session/two-factor", json={"password": PASSWORD})).status_code == 409


async def test_a_session_alone_sets_nothing_up(doors):
    assert (await doors.post("/v1/session/two-factor", json={"password": "wrong"})).status_code == 422
    guesses = [
        (await doors.post("/v1/session/two-factor", json={"password": "wrong"})).status_code for _ in range(5)
    ]
    assert guesses == [422] * 4 + [429]


async def test_a_wrong_first_code_confirms_nothing(doors):
    await doors.post("/v1/session/two-factor", json={"password": PASSWORD})
    wrong = await doors.post("/v1/session/two-factor/confirmation", json={"code": "12 34"})
    assert (wrong.status_code, wrong.json()["errors"][0]["place"]) == (422, "body.code")
    assert (await log_in(doors)).status_code == 200


async def test_the_own_password_is_changed_by_who_knows_the_old_one(doors, now):
    other = await log_in(doors)
    body = {"old": "wrong", "new": "another long password"}
    assert (await doors.put("/v1/session/password", json=body)).status_code == 422
    assert (await doors.put("/v1/session/password", json=body | {"old": PASSWORD})).status_code == 204
    assert (await doors.get("/v1/session")).status_code == 200
    there = {"Authorization": f"Bearer {other.json()['token']}"}
    assert (await doors.get("/v1/session", headers=there)).status_code == 401
    assert (await log_in(doors)).status_code == 401
    assert (await log_in(doors, "another long password")).status_code == 200
    short = await doors.put("/v1/session/password", json={"old": "another long password", "new": "short"})
    assert short.status_code == 422

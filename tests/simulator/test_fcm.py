import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Answer, Fault, Message, read_message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
FIELDS = ("fid", "token", "topic", "data", "notification", "android", "apns", "webpush", "headers", "ttl")


@pytest.fixture
async def fcm():
    async with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def line():
    async with aiohttp.ClientSession() as session:
        yield session


def assertion(fcm, **changed):
    account = fcm.service_account()
    claims = {
        "iss": account["client_email"],
        "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    } | changed
    return jwt.encode(claims, account["private_key"], algorithm="RS256")


async def ask_for_token(fcm, line, **changed):
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion(fcm, **changed),
    }
    async with line.post(f"{fcm.url}/token", data=form) as answer:
        return answer.status, await answer.json()


async def bearer(fcm, line):
    status, answer = await ask_for_token(fcm, line)
    assert status == 200
    return answer["access_token"]


async def send(fcm, line, message, token=None, project="soglia-demo"):
    token = token or await bearer(fcm, line)
    async with line.post(
        f"{fcm.url}/v1/projects/{project}/messages:send",
        json={"message": message},
        headers={"Authorization": f"Bearer {token}"},
    ) as answer:
        return answer.status, await answer.json(), answer.headers


def message(fid="phone-1", key="v_4", **more):
    return {
        "fid": fid,
        "notification": {"title": "Brera", "body": "20 % on shoes until 18:00"},
        "data": {"offer": "of_81"},
        "android": {"ttl": "900s", "priority": "high", "collapse_key": key},
        "apns": {"headers": {"apns-collapse-id": key, "apns-expiration": "1795000900"}},
    } | more


async def test_a_good_message_gets_a_name_and_lies_on_the_phone(fcm, line):
    status, answer, _ = await send(fcm, line, message())
    assert status == 200
    assert answer["name"].startswith("projects/soglia-demo/messages/")
    [delivery] = fcm.messages_for("phone-1")
    assert delivery.name == answer["name"]
    assert delivery.message.title == "Brera"
    assert delivery.message.ttl_s == 900
    assert fcm.messages_for("phone-2") == []


async def test_a_second_message_with_the_same_collapse_key_replaces_the_first_on_the_phone(fcm, line):
    await send(fcm, line, message(key="v_4"))
    await send(fcm, line, message(key="v_5"))
    await send(fcm, line, message(key="v_4", data={"offer": "of_82"}))
    assert [(shown.message.data["offer"], shown.repeats) for shown in fcm.messages_for("phone-1")] == [
        ("of_81", 0),
        ("of_82", 1),
    ]
    assert len(fcm.arrivals) == 3


async def test_a_listening_phone_gets_each_message_as_it_arrives(fcm, line):
    with fcm.phone("phone-1") as queue:
        waiting = asyncio.create_task(queue.get())
        await send(fcm, line, message())
        assert (await waiting).message.data == {"offer": "of_81"}
    await send(fcm, line, message())
    assert queue.empty()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/userinfo.email"}, "invalid_scope"),
        ({"exp": 1_700_000_000}, "invalid_grant"),
        ({"exp": int(time.time()) + 90_000}, "invalid_grant"),
    ],
)
async def test_the_token_door_refuses_an_assertion_that_google_would_refuse(fcm, line, changed, error):
    status, answer = await ask_for_token(fcm, line, **changed)
    assert (status, answer["error"]) == (400, error)


async def test_no_bearer_or_an_old_one_is_unauthenticated(line):
    async with FcmStandIn(token_life_s=0) as fcm:
        status, answer, _ = await send(fcm, line, message())
        assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")
        status, _, _ = await send(fcm, line, message(), token="made-up")
        assert status == 401


async def test_another_project_is_denied(fcm, line):
    status, answer, _ = await send(fcm, line, message(), project="another")
    assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({"fid": None}, "message"),
        ({"token": "also-a-token"}, "message.token"),
        ({"data": {"offer": 12}}, "message.data[0].value"),
        ({"data": {"google.c": "x"}}, "message.data"),
        ({"android": {"ttl": 900}}, "message.android.ttl"),
        ({"android": {"ttl": "2419201s"}}, "message.android.ttl"),
        ({"android": {"priority": "urgent"}}, "message.android.priority"),
        ({"apns": {"headers": {"apns-collapse-id": "k" * 65}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-expiration": "soon"}}}, "message.apns.headers"),
        ({"surprise": 1}, "message"),
    ],
)
async def test_a_bad_payload_is_told_apart_by_a_bad_request_detail_with_its_place(fcm, line, bad, place):
    status, answer, _ = await send(fcm, line, message(**bad))
    assert status == 400
    [detail] = answer["error"]["details"]
    assert detail["@type"].endswith("google.rpc.BadRequest")
    assert detail["fieldViolations"][0]["field"] == place


@pytest.mark.parametrize("bad", [{"fid": "no phone has spaces"}, {"data": {"a": "x" * 4100}}])
async def test_a_malformed_address_and_a_too_big_message_carry_an_fcm_error(fcm, line, bad):
    status, answer, _ = await send(fcm, line, message(**bad))
    assert status == 400
    assert [detail["errorCode"] for detail in answer["error"]["details"]] == ["INVALID_ARGUMENT"]


async def test_faults_of_one_address_run_in_turn_and_then_it_is_well(fcm, line):
    fcm.fail("phone-1", Fault.UNAVAILABLE, times=2, retry_after="7")
    fcm.fail("phone-1", Fault.INTERNAL, times=1)
    token = await bearer(fcm, line)
    answers = [await send(fcm, line, message(), token) for _ in range(4)]
    assert [status for status, _, _ in answers] == [503, 503, 500, 200]
    assert answers[0][2]["Retry-After"] == "7"
    assert (await send(fcm, line, message("phone-2"), token))[0] == 200


async def test_a_share_of_faults_is_the_same_for_the_same_seed_whatever_the_order(line):
    async def unlucky(phones):
        async with FcmStandIn(seed=7) as fcm:
            fcm.fail_sometimes(Fault.INTERNAL, 0.4)
            token = await bearer(fcm, line)
            answers = {phone: (await send(fcm, line, message(phone), token))[0] for phone in phones}
            return {phone for phone, status in answers.items() if status == 500}

    phones = [f"phone-{n}" for n in range(40)]
    first = await unlucky(phones)
    assert 0 < len(first) < 40
    assert await unlucky(phones[::-1]) == first


@pytest.mark.parametrize(("fault", "arrived"), [(Fault.DROPPED, 0), (Fault.CUT, 1)])
async def test_a_broken_line_gives_no_answer_whether_the_message_was_taken_or_not(fcm, line, fault, arrived):
    fcm.fail("phone-1", fault)
    with pytest.raises(aiohttp.ClientError):
        await send(fcm, line, message())
    assert len(fcm.arrivals) == arrived


async def test_validating_only_delivers_nothing(fcm, line):
    token = await bearer(fcm, line)
    async with line.post(
        f"{fcm.url}/v1/projects/soglia-demo/messages:send",
        json={"message": message(), "validate_only": True},
        headers={"Authorization": f"Bearer {token}"},
    ) as answer:
        assert (await answer.json())["name"].endswith("fake_message_id")
    assert fcm.arrivals == []


async def test_faults_can_be_scripted_and_messages_read_over_http(fcm, line):
    wish = {"address": "phone-1", "fault": "quota_exceeded", "times": 1, "retry_after": "90"}
    async with line.post(f"{fcm.url}/faults", json=wish) as answer:
        assert answer.status == 204
    async with line.post(f"{fcm.url}/faults", json={"address": "phone-1", "fault": "gremlins"}) as answer:
        assert answer.status == 400
    assert (await send(fcm, line, message()))[0] == 429
    assert (await send(fcm, line, message()))[0] == 200
    async with line.get(f"{fcm.url}/messages", params={"address": "phone-1"}) as answer:
        seen = await answer.json()
    assert [one["title"] for one in seen["messages"]] == ["Brera"]
    assert seen["counts"]["quota_exceeded"] == 1
    async with line.delete(f"{fcm.url}/messages") as answer:
        assert answer.status == 204
    assert fcm.messages_for("phone-1") == []


async def test_a_stand_in_that_starts_again_still_knows_its_service_account(tmp_path: Path, line):
    async with FcmStandIn() as before:
        account = json.loads(before.service_account_file(tmp_path).read_text())
    async with FcmStandIn() as after:
        again = json.loads(after.service_account_file(tmp_path).read_text())
    assert again["private_key"] == account["private_key"]
    assert again["token_uri"] == f"{after.url}/token"


async def test_as_a_program_it_says_where_it_is_and_shows_what_arrived(tmp_path: Path, line):
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator.fcm",
        "--port=0",
        f"--service-account={tmp_path}",
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        url = (await program.stdout.readline()).decode().split()[-1]
        await program.stdout.readline()
        account = json.loads((tmp_path / "service-account.json").read_text())
        assert account["token_uri"] == f"{url}/token"
        async with line.get(f"{url}/messages") as answer:
            assert (await answer.json())["messages"] == []
    finally:
        program.terminate()
        await program.communicate()


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda m: json.dumps({"message": m}).encode())
)
def test_no_body_makes_the_stand_in_stumble(body):
    assert isinstance(read_message(body), Answer | Message)


async def test_a_port_of_another_program_is_said_in_a_sentence(fcm):
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.fcm", "--port", str(fcm.port)), stderr=asyncio.subprocess.PIPE
    )
    _, said = await other.communicate()
    assert other.returncode == 1
    assert (
        said.decode()
        == f"Port {fcm.port} is taken by another program: give another --port, or 0 for a free one.\n"
    )

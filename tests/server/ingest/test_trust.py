"""Who speaks is known by a token, and a gateway may sign what it says."""

import base64
import hmac
import json
from datetime import timedelta

import pytest

from server.records import keys
from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, a_sighting, pings, sightings


def basic(password: str, user: str = "giulia") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def signed(token: str, body: bytes, at: float = NOON_S) -> str:
    stamp = str(int(at))
    right = hmac.digest(keys.signing_key(token), stamp.encode() + b"." + body, "sha256").hex()
    return f"t={stamp},v1={right}"


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "BEARER   {} "])
async def test_a_token_is_believed_however_its_scheme_is_written(shop, scheme):
    phone = await shop.phone()
    answer = await shop.post("/v1/pings", pings(), Authorization=scheme.format(phone.token))
    assert answer.status_code == 200


async def test_a_token_may_be_the_password_of_any_user(shop):
    phone = await shop.phone()
    for user in ("giulia", "", "Zoë"):
        answer = await shop.post("/v1/pings", pings(), Authorization=basic(phone.token, user))
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer none",
        "Bearer sog_device_" + "A" * 43,
        "Bearer sog_device_" + "A" * 42 + "\xe9",
        "Token abc",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"nocolon").decode(),
        basic(""),
        basic("wrong"),
    ],
)
async def test_without_a_good_token_no_door_opens_and_no_body_is_read(shop, given):
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    for path in ("/v1/pings", "/v1/sightings", "/ingest/owntracks"):
        answer = await shop.client.post(path, content=b"x" * 5_000, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    assert shop.counted() == {}


async def test_a_revoked_token_is_refused_at_once(shop):
    phone = await shop.phone()
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["accepted"]
    async with shop.database.writing() as work:
        await keys.revoke_of(work, phone.id, shop.noon)
    await shop.keyring.reload()
    assert (await shop.post("/v1/pings", pings(a_ping(1)), phone)).status_code == 401


async def test_a_token_ends_by_the_clock(shop):
    async with shop.database.writing() as work:
        key = await keys.issue(
            work, "server", "till", shop.noon, expires_at=shop.noon + timedelta(seconds=10)
        )
    headers = {"Authorization": f"Bearer {key.token}"}
    assert (await shop.post("/v1/pings", pings(), **headers)).status_code == 200
    shop.now += 10
    assert (await shop.post("/v1/pings", pings(), **headers)).status_code == 401


async def test_a_gateway_signs_what_it_sends(shop):
    gateway = await shop.gateway()
    body = json.dumps(sightings(a_sighting())).encode()
    answer = await shop.post("/v1/sightings", body, gateway, Soglia_Signature=signed(gateway.token, body))
    assert answer.status_code == 200


async def test_a_signature_is_good_for_a_day_since_small_clocks_are_wrong(shop):
    gateway = await shop.gateway()
    body = json.dumps(sightings()).encode()

    async def status(off_s: float) -> int:
        signature = signed(gateway.token, body, NOON_S + off_s)
        return (await shop.post("/v1/sightings", body, gateway, Soglia_Signature=signature)).status_code

    assert [await status(off_s) for off_s in (-86_400, 86_400, -86_401, 86_401)] == [200, 200, 401, 401]


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"),
        lambda good: good.replace("t=1", "t=2"),
        lambda good: good.replace("t=", "t=-"),
        lambda good: good.split(",")[0],
        lambda good: good.split(",")[1],
        lambda good: good.replace("v1", "v2"),
        lambda _: "",
        lambda _: ",,,=,=",
        lambda _: f"t={'9' * 30},v1=00",
        lambda _: "t=²,v1=00",
        lambda _: "t=NaN,v1=00",
    ],
)
async def test_a_signature_that_does_not_fit_is_refused(shop, spoilt):
    gateway = await shop.gateway()
    body = json.dumps(sightings(a_sighting())).encode()
    signature = spoilt(signed(gateway.token, body)).encode("latin-1")
    headers = gateway.headers | {"Soglia-Signature": signature}
    answer = await shop.client.post("/v1/sightings", content=body, headers=headers)
    assert answer.status_code == 401
    assert "signature" in answer.json()["detail"]


async def test_a_signature_of_another_body_or_another_gateway_is_refused(shop):
    ours, other = await shop.gateway("till"), await shop.gateway("door")
    body = json.dumps(sightings()).encode()
    for signature in (signed(ours.token, body + b" "), signed(other.token, body)):
        answer = await shop.post("/v1/sightings", body, ours, Soglia_Signature=signature)
        assert answer.status_code == 401


async def test_a_phone_has_no_key_to_sign_with(shop):
    phone = await shop.phone()
    body = json.dumps(pings()).encode()
    answer = await shop.post("/v1/pings", body, phone, Soglia_Signature=signed(phone.token, body))
    assert (answer.status_code, answer.json()["detail"]) == (401, "this key cannot sign")

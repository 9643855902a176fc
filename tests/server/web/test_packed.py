"""Bodies that gateways pack and sign: a bomb is not unpacked, a wrong signature is not believed."""

import gzip
import hmac

import pytest
from starlette.requests import Request

from server.records.keys import Principal
from server.web.packed import plain_body
from server.web.problem import Problem

GATEWAY = Principal("gateway", "k_1", "gw_1", signing_key=b"s" * 32)


def sent(body, **headers):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    named = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": named}, receive)


def signature(body, key=GATEWAY.signing_key):
    return f"t=1781092800,v1={hmac.digest(key, b'1781092800.' + body, 'sha256').hex()}"


async def status_of(request, caller=GATEWAY):
    with pytest.raises(Problem) as refused:
        await plain_body(request, caller, 1000)
    return refused.value.status_code


async def test_a_body_comes_out_as_it_was_meant():
    packed = gzip.compress(b"hello")
    assert await plain_body(sent(b"hello"), GATEWAY, 1000) == b"hello"
    assert await plain_body(sent(packed, Content_Encoding="gzip"), GATEWAY, 1000) == b"hello"
    signed = sent(packed, Content_Encoding="gzip", Soglia_Signature=signature(packed))
    assert await plain_body(signed, GATEWAY, 1000) == b"hello"


async def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(b"\0" * 10_000_000)[:1000]
    assert await status_of(sent(bomb, Content_Encoding="gzip")) == 413
    assert await status_of(sent(b"x" * 1001)) == 413


async def test_what_is_not_packed_as_it_says_is_refused():
    assert await status_of(sent(b"hello", Content_Encoding="gzip")) == 400
    assert await status_of(sent(gzip.compress(b"hello")[:-4], Content_Encoding="gzip")) == 400
    assert await status_of(sent(b"hello", Content_Encoding="br")) == 415


@pytest.mark.parametrize(
    "wrong", [signature(b"other"), signature(b"hello", b"x" * 32), "v1=1", "t=1,v1=é", ""]
)
async def test_a_signature_that_is_there_must_fit(wrong):
    request = sent(b"hello")
    request.scope["headers"].append((b"soglia-signature", wrong.encode("latin-1")))
    assert await status_of(request) == 401


async def test_a_key_that_cannot_sign_signs_nothing():
    assert (
        await status_of(sent(b"hello", Soglia_Signature=signature(b"hello")), Principal("device", "k_2"))
        == 401
    )

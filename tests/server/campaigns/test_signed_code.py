"""A till without a line believes what we signed, and nothing else; any JOSE library reads it."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.signed_code import LONGEST, SignedCode, jwk, public_key, read, sign
from tests.server.campaigns.makers import NOON

OURS = b"k" * 32
KEYS = {"1": public_key(OURS)}
CODE = SignedCode("K7QX2MPA9TRB", "spring", NOON, NOON + timedelta(days=7), 10.0, 30.0, ("brera",))


@pytest.mark.parametrize("code", [CODE, SignedCode("A", "spring")])
def test_what_was_signed_is_read_as_it_was(code):
    assert read(sign(code, 1, OURS), KEYS) == code


def test_a_library_of_the_tills_own_choice_reads_it():
    key = jwt.PyJWK(jwk(1, OURS))
    claims = jwt.decode(
        sign(CODE, 1, OURS), key.key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_nbf": False}
    )
    assert (claims["jti"], claims["coupon"], claims["minimum"]) == ("K7QX2MPA9TRB", "spring", 30.0)


def test_a_signed_code_fits_a_small_qr():
    assert len(sign(CODE, 1, OURS)) < 400


def test_somebody_elses_signature_is_none():
    theirs = Ed25519PrivateKey.generate().private_bytes_raw()
    assert read(sign(CODE, 1, theirs), KEYS) is None
    assert read(sign(CODE, 2, OURS), KEYS) is None


def test_the_text_does_not_choose_its_own_algorithm():
    public = public_key(OURS)
    forged = jwt.encode({"jti": "A", "coupon": "spring"}, public, algorithm="HS256", headers={"kid": "1"})
    assert read(forged, KEYS) is None
    assert (
        read(jwt.encode({"jti": "A", "coupon": "s"}, None, algorithm="none", headers={"kid": "1"}), KEYS)
        is None
    )


@given(st.integers(0, 10_000), st.sampled_from("AZaz09-_.="))
def test_a_text_that_was_tampered_with_is_none_or_says_the_same(place, letter):
    text = sign(CODE, 1, OURS)
    place %= len(text)
    assert read(text[:place] + letter + text[place + 1 :], KEYS) in {None, CODE}


@given(st.text(max_size=LONGEST + 10))
def test_no_text_makes_a_till_fail(text):
    assert read(text, KEYS) is None

"""Codes that a till can check without a line: a JWS in compact form (RFC 7515), signed with Ed25519 (RFC 8037, "EdDSA").

In: what the till must know of a code, and a private key; out: a text for the QR. And back, with public keys alone: a stolen till
can check coupons and make none, which a shared secret (HMAC) would allow; and any JOSE library reads it. Claims are the registered
ones: `jti` the code, `nbf` and `exp` its times (epoch seconds); ours are `coupon`, `worth`, `minimum`, `shops`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Longer than any of ours (some 300 characters), and a bound for what is read at all.
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class SignedCode:
    """What a signature vouches for. Times aware UTC, None where there is no such bound; money in the shop's currency."""

    code: str
    coupon: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    worth: float | None = None
    minimum: float | None = None
    shops: tuple[str, ...] = ()


def sign(code: SignedCode, key: int, private_key: bytes) -> str:
    """The code as a text that proves itself; `key` is the number under which tills know the public key."""
    claims = {
        "jti": code.code,
        "coupon": code.coupon,
        "nbf": code.starts_at and int(code.starts_at.timestamp()),
        "exp": code.ends_at and int(code.ends_at.timestamp()),
        "worth": code.worth,
        "minimum": code.minimum,
        "shops": list(code.shops) or None,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    signed = f"{_written({'alg': 'EdDSA', 'kid': str(key)})}.{_written(told)}"
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(signed.encode())
    return f"{signed}.{_b64(signature)}"


def read(text: str, public_keys: Mapping[str, bytes]) -> SignedCode | None:
    """What a signed code says, by the keys' numbers as texts; None where none of them signed it. Never raises."""
    try:
        if len(text) > LONGEST:
            return None
        header, claims, signature = text.split(".")
        head = _read(header)
        if (
            head.get("alg") != "EdDSA"
        ):  # what the text itself says of its algorithm is never believed further than this
            return None
        key = Ed25519PublicKey.from_public_bytes(public_keys[str(head["kid"])])
        key.verify(_unb64(signature), f"{header}.{claims}".encode())
        told = _read(claims)
        return SignedCode(
            code=str(told["jti"]),
            coupon=str(told["coupon"]),
            starts_at=_time(told.get("nbf")),
            ends_at=_time(told.get("exp")),
            worth=told.get("worth"),
            minimum=told.get("minimum"),
            shops=tuple(told.get("shops", ())),
        )
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def public_key(private_key: bytes) -> bytes:
    """The 32 bytes by which tills check what this key signed."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def jwk(key: int, private_key: bytes) -> dict[str, str]:
    """The public key as RFC 8037 writes it."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": str(key),
        "x": _b64(public_key(private_key)),
    }


def _time(at: Any) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _written(part: Mapping[str, Any]) -> str:
    return _b64(json.dumps(part, separators=(",", ":")).encode())


def _read(part: str) -> Any:
    return json.loads(_unb64(part))


def _b64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Whose word is this? Headers and bytes in; a principal out, or why nobody is believed.

A gateway may sign what it sends: `Soglia-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(signing key, "<t>." + body as sent)>`.
A signature that is there must be right and fresh.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping

from server.records.keys import Keyring, Principal

#: How far the clock of a signer may be off: small machines without a battery clock start hours wrong and must still be
#: heard. A signature guards a body on its way through proxies; who can replay it has the token too.
SIGNATURE_AGE_S = 24 * 3_600.0


class Untrusted(Exception):
    """No key, a wrong one, or a signature that does not fit: 401. The text says which."""


async def bearer(keyring: Keyring, headers: Mapping[bytes, bytes]) -> Principal:
    """Who holds the token of the Authorization header, Bearer or (for OwnTracks) the password of Basic. Raises Untrusted."""
    token = _token(headers.get(b"authorization", b""))
    if token is None:
        raise Untrusted("this door needs a token: Authorization: Bearer <token>")
    principal = keyring.find(token) or await keyring.look_up(token)
    if principal is None:
        raise Untrusted("this token is unknown, revoked or expired")
    return principal


def check_signature(principal: Principal, header: bytes | None, body: bytes, now_s: float) -> None:
    """Raises Untrusted where a signature is there and does not fit."""
    if header is None:
        return
    parts = dict(part.strip().partition("=")[::2] for part in header.decode("latin-1").split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Untrusted("the signature has no time: t=<unix seconds>,v1=<hex>")
    if abs(now_s - int(stamp)) > SIGNATURE_AGE_S:
        raise Untrusted(f"the signature is {abs(now_s - int(stamp)):.0f} s off our clock")
    if principal.signing_key is None:
        raise Untrusted("this key cannot sign")
    wanted = hmac.digest(principal.signing_key, stamp.encode() + b"." + body, "sha256").hex()
    if not hmac.compare_digest(wanted.encode(), given.encode("latin-1")):
        raise Untrusted("the signature does not fit the body")


def _token(header: bytes) -> str | None:
    scheme, _, rest = header.strip().partition(b" ")
    try:
        if scheme.lower() == b"bearer":
            return rest.strip().decode("ascii") or None
        if scheme.lower() == b"basic":
            _, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
            return password or None
    except (UnicodeDecodeError, binascii.Error):
        return None
    return None

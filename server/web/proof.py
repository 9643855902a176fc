"""The shop's word that a phone belongs to a shopper: without it, a loyalty number is only a number that anybody may type.

An app key is public (it is inside the app), so a phone that comes with it and says "I am shopper 123" would read that
shopper's data and answer in their name. The shop's own server, where the shopper logged in, vouches for them:

    k=<id of a server key>,t=<unix seconds>,v1=<hex HMAC-SHA256(signing key, "<t>.shopper.<own id>")>

with signing key = HMAC-SHA256(the server key's token, "soglia-signature-v1"). It holds for a quarter of an hour. In the same way it vouches that
a mailbox or a number is the shopper's, "<t>.address.<device>.<kind>.<value>": anybody may type anybody's e-mail address.
"""

import hmac
import re
from datetime import datetime
from typing import Final

from server.records import keys
from server.records.database import Connection
from server.web.clock import AHEAD

#: Long enough for a log-in and a slow line, short enough that one overheard is soon worth nothing.
HOLDS_S: Final = 900

_FORM: Final = re.compile(r"k=(k_[a-z2-7]{24}),t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def proof_of(key: str, token: str, own_id: str, at: datetime) -> str:
    """What the shop's server makes; here for whoever reads how, and for tests."""
    return _proof_of(key, token, f"shopper.{own_id}", at)


def address_proof_of(key: str, token: str, device: str, kind: str, value: str, at: datetime) -> str:
    """The same for an address of the shopper's."""
    return _proof_of(key, token, f"address.{device}.{kind}.{value}", at)


async def objection(connection: Connection, proof: str, own_id: str, now: datetime) -> str | None:
    """Why this proof does not vouch for the shopper; None where it does."""
    return await _objection(connection, proof, f"shopper.{own_id}", now)


async def address_objection(
    connection: Connection, proof: str, device: str, kind: str, value: str, now: datetime
) -> str | None:
    """Why this proof does not vouch for the address; None where it does."""
    return await _objection(connection, proof, f"address.{device}.{kind}.{value}", now)


async def _objection(connection: Connection, proof: str, said: str, now: datetime) -> str | None:
    parts = _FORM.fullmatch(proof)
    if parts is None:
        return "must be k=<id of a server key>,t=<unix seconds>,v1=<64 hex characters>"
    key, at_s, signed = parts[1], int(parts[2]), parts[3]
    signing_key = await keys.vouching_key(connection, key, now)
    if signing_key is None:
        return "names no live server key"
    if not hmac.compare_digest(_signed(signing_key, at_s, said), signed):
        return f"is not signed for this {said.partition('.')[0]} with that key"
    if not -AHEAD.total_seconds() <= now.timestamp() - at_s <= HOLDS_S:
        return (
            f"is older than {HOLDS_S // 60} minutes, or from the future: ask the shop's server for a new one"
        )
    return None


def _proof_of(key: str, token: str, said: str, at: datetime) -> str:
    at_s = int(at.timestamp())
    return f"k={key},t={at_s},v1={_signed(keys.signing_key(token), at_s, said)}"


def _signed(signing_key: bytes, at_s: int, said: str) -> str:
    return hmac.digest(signing_key, f"{at_s}.{said}".encode(), "sha256").hex()

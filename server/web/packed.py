"""Small bodies that gateways pack and sign: what was sent in, what was meant out.

In: a request of a gateway, its `Content-Encoding` (gzip or none) and its `Soglia-Signature`, where there is one:
`t=<unix seconds>,v1=<hex HMAC-SHA256(signing key, "<t>." + body as sent)>`. Out: the plain bytes.
"""

import hmac
import re
import zlib
from typing import Final

from starlette.requests import Request

from server.records.keys import Principal
from server.web.problem import Problem

_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


async def plain_body(request: Request, caller: Principal, most_bytes: int) -> bytes:
    """Raises Problem: 400 for what cannot be unpacked, 401 for a wrong signature, 413 for what is larger, 415."""
    sent = await request.body()
    if len(sent) > most_bytes:
        raise _too_large(most_bytes)
    _check_signature(request.headers.get("Soglia-Signature"), caller, sent)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return sent
    if encoding != "gzip":
        raise Problem(415, None, "This body may come as it is, or packed with gzip.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(sent, most_bytes + 1)
    except zlib.error:
        raise Problem(400, None, "The body is not gzip, as its Content-Encoding says.") from None
    if len(plain) > most_bytes:
        raise _too_large(most_bytes)
    if not unpacker.eof:
        raise Problem(400, None, "The gzip body ends too early.")
    return plain


def _check_signature(given: str | None, caller: Principal, sent: bytes) -> None:
    """A signature that is there must fit. How old it is does not matter here: a gateway may start with a wrong clock."""
    if given is None:
        return
    parts = _SIGNATURE.fullmatch(given.strip())
    if parts is None or caller.signing_key is None:
        raise Problem(401, None, "The signature has to be t=<unix seconds>,v1=<64 hex digits>.")
    right = hmac.digest(caller.signing_key, parts[1].encode() + b"." + sent, "sha256").hex()
    if not hmac.compare_digest(right, parts[2]):
        raise Problem(401, None, "The signature does not fit the body.")


def _too_large(most_bytes: int) -> Problem:
    return Problem(413, None, f"This body may have at most {most_bytes} bytes, unpacked.")

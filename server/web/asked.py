"""Requests that may be asked again: the same `Idempotency-Key` with the same body gets the same answer, done once.

In: a request, and the act it asks for. Out: the act's answer, fresh or from before. Format: the IETF draft "The
Idempotency-Key HTTP Header Field". An answer may hold a token, of which the records keep only hashes: so it is kept
sealed with what only the asker has, their own token and their key (AES-256-GCM).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Header, Response
from pydantic import BaseModel
from starlette.requests import Request

from server.records import idempotency
from server.records.database import Connection
from server.records.keys import Principal
from server.web.clock import utc_now
from server.web.problem import Fault, Problem

_NONCE_BYTES: Final = 12  # what AES-GCM takes (NIST SP 800-38D)

#: All phones share the app key, so a short key could meet another phone's. A UUID has 36 characters.
_LEAST_SHARED: Final = 20

_KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of your choice, best a UUID. Asking again with it, for the same, does nothing twice.",
    ),
]


class Asked:
    """One request of one caller, with its `Idempotency-Key` where there is one."""

    def __init__(self, caller: Principal, key: str | None, secret: bytes, request: bytes) -> None:
        self.caller = caller
        self._key = None if key is None else hashlib.sha256(key.encode()).hexdigest()
        self._seal = hmac.digest(secret, b"soglia-answer-v1" + (key or "").encode(), "sha256")
        self._request = hmac.digest(self._seal, request, "sha256")

    async def once(
        self, connection: Connection, status: int, act: Callable[[], Awaitable[BaseModel]]
    ) -> Response:
        """Acts within the transaction and answers; or gives the answer of when it was done.

        Raises Problem (422) where the key was used for another request. A failed act is not kept: it may be tried again.
        """
        if self._key is None:
            return _json(_written(await act()), status)
        earlier = await idempotency.take_turn(
            connection, self.caller.key, self._key, self._request, utc_now()
        )
        if earlier is None:
            body = _written(await act())
            await idempotency.settle(connection, self.caller.key, self._key, status, self._sealed(body))
            return _json(body, status)
        if not hmac.compare_digest(earlier.request_hash, self._request):
            raise Problem(
                422,
                "This Idempotency-Key was used for another request",
                "Asking for something else needs another key; asking again needs the same body, byte by byte.",
                errors=[Fault(place="header.Idempotency-Key", reason="already used with another body")],
            )
        return _json(self._opened(earlier.answer), earlier.status)

    def _sealed(self, body: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + AESGCM(self._seal).encrypt(nonce, body.encode(), None)).decode()

    def _opened(self, answer: str) -> str:
        kept = base64.b64decode(answer)
        return AESGCM(self._seal).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], None).decode()


def asking(behind: Any) -> Any:
    """The dependency of a POST behind one of the guard's doors, which gives its caller too."""

    async def ask(
        request: Request, caller: Annotated[Principal, behind], idempotency_key: _KeyHeader = None
    ) -> Asked:
        if idempotency_key and caller.kind == "app" and len(idempotency_key) < _LEAST_SHARED:
            raise Problem(
                422,
                "The Idempotency-Key is too short",
                "All phones share the app key: use a UUID.",
                errors=[Fault(place="header.Idempotency-Key", reason=f"needs {_LEAST_SHARED} characters")],
            )
        secret = request.headers.get("Authorization", "").encode()
        asked = b"%b %b?%b\n%b" % (
            request.method.encode(),
            request.url.path.encode("utf-8", "surrogatepass"),
            request.url.query.encode(),
            await request.body(),
        )
        return Asked(caller, idempotency_key, secret, asked)

    return Depends(ask)


def _written(answer: BaseModel) -> str:
    return answer.model_dump_json(by_alias=True)  # as FastAPI writes answers


def _json(body: str, status: int) -> Response:
    return Response(body, status, media_type="application/json")

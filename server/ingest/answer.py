"""What a hot door is asked and what it answers: as much of HTTP as the doors know, so that they serve FastAPI and bare ASGI alike.

In: headers, and the body when it is asked for. Out: a status, a body, headers; errors as problem documents (RFC 9457).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Posted:
    """A request: header names in lower case. `body` reads it whole, as sent; it raises TooLarge, CutShort or TooSlow."""

    headers: Mapping[bytes, bytes]
    body: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    kind: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class CutShort(Exception):
    """The sender hung up before the body was whole: nobody will read an answer."""


class TooSlow(Exception):
    """The body did not come whole in time: 408."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A problem document."""
    title = HTTPStatus(status).phrase
    body = _encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
    more = tuple((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items())
    return Answer(status, body, PROBLEM, more)

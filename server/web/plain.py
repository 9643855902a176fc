"""Free JSON that can be kept: what Python reads as JSON and no database or other program would.

In: parsed JSON of any shape. Out: nothing, or a 422 that names the place: NaN and infinities (RFC 8259 has none), texts with
a NUL (PostgreSQL keeps none) or half of a surrogate pair (UTF-8 has none).
"""

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.problem import Fault, Problem, answer, body_fault

_MOST_FAULTS: Final = 100


class PlainAddress:
    """ASGI middleware: refuses (422) a path or a query with a NUL, which no id has and on which PostgreSQL breaks off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            refused = Problem(
                422, "The address cannot be read", "No path and no query of ours has a NUL in it."
            )
            await answer(refused)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_keepable(given: Any) -> bool:
    """Whether all texts of a body can be kept; what its numbers are worth is for its fields to say."""
    try:
        if "\\u0000" not in json.dumps(given, ensure_ascii=False, default=str).encode().decode():
            return True
    except (ValueError, RecursionError):  # a text that is none (UnicodeEncodeError)
        pass
    return all(map(_is_text, _texts(given)))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, str):
        yield part


def refuse_unkeepable(body: Any, place: Sequence[str | int] = ("body",)) -> None:
    """Raises Problem (422) where something in the body cannot be kept."""
    try:
        # Written by C in one go: thousands of outlines are looked at in milliseconds, and nearly all are fine.
        if "\\u0000" not in json.dumps(body, allow_nan=False, ensure_ascii=False).encode().decode():
            return
    except ValueError:  # a number that is none, or a text that is none (UnicodeEncodeError)
        pass
    faults = []
    for fault in _faults(body, place):
        faults.append(fault)
        if len(faults) == _MOST_FAULTS:
            break
    if faults:
        raise Problem(422, "The body cannot be kept", "Some of it is no JSON: see errors.", errors=faults)


def _faults(part: Any, place: Sequence[str | int]) -> Iterator[Fault]:
    if isinstance(part, dict):
        for key, value in part.items():
            if not _is_text(key):
                yield body_fault(place, "has a key that is no text that can be kept")
            else:
                yield from _faults(value, (*place, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _faults(value, (*place, index))
    elif isinstance(part, float) and not isfinite(part):
        yield body_fault(place, "is no number: JSON has no NaN and no infinity")
    elif isinstance(part, str) and not _is_text(part):
        yield body_fault(place, "is no text that can be kept: it has a NUL or half of a surrogate pair")


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

"""Free JSON that can be kept: what Python reads as JSON and no database or other program would.

In: parsed JSON of any shape. Out: nothing, or a 422 that names the place: NaN and infinities (RFC 8259 has none), texts with
a NUL (PostgreSQL keeps none) or half of a surrogate pair (UTF-8 has none).
"""

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Final

from server.web.problem import Fault, Problem, body_fault

_MOST_FAULTS: Final = 100


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

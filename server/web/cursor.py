"""Cursors: where the next page of a list begins, as one opaque text.

In: what the last row of a page was listed by (an id; or a time and an id). Out: a text for `?cursor=`. A list is stable: rows
that come in while somebody turns its pages neither repeat nor hide others. A cursor holds nothing secret and is not
signed: one made up by hand finds a page like any other, and never an error beyond 422.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.web.problem import Problem, body_fault

#: Which part of a list is asked for: longer than any cursor of ours is none of ours.
Cursor = Annotated[str | None, Field(max_length=500, description="`next` of the page before")]
Limit = Annotated[int, Field(ge=1, le=1000)]

Next = Annotated[str | None, Field(description="the cursor of the next page; null where the list ends")]


class Page(BaseModel):
    """Which part of a list, as query parameters; what is asked of a list besides is added by each. A word that none knows is refused."""

    model_config = ConfigDict(extra="forbid")

    cursor: Cursor = None
    limit: Limit = 100


def write_cursor(*parts: str | datetime) -> str:
    """A cursor for a list that goes by these, times in RFC 3339."""
    texts = [part.isoformat() if isinstance(part, datetime) else part for part in parts]
    return urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def next_after(page: Sequence[Any], limit: int, *columns: str) -> str | None:
    """The cursor behind a page, by its last row's `columns` (`id` where none is named); None where it is not full."""
    if len(page) < limit:
        return None
    return write_cursor(*(getattr(page[-1], column) for column in columns or ("id",)))


def read_id(cursor: str | None) -> str:
    """The id that a page begins behind; an empty text where the list begins. Raises Problem (422)."""
    return _parts(cursor, 1)[0] if cursor else ""


def read_mark(cursor: str | None) -> tuple[datetime, str] | None:
    """The time and id that a page begins behind; None where the list begins. Raises Problem (422)."""
    if not cursor:
        return None
    at, row = _parts(cursor, 2)
    try:
        mark = datetime.fromisoformat(at)
        if mark.tzinfo is None:
            raise _unreadable()
        return mark.astimezone(UTC), row
    except (ValueError, OverflowError):  # no time; or an offset that leads out of the calendar
        raise _unreadable() from None


def _parts(cursor: str, count: int) -> list[str]:
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):  # no base64, no UTF-8, no JSON
        raise _unreadable() from None
    if not isinstance(parts, list) or len(parts) != count or not all(_is_plain(part) for part in parts):
        raise _unreadable()
    return parts


def _is_plain(part: object) -> bool:
    """Whether a database takes it as a text: no PostgreSQL text holds a NUL, no UTF-8 half a surrogate pair."""
    return (
        isinstance(part, str)
        and "\0" not in part
        and not any("\ud800" <= letter <= "\udfff" for letter in part)
    )


def _unreadable() -> Problem:
    reason = "is none of ours: give back the `next` of the page before, as it was"
    return Problem(422, "The cursor cannot be read", reason, errors=[body_fault(("query", "cursor"), reason)])

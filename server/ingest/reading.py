"""Reads the bodies of our own formats: an object with a list of items, each taken or refused for itself.

In: bytes and the msgspec types of body and item, whose constraints say what is possible. Out: the items that can be read, their
numbers, and what is wrong with the rest. The good case is one decoding of the whole; only where that fails is each item
read for itself.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

import msgspec
import numpy as np

from server.ingest.format import Fault, Floats, Items, Unreadable
from server.ingest.unpacking import TooLarge

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: The year 5138. Who counts in milliseconds is told so at once, and not in fifty thousand years.
_LATEST_S = 1e11

#: A moment on the wire: UTC epoch seconds, or RFC 3339 text with its zone.
Moment = Annotated[float, msgspec.Meta(ge=0, le=_LATEST_S)] | Annotated[datetime, msgspec.Meta(tz=True)]

#: Items that are read one by one: more than any door's limit of a batch. Two megabytes of `[],` would take three seconds.
MOST_PIECES = 100_000

#: What bytes from outside can make a decoder raise: no JSON, not what was asked for; text that is no UTF-8; a thousand brackets.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ListOf(Protocol[T_co]):
    """A body: items, and when it was sent."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def sent_at(self) -> float | datetime | None: ...


def epoch(moment: float | datetime) -> float:
    """A moment on the wire as epoch seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else moment


def column(values: Sequence[float | None]) -> Floats:
    """One field of all items as an array; what is not given is NaN."""
    return np.array(values, np.float64)  # numpy makes NaN of None


def times(moments: Sequence[float | datetime]) -> Floats:
    """Moments on the wire as epoch seconds. Mostly all are numbers, which numpy takes as they are."""
    try:
        return np.array(moments, np.float64)
    except TypeError:
        return np.array([epoch(moment) for moment in moments], np.float64)


def read_items(
    body: bytes,
    name: str,
    whole: Callable[[bytes], ListOf[T]],
    loose: Callable[[bytes], ListOf[msgspec.Raw]],
    one: Callable[[msgspec.Raw], T],
) -> tuple[Sequence[T], Items]:
    """The items that can be read. `whole` decodes the body, `loose` the body but for its items, `one` a single item.

    Raises Unreadable where the body is no JSON object with a list called `name`, TooLarge where the list has no end.
    """
    try:
        decoded = whole(body)
    except UNDECODABLE:
        pass
    else:
        count = len(decoded.items)
        return decoded.items, Items(count, np.arange(count, dtype=np.intp), sent_at=_sent(decoded))
    try:
        pieces = loose(body)
    except UNDECODABLE as error:
        raise Unreadable(f"expected a JSON object with a list `{name}`: {_words(error)}") from error
    if len(pieces.items) > MOST_PIECES:
        raise TooLarge(
            f"{len(pieces.items)} items in one request; this door takes {MOST_PIECES} at the very most"
        )
    good: list[T] = []
    index: list[int] = []
    faults: list[Fault] = []
    for i, piece in enumerate(pieces.items):
        try:
            good.append(one(piece))
        except UNDECODABLE as error:
            faults.append(fault(i, error))
        else:
            index.append(i)
    return good, Items(len(pieces.items), np.array(index, np.intp), faults, _sent(pieces))


def fault(index: int, error: Exception) -> Fault:
    """What a decoder says of an item: "Expected `float`, got `str` - at `$.lat`", "Object missing required field `lat`"."""
    reason, _, place = _words(error).partition(" - at `$")
    name = place.strip("`.")
    if not name and "field `" in reason:
        name = reason.split("field `")[1].rstrip("`")
    return Fault(index, name, reason)


def _words(error: Exception) -> str:
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return "a text is not UTF-8"
        case _:
            return str(error)


def _sent(body: ListOf[object]) -> float | None:
    return None if body.sent_at is None else epoch(body.sent_at)

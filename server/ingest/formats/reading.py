"""What a body says, before anyone asks whose it is: the items that can be read, in columns, and what is wrong with the rest.

Shared by the formats of this folder. Items keep their number in the body: the answer has a verdict for each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: A moment on the wire: UTC epoch seconds, or RFC 3339 text with its zone.
Moment = float | Annotated[datetime, msgspec.Meta(tz=True)]


class Unreadable(Exception):
    """The body as a whole is not what this door takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one item: its number, the field ("" for the whole) and the reason, in words."""

    index: int
    field: str
    reason: str


@dataclass(slots=True)
class Items:
    """The items of a body: how many there were, which could be read (by number), what was wrong with the others."""

    count: int
    sent_at: float | None
    index: NDArray[np.intp]
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, bad: NDArray[np.bool_], name: str, reason: str) -> NDArray[np.bool_]:
        """Notes a fault of the read items where `bad`; gives `bad` back."""
        self.faults += [Fault(int(self.index[i]), name, reason) for i in np.flatnonzero(bad)]
        return bad


def epoch(moment: float | datetime) -> float:
    """A moment on the wire as epoch seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else moment


class ListOf(Protocol[T_co]):
    """A body that is a list of items and the time at which it was sent."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def sent_at(self) -> float | datetime | None: ...


def read_items(
    body: bytes,
    name: str,
    whole: Callable[[bytes], ListOf[T]],
    loose: Callable[[bytes], ListOf[msgspec.Raw]],
    one: Callable[[msgspec.Raw], T],
) -> tuple[Sequence[T], Items]:
    """The items of a body that can be read. Where something is wrong with any, each is read for itself.

    Raises Unreadable where the body is no JSON object with a list called `name`.
    """
    faults: list[Fault] = []
    try:
        decoded = whole(body)
        items, index, sent_at = decoded.items, np.arange(len(decoded.items), dtype=np.intp), decoded.sent_at
    except msgspec.DecodeError:
        try:
            pieces = loose(body)
        except msgspec.DecodeError as error:
            raise Unreadable(f"expected a JSON object with a list `{name}`: {error}") from error
        items, index = _each(pieces.items, one, faults)
        sent_at = pieces.sent_at
    return items, Items(
        count=len(items) + len(faults),
        sent_at=None if sent_at is None else epoch(sent_at),
        index=index,
        faults=faults,
    )


def _each(
    pieces: Sequence[msgspec.Raw], one: Callable[[msgspec.Raw], T], faults: list[Fault]
) -> tuple[list[T], NDArray[np.intp]]:
    good: list[T] = []
    index: list[int] = []
    for i, piece in enumerate(pieces):
        try:
            good.append(one(piece))
        except msgspec.DecodeError as error:
            faults.append(_fault(i, str(error)))
        else:
            index.append(i)
    return good, np.array(index, np.intp)


def column(values: Sequence[Any], name: str) -> Floats:
    """One field of all items as an array; what is not given is NaN."""
    nan = float("nan")
    return np.array([nan if (v := getattr(item, name)) is None else v for item in values], np.float64)


def _fault(index: int, message: str) -> Fault:
    """The words are "Expected `float`, got `str` - at `$.lat`" or "Object missing required field `lat`"."""
    reason, _, place = message.partition(" - at `$")
    name = place.strip("`.")
    if not name and "field `" in reason:
        name = reason.split("field `")[1].rstrip("`")
    return Fault(index, name, reason)

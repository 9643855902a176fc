"""The contract of a wire format: what a file in `formats/` gives, and what a body may say.

In: a body, plain. Out: `Positions` or `Links` in columns, or None where it says nothing of where anybody is. A file in `formats/` is a
wire format when it has

    PATH        the door that it is spoken at
    SPEAKERS    the kinds of token that may speak there
    ALWAYS      what is answered to whoever may speak, whatever they said; None where they get a verdict for each item
    BODY        the msgspec type of a body, for the API's document
    read(body, arrived_at) -> Positions | Links | None

and nothing else has to know its name: `formats.found()` reads the folder. `read` takes the time of arrival (UTC epoch seconds) for
formats that do not tell the time; it raises Unreadable, or TooLarge for a list without end, and nothing else.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from server.records.keys import Kind

Floats = NDArray[np.float64]


class Unreadable(Exception):
    """The body as a whole is not what this door takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one item: its number, the field ("" for the whole) and the reason, in words."""

    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a body: how many there were, which could be read (by number), what is wrong with the others.

    `sent_at` is when the sender's clock said that it sent them (epoch seconds), where it says.
    """

    count: int
    index: NDArray[np.intp]
    faults: Sequence[Fault] = field(default=())
    sent_at: float | None = None


@dataclass(frozen=True, slots=True)
class Positions:
    """Where phones say they are, a row for each item that could be read.

    `device` is None where the item does not say whose it is; `at` epoch seconds by the sender's clock; degrees (WGS84), metres (68 %),
    metres a second, NaN where unknown.
    """

    items: Items
    device: Sequence[str | None]
    at: Floats
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    speed_mps: Floats
    mock: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Links:
    """What a radio heard, a row for each item that could be read: the id text of the other end, mean dBm of `count` packets."""

    items: Items
    beacon: Sequence[str]
    at: Floats
    rssi_dbm: Floats
    count: Floats


class Format(Protocol):
    """See the module's text."""

    @property
    def PATH(self) -> str: ...  # noqa: N802  (a module's constant)

    @property
    def SPEAKERS(self) -> Collection[Kind]: ...  # noqa: N802

    @property
    def ALWAYS(self) -> bytes | None: ...  # noqa: N802

    @property
    def BODY(self) -> Any: ...  # noqa: N802

    def read(self, body: bytes, arrived_at: float) -> Positions | Links | None:
        """Raises Unreadable or TooLarge."""
        ...

"""Recordings as they are played: by a clock that begins at 0. In: traces by whatever clock they were written. Out: `Recorded`s. Pure.

Whoever records may count from the start of the day or write epoch times; what is played, spliced and learned from counts from the
recording's own first time. When that was is kept, so that what is told of a recording can be told by its own clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from simulator.frame import Floats
from simulator.traces.trace import RadioTrace

#: Differences of epoch times are true to less than a microsecond; more digits are noise, which would move packets over a batch's end.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Recorded(RadioTrace):
    """A trace whose times count from its first one, which was `began_s` by the recording's own clock."""

    began_s: float = 0.0

    @property
    def content(self) -> bytes:
        """The same for two recordings in which the same was heard, whatever they are called, wherever they lie, by whatever clock."""
        digest = sha256()
        for hearing in sorted(self.hearings, key=lambda hearing: hearing.anchor):
            digest.update(repr((hearing.anchor, len(hearing.at_s))).encode())
            digest.update(hearing.at_s.astype("<f8").tobytes() + hearing.rssi_dbm.astype("<f8").tobytes())
        return digest.digest()


def from_zero(trace: RadioTrace, began_s: float) -> Recorded:
    """The trace with `began_s` as its 0."""
    return Recorded(
        trace.name,
        trace.anchors,
        [replace(hearing, at_s=since(hearing.at_s, began_s)) for hearing in trace.hearings],
        replace(trace.truth, at_s=since(trace.truth.at_s, began_s)),
        trace.rooms,
        began_s,
    )


def first_heard_s(trace: RadioTrace) -> float:
    """When anything was first heard, by the trace's clock; 0 where nothing ever was."""
    return min((float(hearing.at_s[0]) for hearing in trace.hearings if len(hearing.at_s)), default=0.0)


def without(known: Iterable[Recorded], scored: Iterable[Recorded]) -> list[Recorded]:
    """What may be learned from when `scored` is scored: a recording never teaches itself, nor does a copy of it."""
    contents = {recorded.content for recorded in scored}
    return [recorded for recorded in known if recorded.content not in contents]


def since(at_s: Floats, began_s: float) -> Floats:
    """These times as seconds since another."""
    return np.round(at_s - began_s, DIGITS)

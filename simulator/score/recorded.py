"""Recordings as they are played: by a clock that begins at 0. In: traces by whatever clock they were written. Out: `Recorded`s. Pure.

Whoever records may count from the start of the day or write epoch times; what is played, spliced and learned from counts from the
recording's own first time. When that was is kept, so that what is told of a recording can be told by its own clock.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulator.frame import Floats
from simulator.traces.trace import RadioTrace

#: Differences of epoch times are true to less than a microsecond; more digits are noise, which would move packets over a batch's end.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Recorded(RadioTrace):
    """A trace whose times count from its first one, which was `began_s` by the recording's own clock."""

    began_s: float = 0.0


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


def since(at_s: Floats, began_s: float) -> Floats:
    """These times as seconds since another."""
    return np.round(at_s - began_s, DIGITS)

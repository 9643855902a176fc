"""What a stay in a zone is: its phases, its state table, and the three zone events that tell of it.

Rules, in prose:

- A stay begins as ARRIVING when we first believe the device is in the zone. It becomes INSIDE, and a visit opens,
  when that belief has held for the zone's minimum time (`enter_after_s`); the visit's `entered_at` is when it began
  to hold, not when it was confirmed.
- INSIDE turns to LEAVING when we believe the device is out. It becomes OUTSIDE, and the visit closes, when that has held
  for `leave_after_s`; `exited_at` is when it began to hold. Coming back in time undoes the leaving.
- Both delays pass by the clock as well as by evidence: nobody needs to ping again for a visit to open, dwell or close.
- ARRIVING that stops before its time leaves no trace: the shopper walked past.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

from server.zones.zone import Manner

EventKind = Literal["entered", "dwelled", "exited"]

Why = Literal[
    "believed",  # entered: the zone's own evidence held for its time
    "implied",  # entered or exited with another zone: who is at the shelf is in the shop
    "left",  # exited: evidence against it held for its time
    "sibling",  # exited: the department next to it was entered meanwhile
    "silence",  # exited: longer unheard than this device ever is
    "gateway_silent",  # exited: the gateway that heard it last was given up
    "closing_time",  # exited: the zone's opening hours ended
    "zone_closed",  # exited: staff closed the zone, or what it lies in
    "zone_gone",  # exited: staff deleted the zone (or closed it, in records from before the two were told apart)
    "not_followed",  # exited: the shopper withdrew, or was forgotten
]


class Phase(IntEnum):
    """Where a stay stands. The numbers live in arrays and in the records."""

    OUTSIDE = 0
    ARRIVING = 1
    INSIDE = 2
    LEAVING = 3


#: (phase, believed inside?) -> (phase at once, phase when the delay has passed)
NEXT: dict[tuple[Phase, bool], tuple[Phase, Phase]] = {
    (Phase.OUTSIDE, False): (Phase.OUTSIDE, Phase.OUTSIDE),
    (Phase.OUTSIDE, True): (Phase.ARRIVING, Phase.INSIDE),
    (Phase.ARRIVING, False): (Phase.OUTSIDE, Phase.OUTSIDE),
    (Phase.ARRIVING, True): (Phase.ARRIVING, Phase.INSIDE),
    (Phase.INSIDE, False): (Phase.LEAVING, Phase.OUTSIDE),
    (Phase.INSIDE, True): (Phase.INSIDE, Phase.INSIDE),
    (Phase.LEAVING, False): (Phase.LEAVING, Phase.OUTSIDE),
    (Phase.LEAVING, True): (Phase.INSIDE, Phase.INSIDE),
}


class Weighing(NamedTuple):
    """One moment at which belief was weighed: `inside` is the probability of being in the zone at epoch second `at`.

    `strength` is what `anchor` heard (dBm), with `others` that heard it too; without an anchor a fix spoke and it is the accuracy
    that it claimed (m), or None where nobody spoke then: it was known from before a restart, or before the zone was drawn or changed. `turn` is the phase that it began, 0
    where it began none. A tuple: thousands are made a second.
    """

    at: float
    inside: float
    strength: float | None
    anchor: str | None = None
    others: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What opened or closed a visit: never where somebody was, only how sure we were of this zone and who said so.

    Times are epoch seconds: `known_at` when the event was certain, `heard_at` the last word until then, None where there was
    none; `usual_gap_s` is what is usual between two words of this device by the sense that believed in it. `zone` names the
    other zone where `why` is one, `manner` is the zone's own at the time.
    """

    why: Why
    known_at: float
    heard_at: float | None = None
    usual_gap_s: float = 0.0
    zone: str | None = None
    manner: Manner | None = None
    weighings: tuple[Weighing, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneEvent:
    """What changed in presence. `at` is event time (aware UTC): when it happened, not when we knew.

    `dwelled_s` is the threshold reached for a dwell, the whole stay for an exit, 0 for an enter. `late` marks history:
    evidence that came out of order, put in its place; it never makes an offer. `evidence` is why we say so, of entered and
    exited: no part of what happened. `takes_back` marks an exit before a dwell that was told of: late evidence knew better.
    """

    kind: EventKind
    device: str
    zone: str
    visit: str
    at: datetime
    entered_at: datetime
    dwelled_s: float = 0.0
    late: bool = False
    takes_back: bool = False
    evidence: Evidence | None = field(default=None, compare=False)

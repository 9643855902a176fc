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

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal

EventKind = Literal["entered", "dwelled", "exited"]


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


@dataclass(frozen=True, slots=True)
class ZoneEvent:
    """What changed in presence. `at` is event time (aware UTC): when it happened, not when we knew.

    `dwelled_s` is the threshold reached for a dwell, the whole stay for an exit, 0 for an enter. `late` marks history:
    evidence that came out of order, put in its place; it never makes an offer.
    """

    kind: EventKind
    device: str
    zone: str
    visit: str
    at: datetime
    entered_at: datetime
    dwelled_s: float = 0.0
    late: bool = False

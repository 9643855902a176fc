"""What is played and judged: a labelled recording of one device, and what an algorithm said of it. Values only.

Times are seconds of the case's own clock, which begins at 0; sightings carry them as epoch seconds, EPOCH_S later. What is written for
others to read (--events) counts as the recording does: `began_s` later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from server.presence.sighting import Fixes, Heards
from server.zones.survey import Survey
from server.zones.zone import Anchor, FloorPlan, Zone

#: A fixed noon, so that opening hours and rounding are the same at each run.
EPOCH_S: Final = 1_800_014_400.0

Sense = Literal["radio", "fixes"]
Event = Literal["entered", "dwelled", "exited"]


@dataclass(frozen=True, slots=True)
class TrueStay:
    """The device truly was in `zone` from `entered_s` to `left_s`."""

    zone: str
    entered_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Matching:
    """When a predicted enter is right: from `before_s` before the true one until `after_s` after it, or after its end."""

    before_s: float
    after_s: float
    to_end_of_stay: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One recording of one device. `zones` are scored, `around` exist too (the site); `at_each_s` is the true zone of each second.

    `ping_s` is the usual time between fixes, 0 for radio. Where the device is `still`, any enter after the first right one is a flap.
    `dwell_s` is a time in a zone that somebody wants to be told of, 0 for none. `began_s` is what the recording's clock showed at 0.
    `heards` are packets; where `window_begins_s` says when each gateway's windows begin, the server is told of windows (windows.py).
    """

    name: str
    sense: Sense
    zones: tuple[Zone, ...]
    around: tuple[Zone, ...]
    anchors: Mapping[str, Anchor]
    plans: Mapping[str, FloorPlan]
    surveys: tuple[Survey, ...]
    heards: Heards
    fixes: Fixes
    truth: tuple[TrueStay, ...]
    at_each_s: tuple[frozenset[str], ...]
    seconds: float
    ping_s: float
    matching: Matching
    still: bool = False
    dwell_s: float = 0.0
    began_s: float = 0.0
    window_begins_s: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What an algorithm said: known at `t` (when an offer could go out), of something that happened at `at`; seconds of the case."""

    t: float
    zone: str
    event: Event
    at: float

"""What every recorded data set gives: labelled evidence and where the device truly was. Values only.

Times are seconds from the recording's own start, lengths metres in the recording's own frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.air import Hearing
from simulator.frame import Floats
from simulator.walk import Path

#: What recorded traces call their one device.
DEVICE = "recorded"


class NoTrace(ValueError):
    """The folder does not hold the recording that was asked for; says which file, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RadioTrace:
    """One recording of radio: what each anchor heard, where each anchor hangs (x, y, z), where the device was.

    `rooms` is the labelled room at each second of `truth`, where the recording has rooms.
    """

    name: str
    anchors: Mapping[str, tuple[float, float, float]]
    hearings: Sequence[Hearing]
    truth: Path
    rooms: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        return max((float(h.at_s[-1]) for h in self.hearings if len(h.at_s)), default=0.0)


@dataclass(frozen=True, slots=True)
class FixTrace:
    """One phone's fixes by one provider: degrees, claimed 68 % radius in metres, speed in m/s (NaN unknown)."""

    name: str
    at_s: Floats
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    speed_mps: Floats
    provider: Sequence[str]
    true_at_s: Floats
    true_lat: Floats
    true_lon: Floats

"""What time it is, and by how much this machine's idea of it has been set since.

In: the system's clocks. Out: UTC epoch seconds. Small gateways boot without a battery-backed clock, with a time that
is hours old, and are set right when the network comes. A sighting that was spooled before the step must follow it:
each carries the `Reading` of its clock, and `set_since` says by how many seconds to move it.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STEP_S = 1.0
"""Smaller differences are the slow steering of NTP and our own rounding, and are left alone, so that a batch that is
sent again says exactly the same times (the server knows duplicates by them)."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _this_boot() -> str:
    """One text a boot of the machine: within it the steady clock can be compared, beyond it not."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())  # not Linux: then compare within this run only


def _since_boot() -> float:
    """Seconds of the steady clock, sleep included where the system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Reading:
    """Which boot, and what the wall clock said minus what the steady clock said (seconds)."""

    boot: str
    offset_s: float


class Clock:
    """The machine's clock. Tests and pretend towns hand in their own `wall` and `steady` (both in seconds)."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = _since_boot,
        boot: str | None = None,
    ) -> None:
        self.now = wall
        self._steady = steady
        self._boot = boot or _this_boot()

    def reading(self) -> Reading:
        return Reading(self._boot, self.now() - self._steady())

    def set_since(self, earlier: Reading) -> float:
        """Seconds that the wall clock was set forward since `earlier` (negative: back); 0 where nobody can know."""
        if earlier.boot != self._boot:
            return 0.0
        step = self.reading().offset_s - earlier.offset_s
        return step if abs(step) >= STEP_S else 0.0

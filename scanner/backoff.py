"""How long to wait before trying again: exponential, with jitter, and never sooner than we were asked to.

In: how often it has failed, what the other side asked for. Out: seconds. Chance is handed in.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

CHANCE = SystemRandom().random
LONGEST_ASKED_S = 3600.0
"""A server that asks for more is mistaken about something; we look again after an hour."""


class BackOff:
    """Waits that double from `first_s` up to `longest_s`.

    Jitter takes up to half away, so that gateways that lost the server together do not return together.
    """

    def __init__(self, first_s: float, longest_s: float, chance: Callable[[], float] = CHANCE) -> None:
        self.first_s = first_s
        self.longest_s = longest_s
        self.failures = 0
        self._chance = chance

    def next(self, asked_s: float | None = None) -> float:
        """Seconds to wait after one more failure; at least `asked_s` where the server asked (Retry-After)."""
        doubled = self.first_s * 2.0 ** min(self.failures, 30)
        self.failures += 1
        jittered = min(self.longest_s, doubled) * (1 - self._chance() / 2)
        return jittered if asked_s is None else asked_s + self.first_s * self._chance()

    def reset(self) -> None:
        self.failures = 0


def retry_after_s(header: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isdecimal():
        return min(float(text), LONGEST_ASKED_S)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.fromtimestamp(now, UTC)).total_seconds()), LONGEST_ASKED_S)

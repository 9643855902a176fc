"""When to try again. Pure.

In: attempt number, what the channel asked for, now, the offer's end, a drawn number. Out: a time, or None.

Exponential back-off with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015):
the wait is drawn evenly from zero to a ceiling that doubles with each attempt, which spreads a herd best. Below it
lies a floor: what the channel asked for (Retry-After), and one second in any case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """How waits grow, in seconds.

    An offer is about a person who stands in the shop now, so the first ceiling is short. FCM asks for back-off up to
    an hour at most; offers rarely live so long, and five minutes still catches the end of an outage.
    """

    floor_s: float = 1.0
    first_s: float = 4.0
    cap_s: float = 300.0

    def ceiling_s(self, attempt: int) -> float:
        """The most that chance may add to the floor after the `attempt`-th try (1 is the first)."""
        # 2 ** 63 is beyond any cap: the bound keeps the power from growing without end.
        return min(self.cap_s, self.first_s * float(2 ** min(max(attempt, 1) - 1, 63)))


USUAL = Backoff()


def next_due(
    attempt: int,
    now: datetime,
    expires_at: datetime,
    jitter: float,
    after_s: float | None = None,
    backoff: Backoff = USUAL,
) -> datetime | None:
    """When to try again after the `attempt`-th try failed at `now`, or None when no time before the end is left.

    `jitter` is drawn by the caller, evenly from [0, 1). The time never reaches `expires_at`: where the back-off would
    pass it, the wait is drawn from what is left, so that a long outage does not cost the last chance.
    """
    floor_s = max(backoff.floor_s, after_s or 0.0)
    left_s = (expires_at - now).total_seconds() - floor_s
    if left_s <= 0:
        return None
    due_at = now + timedelta(seconds=floor_s + jitter * min(backoff.ceiling_s(attempt), left_s))
    return due_at if due_at < expires_at else None

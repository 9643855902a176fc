"""How much a channel is given a second: a token bucket. Pure, but for what it remembers.

In: the time, and how many were sent. Out: how many may go now. Tokens gather at `per_s` up to a second's worth (one at least), so that
a quiet channel takes a small rush at once; the classic leaky bucket as a meter (ITU-T I.371, annex A).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Bucket:
    """`per_s` is the rate, per second; `filled_at` when `tokens` were last counted."""

    per_s: float
    tokens: float
    filled_at: datetime

    @classmethod
    def full(cls, per_s: float, now: datetime) -> "Bucket":
        return cls(per_s, max(1.0, per_s), now)

    def room(self, now: datetime) -> int:
        """How many may be sent now."""
        gathered = self.per_s * max(0.0, (now - self.filled_at).total_seconds())
        self.tokens = min(max(1.0, self.per_s), self.tokens + gathered)
        self.filled_at = now
        return int(self.tokens)

    def spend(self, count: int) -> None:
        """So many are on their way."""
        self.tokens -= count

"""Where a story stands in real time. In: when it began. Out: its seconds as the wall clock's, and patience until one comes.

A story is played in real time: dwells, exits and freshness are the server's own clock, which nobody can hurry.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class StoryClock:
    """`began_s` is the epoch second at which the story's second 0 lies; it may lie ahead."""

    began_s: float

    @classmethod
    def starting(cls, in_s: float = 0.5) -> "StoryClock":
        """A story that begins in so many seconds."""
        return cls(time.time() + in_s)

    @property
    def now_s(self) -> float:
        return time.time() - self.began_s

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.began_s, UTC)

    def epoch(self, at_s: float) -> float:
        """A second of the story as an epoch second."""
        return self.began_s + at_s

    def since(self, at: datetime) -> float:
        """An aware time as a second of the story."""
        return at.timestamp() - self.began_s

    async def until(self, at_s: float) -> None:
        """Waits for that second of the story; not at all when it has passed."""
        await asyncio.sleep(max(0.0, at_s - self.now_s))

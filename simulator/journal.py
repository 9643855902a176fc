"""What the pretend people and machines noticed while a story was played: the live screen shows it, the verdict judges it."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message at a phone. `again`: this very offer had arrived there before."""

    shopper: str
    device: str
    campaign: str
    visit: str
    offer: str
    title: str
    arrived_at: datetime
    again: bool


@dataclass(slots=True)
class Journal:
    """Counts and arrivals of one story; one task at a time writes (they share an event loop)."""

    verdicts: Counter[str] = field(default_factory=Counter)
    """What the server said of pings and of beacons that phones heard, by its own words."""
    arrivals: list[Arrival] = field(default_factory=list)
    receipts: Counter[str] = field(default_factory=Counter)
    redeemed: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """Requests that did not succeed, by status or by what broke."""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    """A sentence for each of the last things that happened, for people who watch."""

    @property
    def acknowledged(self) -> int:
        """Pings and beacon sightings of phones that the server said it had accepted."""
        return self.verdicts["accepted"]

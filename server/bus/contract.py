"""The contract of the bus: `local` keeps it within one process, a broker will keep it between many.

Sightings: a door hands a batch over with `carry` and gets its verdicts when what follows from it is durable. The path
takes everything that waits with `take` (group commit) and answers each handover once.
News: `announce` tells all listeners of a topic, at once and without waiting; a listener that cannot keep up loses
the oldest news, never the path's time.
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from server.presence.sighting import Batch, Verdicts

#: catalogue: zones, campaigns, anchors, devices or keys changed ({"name": ...}). live: zone events and decisions.
Topic = Literal["catalogue", "live"]
News = Mapping[str, Any]


class BusFull(Exception):
    """More sightings wait than the bus holds: the door answers 429, the sender tries again later."""


class NotTaken(Exception):
    """The batch could not be made durable; nothing of it counts. The door answers 503, the sender tries again."""


class Handover(Protocol):
    """One batch on its way, and the door that waits for its verdicts."""

    @property
    def batch(self) -> Batch: ...

    @property
    def arrived_at(self) -> datetime:
        """When the door handed it over (aware UTC): the start of heard-to-sent."""

    @abstractmethod
    def answer(self, verdicts: Verdicts) -> None:
        """Everything that follows from the batch is durable."""

    @abstractmethod
    def refuse(self, why: str) -> None:
        """Nothing of the batch was kept: the door raises NotTaken."""


class Bus(Protocol):
    """See the module's text."""

    @abstractmethod
    async def carry(self, batch: Batch) -> Verdicts:
        """Hands a batch to the path; returns when it is durable. Raises BusFull or NotTaken."""

    @abstractmethod
    async def take(self) -> list[Handover]:
        """Waits until something is there, then gives all that waits, in order of arrival."""

    @abstractmethod
    def announce(self, topic: Topic, news: News) -> None: ...

    @abstractmethod
    def listen(self, topic: Topic) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        """All news of the topic from the moment the context is entered."""

"""Empties the spool into the line: oldest first, one batch at a time, and nothing blocks it for ever.

In: what waits in the spool. Out: `Taken` settles it, `NotNow` waits, `Refused` halves the batch until the one sighting
that the server will not have stands alone, and sets that aside.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from scanner.backoff import BackOff
from scanner.clock import Clock
from scanner.complaint import Complaint
from scanner.sighting import Sighting
from scanner.spool import Spool, Waiting
from scanner.uplink import NotNow, Refused, Taken, Uplink

log = structlog.get_logger(__name__)

QUIET_VERDICTS = frozenset({"accepted", "duplicate", "queued"})


class Drain:
    """`complaint.reason` tells in words why the server does not take our sightings; `taken` counts those it took.

    `knock` tells the server how we are. It goes before the first batch, and before the first
    after the line was in trouble: only who knows that we heard all the while can tell a shop that was empty from a deaf gateway.
    """

    def __init__(
        self,
        spool: Spool,
        uplink: Uplink,
        clock: Clock,
        *,
        batch: int,
        backoff: BackOff,
        knock: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.complaint = Complaint("server_takes_no_sightings", "server_takes_sightings_again")
        self.taken = 0
        self._spool, self._uplink, self._clock = spool, uplink, clock
        self._batch = self._limit = batch
        self._backoff = backoff
        self._knock = knock
        self._knocked = False
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()

    def filled(self) -> None:
        """Something was put into the spool."""
        self._empty.clear()
        self._filled.set()

    async def until_empty(self) -> None:
        """Waits until the server has taken all that was put into the spool."""
        self.filled()
        await self._empty.wait()

    async def run(self) -> None:
        while True:
            self._filled.clear()
            try:
                batch = await asyncio.to_thread(self._spool.oldest, self._limit)
                if batch:
                    await self._offer(batch)
                    continue
            except (
                sqlite3.Error
            ) as error:  # the disk: the next put repairs or complains, we only must not die of it
                log.error("spool_cannot_be_read", reason=str(error))  # noqa: TRY400 - the words suffice
                await asyncio.sleep(self._backoff.next())
                continue
            if not self._filled.is_set():  # nothing came while we looked
                self._empty.set()
            await self._filled.wait()

    async def _offer(self, batch: Sequence[Waiting]) -> None:
        if self._knock is not None and not self._knocked:
            await self._knock()
            self._knocked = True
        answer = await self._uplink.send([self._by_our_clock(each) for each in batch])
        match answer:
            case Taken():
                await asyncio.to_thread(self._spool.settle, batch[-1].sequence)
                self._settled(answer, len(batch))
            case Refused() if len(batch) > 1:
                self._limit = len(batch) // 2
                log.warning("batch_halved", reason=answer.reason, sightings=len(batch))
            case Refused():
                await asyncio.to_thread(self._spool.set_aside, batch[0], answer.reason)
                log.error("sighting_set_aside", reason=answer.reason, sequence=batch[0].sequence)
                # A server that suddenly refuses everything is the one that is wrong: it may not empty the spool.
                await asyncio.sleep(self._backoff.next())
            case NotNow():
                self._knocked = False
                self.complaint.about(answer.reason, needs_people=answer.needs_people)
                await asyncio.sleep(self._backoff.next(answer.after_s))

    def _by_our_clock(self, waiting: Waiting) -> Sighting:
        step = self._clock.set_since(waiting.clock)
        return (
            replace(waiting.sighting, at=round(waiting.sighting.at + step, 3)) if step else waiting.sighting
        )

    def _settled(self, answer: Taken, sightings: int) -> None:
        self.complaint.settled()
        self.taken += sightings
        self._backoff.reset()
        self._limit = min(self._batch, self._limit * 2)
        if set(answer.verdicts) <= QUIET_VERDICTS:
            log.debug("batch_taken", sightings=sightings)
        else:
            log.warning(
                "batch_taken_in_part", verdicts=dict(answer.verdicts), first_problem=answer.first_problem
            )

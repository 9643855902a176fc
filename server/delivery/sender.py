"""The sender. In: due outbox rows. Out: each of them settled, once.

Claims parcels under a lease, sends them through their channels many at a time, and settles what became of them in
batches: while one batch of outcomes commits, the next gathers. It knows no SQL and no channel by name.

- Only as many parcels are claimed as can be sent at once, so a lease never runs out in a queue of ours.
- A sender that dies leaves leases behind. When they end, another sends the same parcel again, with the same collapse
  key: the phone shows it once.
- A channel that is down (our credentials refused, or too many tries failed in a row) is left alone, loudly; one parcel tries it now
  and then.
- A channel with a rate is given no more than that: what is above stays in the outbox, unclaimed.
- All that must survive a restart (due times, attempts) is in the rows.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import structlog

from server.delivery.channel import Channel, Refused, SendError, TryAgain, Undeliverable
from server.delivery.rate import Bucket
from server.delivery.retry import USUAL, Backoff, next_due
from server.records.parcels import (
    Expired,
    GivenUp,
    Outcome,
    Parcel,
    Postponed,
    Rejected,
    Returned,
    Sent,
    Unreachable,
    Untried,
)

log = structlog.get_logger(__name__)


class Outbox(Protocol):
    """Where parcels come from and outcomes go to. Each verb is one transaction."""

    async def claim(
        self, now: datetime, lease_s: float, limit: int, channels: Collection[str]
    ) -> list[Parcel]:
        """Lease up to `limit` due parcels of these channels, those due first first, until `lease_s` from now.

        Parcels whose offer has ended come too, whatever their channel, so that they can be settled.
        """
        ...

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Write what became of parcels. An outcome whose lease was taken over meanwhile counts only if it is Sent."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How the sender goes about it. Times in seconds."""

    at_once: int = 200
    """Parcels under way at the same time, sending or waiting to be settled."""
    send_limit_s: float = 15.0
    """The longest a channel may take for one parcel, a renewed bearer included."""
    lease_s: float = 60.0
    poll_s: float = 1.0
    """How late a retry may be noticed. New offers do not wait for this: they nudge."""
    probe_s: float = 30.0
    """How often a channel that is down is tried."""
    trip_after: int = 25
    """So many tries in a row that failed bring a channel down, as if it had said so."""
    most_attempts: int = 20
    """So many tries of one parcel on one channel, then it is given up."""
    test_wait_s: float = 3.0
    """How long a test waits for room in its channel's rate: no longer than somebody looks at a button."""
    stop_limit_s: float = 5.0
    """How long a stop waits for sends under way, and for the last settling."""

    def __post_init__(self) -> None:
        if self.lease_s < 2 * self.send_limit_s:
            raise ValueError("a lease must outlast a send twice over, or a slow answer is sent again")


@dataclass(slots=True)
class _Outage:
    """A channel that is down: since when, why, when to try it next, and the id of the parcel that tries it now."""

    since: datetime
    why: str
    probe_at: datetime
    probed_by: str | None = None


OnSettled = Callable[[Parcel, Outcome, float], None]
"""Told of every outcome that was committed, with the seconds from when the shopper was heard to the outcome."""


class Sender:
    """One sender of one process. `run` is its life; several processes may each have one on the same outbox.

    `rates` are the most parcels a second by channel; a channel without one takes what there is.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        *,
        pace: Pace = Pace(),
        rates: Mapping[str, float] = MappingProxyType({}),
        backoff: Backoff = USUAL,
        on_settled: OnSettled | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._pace = pace
        self._backoff = backoff
        self._on_settled = on_settled
        self._clock = clock
        self._chance = chance
        self._sends: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._settling = 0
        self._more = True
        self._stopping = False
        self._closing = False
        self._wake = asyncio.Event()
        self._has_outcomes = asyncio.Event()
        self._buckets = {name: Bucket.full(per_s, clock()) for name, per_s in rates.items()}
        self._outages: dict[str, _Outage] = {}
        self._failures: Counter[str] = Counter()  # channel -> tries in a row that failed
        self._failing: dict[str, datetime] = {}  # verb of the outbox -> since when
        self._last_sent_at: datetime | None = None

    def nudge(self) -> None:
        """Say that a commit has put something into the outbox. Cheap; call it on the sender's event loop."""
        self._more = True
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Then let sends under way end, settle them, and leave the rest to their leases."""
        claimer = asyncio.create_task(self._claim_forever(), name="claim parcels")
        settler = asyncio.create_task(self._settle_forever(), name="settle outcomes")
        try:
            # Neither ends by itself: the one that does has failed, and its failure is ours.
            ended, _ = await asyncio.wait({claimer, settler}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            await self._wind_down(claimer, settler)

    def health(self) -> dict[str, Any]:
        """What an operator would ask. `ok` is False while a channel is down or the records do not answer."""
        channels = {
            name: {"up": name not in self._outages, **channel.health()}
            | (
                {"down_since": outage.since.isoformat(), "why": outage.why}
                if (outage := self._outages.get(name))
                else {}
            )
            for name, channel in self._channels.items()
        }
        return {
            "ok": not self._outages and not self._failing,
            "under_way": len(self._sends),
            "unsettled": len(self._outcomes) + self._settling,
            "last_sent_at": self._last_sent_at and self._last_sent_at.isoformat(),
            "outbox_failing_since": {verb: since.isoformat() for verb, since in self._failing.items()},
            "channels": channels,
        }

    async def try_once(self, parcel: Parcel) -> Outcome | Untried:
        """Sends one parcel that is in no outbox, at once and once: a test. What becomes of it is told, and settled nowhere.

        It goes the way of all others: through the channel itself, within its rate, and by no channel that is down.
        """
        if parcel.channel not in self._channels:
            return Untried("it is not set up")
        if outage := self._outages.get(parcel.channel):
            return Untried(f"the channel is down: {outage.why}")
        if bucket := self._buckets.get(parcel.channel):
            if not await self._has_room(bucket):
                return Untried("the channel is busy: all that it may send in a second is taken")
            bucket.spend(1)
        outcome = await self._outcome_of(parcel)
        self._note_channel(parcel, outcome)
        return outcome

    async def _has_room(self, bucket: Bucket) -> bool:
        """Whether a channel's rate lets one more go, now or in a moment: what is sent to shoppers comes first."""
        clock = asyncio.get_running_loop().time
        last = clock() + self._pace.test_wait_s
        while bucket.room(self._clock()) <= 0:
            if clock() >= last:
                return False
            await asyncio.sleep(0.1)
        return True

    # -- claiming

    async def _claim_forever(self) -> None:
        while not self._stopping:
            # A claim is a write: it is worth its price for a quarter of the places, not for each that gets free.
            if self._more and self._room() * 4 >= self._pace.at_once:
                self._more = False
                await self._claim()
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(self._pace.poll_s):
                    await self._wake.wait()
            except TimeoutError:
                self._more = True

    def _room(self) -> int:
        return self._pace.at_once - len(self._sends) - len(self._outcomes) - self._settling

    async def _claim(self) -> None:
        now = self._clock()
        try:
            for names in self._shares(now):
                await self._claim_for(names, now)
        except Exception as error:  # noqa: BLE001 - the loop's edge; it is logged there
            await self._records_failed("claim", error)
            return
        self._failing.pop("claim", None)
        await self._probe(now)

    def _shares(self, now: datetime) -> list[list[str]]:
        """The channels that take parcels now: those together that have room for all, each by itself that has room for few.

        The first share is claimed for even where it is empty: parcels whose offer has ended belong to it.
        """
        up = [name for name in self._channels if name not in self._outages]
        room = {name: self._buckets[name].room(now) for name in up if name in self._buckets}
        scarce = [name for name in up if room.get(name, self._pace.at_once) < self._pace.at_once]
        return [[name for name in up if name not in scarce], *([name] for name in scarce if room[name] > 0)]

    async def _claim_for(self, names: list[str], now: datetime) -> None:
        rates = [bucket.room(now) for name in names if (bucket := self._buckets.get(name))]
        limit = min([self._room(), *rates])
        if limit <= 0:
            return
        parcels = await self._outbox.claim(now, self._pace.lease_s, limit, names)
        for name, count in Counter(parcel.channel for parcel in parcels).items():
            if name in self._buckets:
                self._buckets[name].spend(count)
        # Of a channel that has no room left now the next poll asks again: asking at once would find none.
        self._more = self._more or (len(parcels) >= limit and limit not in rates)
        self._start(parcels)

    async def _probe(self, now: datetime) -> None:
        """Let one parcel try each channel that is down and was left alone long enough."""
        for name, outage in list(self._outages.items()):
            if outage.probed_by is None and now >= outage.probe_at:
                try:
                    parcels = await self._outbox.claim(now, self._pace.lease_s, 1, [name])
                except Exception as error:  # noqa: BLE001 - the loop's edge; it is logged there
                    await self._records_failed("claim", error)
                    return
                for parcel in parcels:
                    if parcel.channel == name:
                        outage.probed_by = parcel.id
                self._start(parcels)

    def _start(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            send = asyncio.create_task(self._attempt(parcel), name=f"send {parcel.id}")
            self._sends.add(send)
            send.add_done_callback(self._sends.discard)

    async def _records_failed(self, verb: str, error: Exception) -> None:
        """The edge of both loops: whatever the records say, the sender waits, says so, and asks again."""
        since = self._failing.setdefault(verb, self._clock())
        self._more = True
        log.error("outbox_failed", verb=verb, since=since.isoformat(), exc_info=error)
        await asyncio.sleep(self._pace.poll_s)

    # -- sending

    async def _attempt(self, parcel: Parcel) -> None:
        outcome = await self._outcome_of(parcel)
        self._note_channel(parcel, outcome)
        self._outcomes.append(outcome)
        self._has_outcomes.set()

    async def _outcome_of(self, parcel: Parcel) -> Outcome:
        now = self._clock()
        if parcel.expires_at <= now:
            return Expired(parcel, now, "the offer ended before it could be sent")
        if parcel.address is None and parcel.needs_address:
            return Unreachable(parcel, now, "no live address")
        try:
            async with asyncio.timeout(self._pace.send_limit_s):
                receipt = await self._channels[parcel.channel].send(parcel, now)
        except SendError as error:
            return self._outcome_after(parcel, error)
        except TimeoutError:
            return self._later(parcel, "the channel did not answer in time", None)
        except Exception as error:
            log.exception("send_failed", offer=parcel.id, channel=parcel.channel)
            return self._later(parcel, f"a fault of ours: {type(error).__name__}", None)
        return Sent(parcel, self._clock(), receipt.name)

    def _outcome_after(self, parcel: Parcel, error: SendError) -> Outcome:
        match error:
            case TryAgain():
                return self._later(parcel, error.why, error.after_s)
            case Undeliverable():
                return Unreachable(parcel, self._clock(), error.why)
            case Refused():
                log.error("offer_refused", offer=parcel.id, campaign=parcel.campaign, why=error.why)
                return Rejected(parcel, self._clock(), error.why)
            case _:
                return Returned(parcel, self._clock(), error.why)

    def _later(self, parcel: Parcel, why: str, after_s: float | None) -> Postponed | Expired | GivenUp:
        now = self._clock()
        if parcel.attempts + 1 >= self._pace.most_attempts:
            log.error("offer_given_up", offer=parcel.id, channel=parcel.channel, why=why)
            return GivenUp(parcel, now, f"{parcel.attempts + 1} tries failed, the last: {why}")
        due_at = next_due(parcel.attempts + 1, now, parcel.expires_at, self._chance(), after_s, self._backoff)
        if due_at is None:
            return Expired(parcel, now, f"no time is left for another try after: {why}")
        return Postponed(parcel, now, due_at, why)

    def _note_channel(self, parcel: Parcel, outcome: Outcome) -> None:
        """Close a channel that refuses us; open it again when the parcel that tried it got through to a verdict."""
        outage = self._outages.get(parcel.channel)
        if outage is None:
            self._count_failures(parcel.channel, outcome)
        elif outage.probed_by == parcel.id:
            if isinstance(outcome, Returned):
                self._close(parcel.channel, outage.since, outcome)
            elif isinstance(outcome, Sent) or (isinstance(outcome, Unreachable) and parcel.address):
                del self._outages[parcel.channel]
                log.warning("channel_up", channel=parcel.channel, down_since=outage.since.isoformat())
                self.nudge()
            else:
                outage.probed_by = None
                outage.probe_at = outcome.at + timedelta(seconds=self._pace.probe_s)

    def _count_failures(self, channel: str, outcome: Outcome) -> None:
        """Close a channel that refuses us, or by which nothing has come through for many tries."""
        if isinstance(outcome, Returned):
            self._close(channel, outcome.at, outcome)
        elif isinstance(outcome, Postponed | GivenUp):
            self._failures[channel] += 1
            if self._failures[channel] >= self._pace.trip_after:
                why = f"{self._failures[channel]} tries in a row failed, the last: {outcome.why}"
                self._close(channel, outcome.at, replace(outcome, why=why))
        elif not isinstance(outcome, Expired):
            del self._failures[channel]

    def _close(self, channel: str, since: datetime, failed: Returned | Postponed | GivenUp) -> None:
        del self._failures[channel]
        probe_at = failed.at + timedelta(seconds=self._pace.probe_s)
        self._outages[channel] = _Outage(since, failed.why, probe_at)
        log.critical("channel_down", channel=channel, why=failed.why, next_try_s=self._pace.probe_s)

    # -- settling

    async def _settle_forever(self) -> None:
        while self._outcomes or not self._closing:
            await self._has_outcomes.wait()
            self._has_outcomes.clear()
            while self._outcomes:
                batch, self._outcomes = self._outcomes, []
                self._settling = len(batch)
                try:
                    await self._outbox.settle(batch, self._clock())
                except Exception as error:  # noqa: BLE001 - the loop's edge; it is logged there
                    self._outcomes = batch + self._outcomes
                    self._settling = 0
                    await self._records_failed("settle", error)
                    continue
                self._settling = 0
                self._failing.pop("settle", None)
                self._tell(batch)
                if self._more:
                    self._wake.set()

    def _tell(self, batch: Sequence[Outcome]) -> None:
        log.info("offers_settled", outcomes=Counter(outcome.word for outcome in batch))
        for outcome in batch:
            if isinstance(outcome, Sent):
                self._last_sent_at = outcome.at
            if self._on_settled is not None:
                self._on_settled(
                    outcome.parcel, outcome, (outcome.at - outcome.parcel.heard_at).total_seconds()
                )

    # -- stopping

    async def _wind_down(self, claimer: asyncio.Task[None], settler: asyncio.Task[None]) -> None:
        self._stopping = True
        self._wake.set()
        clock = asyncio.get_running_loop().time
        last = clock() + self._pace.stop_limit_s
        await asyncio.wait({claimer}, timeout=max(0.0, last - clock()))
        if self._sends:
            await asyncio.wait(self._sends, timeout=max(0.0, last - clock()))
        for send in self._sends:
            send.cancel()  # its lease runs out, and the parcel goes again
        if self._sends:
            await asyncio.wait(self._sends)
        self._closing = True
        self._has_outcomes.set()
        await asyncio.wait({settler}, timeout=max(0.1, last - clock()))
        for task in (claimer, settler):
            task.cancel()
        await asyncio.wait({claimer, settler})

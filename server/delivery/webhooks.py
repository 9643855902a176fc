"""The sender of webhooks. In: due deliveries. Out: each of them posted, signed, until the other side took it or days have passed.

Signed as Standard Webhooks asks (standardwebhooks.com: HMAC-SHA256 over id, time and body, by each secret that holds). `webhook-id` is
the event's id, the same in every repeat; the body is made of the event alone. Any 2xx takes it, 410 turns the webhook off, and all else
is tried again.

- A webhook that is slow has a few of the places, never all. One that fails some times in a row rests, and one delivery tries it now and
  then: the others wait untried, in their order, and go within a minute of its coming back.
- No order is promised: a receiver goes by the event's id and `timestamp`.
- All that must survive a restart is in the rows.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from standardwebhooks import Webhook

from server.delivery.retry import Backoff, next_due
from server.delivery.webhook_line import Answered, NoAnswer
from server.records.webhook_deliveries import Delivery, Outcome

log = structlog.get_logger(__name__)

#: Seconds. No shopper waits for these: the first tries span a deploy of the other side, and an hourly one is enough after that.
PATIENT: Final = Backoff(floor_s=5.0, first_s=10.0, cap_s=3_600.0)

_GONE: Final = 410
_GIVE_UP_EACH = timedelta(minutes=1)


class Deliveries(Protocol):
    """Where deliveries come from and outcomes go to: `RecordedDeliveries`."""

    async def due(self, now: datetime) -> list[str]: ...
    async def claim(self, webhook: str, now: datetime, lease_s: float, limit: int) -> list[Delivery]: ...
    async def settle(self, outcomes: Sequence[Outcome]) -> None: ...
    async def give_up(self, before: datetime, now: datetime) -> int: ...
    async def hurry(self, webhook: str, now: datetime) -> int: ...


class Posts(Protocol):
    """A line to the webhooks: `WebhookLine`."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answered: ...


@dataclass(frozen=True, slots=True)
class WebhookPace:
    """How the sender goes about it. Times in seconds, but for days."""

    at_once: int = 8
    """Posts under way to one webhook. With 10 s for an answer a webhook that hangs holds no more than these."""
    retry_days: float = 3.0
    """How long an event is tried: a week-end's outage is survived."""
    lease_s: float = 60.0
    """Longer than any post: the line has its own limit, 30 s at most."""
    poll_s: float = 1.0
    rest_after: int = 3
    """So many tries in a row that failed let a webhook rest."""
    rest_s: float = 30.0
    """How often one that rests is tried, whenever anything is due."""
    stop_limit_s: float = 5.0


@dataclass(slots=True)
class _Record:
    """How a webhook behaves: tries in a row that failed, until when it is left alone, the last reason, posts under way."""

    failures: int = 0
    rests_until: datetime | None = None
    why: str = ""
    under_way: int = 0


class WebhookSender:
    """One sender of one process. `run` is its life; several processes may each have one."""

    def __init__(
        self,
        deliveries: Deliveries,
        line: Posts,
        *,
        pace: WebhookPace = WebhookPace(),
        backoff: Backoff = PATIENT,
        on_settled: Callable[[str], None] = lambda _word: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries = deliveries
        self._line = line
        self._pace = pace
        self._backoff = backoff
        self._on_settled = on_settled
        self._clock = clock
        self._chance = chance
        self._records: dict[str, _Record] = {}
        self._posts: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._back: set[str] = set()  # webhooks that rested and took something again
        self._given_up_at = datetime.min.replace(tzinfo=UTC)
        self._wake = asyncio.Event()
        self._failing_since: datetime | None = None

    async def run(self) -> None:
        """Sends until cancelled. Then what is on its way has some seconds, and the rest is left to its leases."""
        try:
            while True:
                try:
                    await self.round()
                    self._failing_since = None
                except Exception:
                    # The loop's edge: whatever the records say, the sender waits and asks again.
                    self._failing_since = self._failing_since or self._clock()
                    log.exception("webhooks_failed", since=self._failing_since.isoformat())
                    await asyncio.sleep(self._pace.poll_s)
                await self._pause()
        finally:
            await self._wind_down()

    async def round(self) -> None:
        """Settles what has been answered, and starts what is due and has room."""
        await self._settle()
        now = self._clock()
        while self._back:  # what waits for its next try need not wait any longer
            webhook = next(iter(self._back))
            await self._deliveries.hurry(webhook, now)
            self._back.discard(webhook)
        if now - self._given_up_at >= _GIVE_UP_EACH:
            self._given_up_at = now
            await self._give_up(now)
        for webhook in await self._deliveries.due(now):
            room = self._room(webhook, now)
            if room > 0:
                for delivery in await self._deliveries.claim(webhook, now, self._pace.lease_s, room):
                    self._start(delivery)

    async def drain(self) -> None:
        """Rounds until nothing is due or on its way that has room: for tests and for a last effort."""
        await self.round()
        while self._posts or self._outcomes:
            if self._posts:
                await asyncio.wait(self._posts, return_when=asyncio.FIRST_COMPLETED)
            await self.round()

    def health(self) -> dict[str, Any]:
        """What an operator would ask: which webhooks rest, and why. No URLs."""
        return {
            "ok": self._failing_since is None,
            "records_failing_since": self._failing_since and self._failing_since.isoformat(),
            "under_way": len(self._posts),
            "resting": {name: record.why for name, record in self._records.items() if record.rests_until},
        }

    async def _pause(self) -> None:
        """Until a post was answered, or it is time to look again."""
        self._wake.clear()
        if self._outcomes:
            return
        try:
            async with asyncio.timeout(self._pace.poll_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _room(self, webhook: str, now: datetime) -> int:
        record = self._records.setdefault(webhook, _Record())
        if record.rests_until is None:
            return self._pace.at_once - record.under_way
        return 1 if now >= record.rests_until and record.under_way == 0 else 0

    async def _give_up(self, now: datetime) -> None:
        count = await self._deliveries.give_up(now - self._patience, now)
        if count:
            log.error("webhook_deliveries_given_up", count=count)
            for _ in range(count):
                self._on_settled("dead_letter")

    @property
    def _patience(self) -> timedelta:
        return timedelta(days=self._pace.retry_days)

    # -- posting

    def _start(self, delivery: Delivery) -> None:
        self._records[delivery.webhook].under_way += 1
        post = asyncio.create_task(self._attempt(delivery), name=f"post {delivery.event}")
        self._posts.add(post)
        post.add_done_callback(self._posts.discard)

    async def _attempt(self, delivery: Delivery) -> None:
        record = self._records[delivery.webhook]
        try:
            outcome = await self._outcome_of(delivery)
        finally:
            record.under_way -= 1
        self._note(record, outcome)
        self._outcomes.append(outcome)
        self._wake.set()

    async def _outcome_of(self, delivery: Delivery) -> Outcome:
        try:
            body = written(delivery)
            headers = signed(delivery, body, self._clock())
            answer = await self._line.post(delivery.url, body.encode(), headers)
        except NoAnswer as error:
            return self._later(delivery, str(error))
        except Exception as error:
            log.exception("webhook_post_failed", webhook=delivery.webhook, event_id=delivery.event)
            return self._later(delivery, f"a fault of ours: {type(error).__name__}")
        now, status = self._clock(), answer.status
        if 200 <= status < 300:
            return Outcome(delivery, "delivered", now, "taken", status)
        if status == _GONE:
            return Outcome(delivery, "gone", now, "it answered 410: gone for good", status)
        return self._later(delivery, f"it answered {status}", status, answer.after_s)

    def _later(
        self, delivery: Delivery, why: str, status: int | None = None, after_s: float | None = None
    ) -> Outcome:
        now, attempt = self._clock(), delivery.attempts + 1
        # Who asks us to wait beyond the end would be told nothing more: an hour is as long as we ever wait.
        floor_s = None if after_s is None else min(after_s, self._backoff.cap_s)
        ends_at = delivery.since_at + self._patience
        due_at = next_due(attempt, now, ends_at, self._chance(), floor_s, self._backoff)
        if due_at is None:
            log.error("webhook_delivery_given_up", webhook=delivery.webhook, event_id=delivery.event, why=why)
            words = f"{attempt} tries failed, the last: {why}"
            return Outcome(delivery, "dead_letter", now, words, status)
        return Outcome(delivery, "later", now, why, status, due_at)

    def _note(self, record: _Record, outcome: Outcome) -> None:
        if outcome.word == "delivered":
            if record.rests_until is not None:
                log.warning("webhook_up", webhook=outcome.delivery.webhook)
                self._back.add(outcome.delivery.webhook)
            record.failures, record.rests_until, record.why = 0, None, ""
            return
        record.failures, record.why = record.failures + 1, outcome.why
        if record.failures >= self._pace.rest_after:
            if record.rests_until is None:
                log.error("webhook_rests", webhook=outcome.delivery.webhook, why=outcome.why)
            record.rests_until = outcome.at + timedelta(seconds=self._pace.rest_s)

    # -- settling

    async def _settle(self) -> None:
        if not self._outcomes:
            return
        batch, self._outcomes = self._outcomes, []
        try:
            await self._deliveries.settle(batch)
        except Exception:
            self._outcomes = batch + self._outcomes
            raise
        log.info("webhooks_settled", outcomes=Counter(outcome.word for outcome in batch))
        for outcome in batch:
            self._on_settled("dead_letter" if outcome.word == "gone" else outcome.word)
            if outcome.word == "gone":
                log.error("webhook_disabled", webhook=outcome.delivery.webhook, why=outcome.why)

    async def _wind_down(self) -> None:
        if self._posts:
            await asyncio.wait(self._posts, timeout=self._pace.stop_limit_s)
        for post in self._posts:
            post.cancel()  # its lease runs out, and the event goes again
        try:
            async with asyncio.timeout(self._pace.stop_limit_s):
                await self._settle()
        except Exception:
            log.exception("webhooks_unsettled", count=len(self._outcomes))


def written(delivery: Delivery) -> str:
    """The body, made of the event alone: a repeat is the same, byte by byte."""
    told = {"type": delivery.type, "timestamp": delivery.at.isoformat(), "data": delivery.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def signed(delivery: Delivery, body: str, now: datetime) -> dict[str, str]:
    """The headers of a post made now: one signature for each secret that holds, the newest first."""
    signatures = [Webhook(secret).sign(delivery.event, now, body) for secret in delivery.secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Soglia-Webhooks",
        "webhook-id": delivery.event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }

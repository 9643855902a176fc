"""Deliveries of events to webhooks: claimed with a lease, settled, and sent again when staff ask for it.

In: the time, and what became of each delivery. Out: deliveries with all that a post needs. Each verb of `RecordedDeliveries` is a
transaction of its own: a sender that dies between a post and its settling leaves a lease that runs out, and the event is posted
again under the same id. The lease is the fence: what a sender says of a row that another holds by now counts only if it arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.consent_texts import WITHDREW
from server.records.database import Database, Transaction
from server.records.outbox import NO_LEASE
from server.records.refusal import NotFound, Taken
from server.records.rows import Mark, before_mark
from server.records.tables import Table, WebhookDeliveryRow
from server.records.webhook_doors import signing
from server.records.webhooks import delivery_row

_webhooks, _events, _deliveries = (
    Table.metadata.tables[name] for name in ("webhooks", "webhook_events", "webhook_deliveries")
)

Word = Literal["delivered", "later", "dead_letter", "gone"]
Settled = Literal["delivered", "dead_letter"]
#: How a delivery stands: not settled yet, or what it was settled as.
State = Literal["waiting", "delivered", "dead_letter", "withdrawn"]

#: Of an event: no shopper is in it who agrees to being located no more.
_NOT_SILENT = sa.or_(_events.c.shopper_id.is_(None), _events.c.shopper_id.not_in(WITHDREW))

#: What is kept of a reason.
_LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook. `secrets` sign it, the newest first; `attempts` are those made before."""

    webhook: str
    url: str
    secrets: tuple[str, ...]
    event: str
    type: str
    data: Mapping[str, Any]
    at: datetime
    attempts: int
    since_at: datetime
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try. `gone`: the webhook is there no more, and is told of nothing from now on.

    `due_at` is when a `later` one goes again.
    """

    delivery: Delivery
    word: Word
    at: datetime
    why: str
    status: int | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery as staff see it."""

    row: WebhookDeliveryRow
    type: str
    at: datetime

    @property
    def state(self) -> State:
        return cast("State", self.row.outcome or "waiting")


class RecordedDeliveries:
    """What the sender takes deliveries from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime) -> list[str]:
        """The webhooks that are on and have something due."""
        waits = sa.exists().where(_deliveries.c.webhook_id == _webhooks.c.id, *_due(now))
        asked = sa.select(_webhooks.c.id).where(_webhooks.c.disabled_at.is_(None), waits)
        async with self._database.reading() as connection:
            return list((await connection.execute(asked.order_by(_webhooks.c.id))).scalars())

    async def claim(self, webhook: str, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Up to `limit` due deliveries to this webhook, those due first first; ours for `lease_s`."""
        lease = now + timedelta(seconds=lease_s)
        return await self._database.committed(
            lambda connection: _claim(connection, webhook, now, lease, limit)
        )

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Writes what became of these tries, all in one transaction."""
        await self._database.committed(lambda connection: _settle(connection, outcomes))

    async def give_up(self, before: datetime, now: datetime) -> int:
        """Gives up what has waited since before `before` and is not on its way; gives how many."""
        why = sa.func.coalesce(_deliveries.c.last_why, "it was not tried: the webhook was off or failing")
        old = (
            sa.update(_deliveries)
            .where(
                _deliveries.c.settled_at.is_(None),
                _deliveries.c.since_at <= before,
                _deliveries.c.leased_until <= now,
            )
            .values(settled_at=now, outcome="dead_letter", last_why=why)
        )
        return await self._database.committed(lambda connection: connection.execute(old).rowcount)

    async def hurry(self, webhook: str, now: datetime) -> int:
        """Lets what waits for another try go now: the webhook is back. Gives how many."""
        waits = (
            sa.update(_deliveries)
            .where(
                _deliveries.c.webhook_id == webhook,
                _deliveries.c.settled_at.is_(None),
                _deliveries.c.due_at > now,
                _deliveries.c.leased_until <= now,
            )
            .values(due_at=now)
        )
        return await self._database.committed(lambda connection: connection.execute(waits).rowcount)


async def waiting(connection: AsyncConnection) -> int:
    """How many deliveries are not settled."""
    asked = sa.select(sa.func.count()).select_from(_deliveries).where(_deliveries.c.settled_at.is_(None))
    return int(await connection.scalar(asked) or 0)


async def listed(
    connection: AsyncConnection,
    webhook: str,
    state: State | None,
    *,
    after: Mark | None,
    limit: int,
) -> list[Shown]:
    """Deliveries to a webhook, those queued last first, from behind the time and event `after`."""
    asked = (
        sa.select(_deliveries, _events.c.type, _events.c.at)
        .join(_events, _events.c.id == _deliveries.c.event_id)
        .where(_deliveries.c.webhook_id == webhook)
    )
    if state == "waiting":
        asked = asked.where(_deliveries.c.settled_at.is_(None))
    elif state is not None:
        asked = asked.where(_deliveries.c.outcome == state)
    if after is not None:
        asked = asked.where(before_mark(_deliveries.c.queued_at, _deliveries.c.event_id, after))
    asked = asked.order_by(_deliveries.c.queued_at.desc(), _deliveries.c.event_id.desc()).limit(limit)
    return [_shown(row) for row in (await connection.execute(asked)).mappings()]


async def replay(connection: AsyncConnection, webhook: str, event: str, now: datetime) -> None:
    """Sends one again, delivered or given up. Raises NotFound, or Taken for one that waits anyway."""
    which = (_deliveries.c.webhook_id == webhook, _deliveries.c.event_id == event)
    if await connection.scalar(sa.select(_deliveries.c.outcome).where(*which)) == "withdrawn":
        raise Taken(f"event {event} is told to nobody any more: its shopper took their word back")
    again = sa.update(_deliveries).where(*which, _deliveries.c.settled_at.is_not(None)).values(**_again(now))
    if (await connection.execute(again)).rowcount:
        return
    if await connection.scalar(sa.select(_deliveries.c.event_id).where(*which)) is None:
        raise NotFound(f"event {event} was never meant for webhook {webhook}")
    raise Taken(f"event {event} waits to be delivered already")


async def replay_since(
    connection: AsyncConnection, webhook: str, since: datetime, now: datetime, *, delivered_too: bool
) -> int:
    """Sends all again that happened at `since` or later and were given up; gives how many.

    `delivered_too`: those that arrived as well, and those that the webhook listens to and missed because it was off or new.
    """
    lately = sa.select(_events.c.id).where(_events.c.at >= since, _NOT_SILENT)
    outcomes: list[Settled] = ["dead_letter", "delivered"] if delivered_too else ["dead_letter"]
    again = sa.update(_deliveries).where(
        _deliveries.c.webhook_id == webhook,
        _deliveries.c.outcome.in_(outcomes),
        _deliveries.c.event_id.in_(lately),
    )
    count = (await connection.execute(again.values(**_again(now)))).rowcount
    return count + (await _queue_missed(connection, webhook, since, now) if delivered_too else 0)


async def _queue_missed(connection: AsyncConnection, webhook: str, since: datetime, now: datetime) -> int:
    types = await connection.scalar(sa.select(_webhooks.c.types).where(_webhooks.c.id == webhook))
    known = sa.select(_deliveries.c.event_id).where(_deliveries.c.webhook_id == webhook)
    missed = sa.select(_events.c.id, _events.c.shopper_id).where(
        _events.c.at >= since, _events.c.type != "webhook.test", _events.c.id.not_in(known), _NOT_SILENT
    )
    if types is not None:
        missed = missed.where(_events.c.type.in_(types))
    rows = [
        delivery_row(webhook, row.id, row.shopper_id, now) for row in (await connection.execute(missed)).all()
    ]
    if rows:
        await connection.execute(sa.insert(_deliveries), rows)
    return len(rows)


def _again(now: datetime) -> dict[str, Any]:
    return {
        "settled_at": None,
        "outcome": None,
        "since_at": now,
        "due_at": now,
        "leased_until": NO_LEASE,
        "attempts": 0,
    }


def _shown(row: Mapping[Any, Any]) -> Shown:
    own = {name: row[name] for name in WebhookDeliveryRow.model_fields}
    return Shown(WebhookDeliveryRow(**own), row["type"], row["at"])


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _deliveries.c.settled_at.is_(None),
        _deliveries.c.due_at <= now,
        _deliveries.c.leased_until <= now,
    )


def _claim(
    connection: Transaction, webhook: str, now: datetime, lease: datetime, limit: int
) -> list[Delivery]:
    door = connection.execute(
        sa.select(_webhooks).where(_webhooks.c.id == webhook, _webhooks.c.disabled_at.is_(None))
    ).one_or_none()
    if door is None:
        return []
    due = (
        sa.select(_deliveries.c.event_id)
        .where(_deliveries.c.webhook_id == webhook, *_due(now))
        .order_by(_deliveries.c.due_at, _deliveries.c.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # as in outbox.py: computed once
    )
    taken = connection.execute(
        sa.update(_deliveries)
        .where(_deliveries.c.webhook_id == webhook, _deliveries.c.event_id.in_(sa.select(due.c.event_id)))
        .values(leased_until=lease)
        .returning(_deliveries.c.event_id, _deliveries.c.attempts, _deliveries.c.since_at)
    ).all()
    found = connection.execute(
        sa.select(_events).where(_events.c.id.in_([row.event_id for row in taken])).order_by(_events.c.at)
    ).all()
    state = {row.event_id: row for row in taken}
    return [
        Delivery(
            webhook=webhook,
            url=door.url,
            secrets=signing(door.secrets, now),
            event=event.id,
            type=event.type,
            data=event.data,
            at=event.at,
            attempts=state[event.id].attempts,
            since_at=state[event.id].since_at,
            leased_until=lease,
        )
        for event in found
    ]


def _settle(connection: Transaction, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        delivery, arrived = outcome.delivery, outcome.word == "delivered"
        ours = sa.or_(_deliveries.c.leased_until == delivery.leased_until, sa.literal(arrived))
        settled = outcome.word != "later"
        connection.execute(
            sa.update(_deliveries)
            .where(
                _deliveries.c.webhook_id == delivery.webhook,
                _deliveries.c.event_id == delivery.event,
                _deliveries.c.settled_at.is_(None),
                _deliveries.c.since_at == delivery.since_at,  # replayed meanwhile: that is another story
                ours,
            )
            .values(
                leased_until=NO_LEASE,
                due_at=outcome.due_at or outcome.at,
                attempts=delivery.attempts + 1,
                settled_at=outcome.at if settled else None,
                outcome=("delivered" if arrived else "dead_letter") if settled else None,
                last_why=outcome.why[:_LONGEST_WORDS],
                last_status=outcome.status,
                last_tried_at=outcome.at,
            )
        )
    for gone in {each.delivery.webhook: each for each in outcomes if each.word == "gone"}.values():
        connection.execute(
            sa.update(_webhooks)
            .where(
                _webhooks.c.id == gone.delivery.webhook,
                _webhooks.c.url == gone.delivery.url,  # staff may have mended it meanwhile
                _webhooks.c.disabled_at.is_(None),
            )
            .values(disabled_at=gone.at, disabled_why=gone.why[:_LONGEST_WORDS], updated_at=gone.at)
        )

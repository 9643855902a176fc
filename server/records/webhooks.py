"""What other systems are told of: events, written in the transaction of what happened, one delivery for each webhook that listens.

In: what happened. Out: rows, which `server/delivery/webhooks.py` sends. While no webhook listens this is one question to a small
table and nothing is written. An event's id follows from its cause: doing a thing again tells of it once. Events name the shopper by
our id and by the shop's own; never a device, an address, or a position.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns import Decision, Send
from server.presence.visit import ZoneEvent
from server.records.bulk import among, insert_rows, rows_among
from server.records.database import Transaction
from server.records.outbox import NO_LEASE
from server.records.tables import PurchaseRow, Table, UseRow
from server.zones.naming import derived_id

_webhooks, _shoppers = Table.metadata.tables["webhooks"], Table.metadata.tables["shoppers"]
_events, _deliveries = (
    Table.metadata.tables["webhook_events"],
    Table.metadata.tables["webhook_deliveries"],
)

EventType = Literal[
    "visit.entered",
    "visit.exited",
    "decision.sent",
    "receipt.shown",
    "receipt.opened",
    "receipt.dismissed",
    "coupon.claimed",
    "redemption.made",
    "redemption.taken_back",
    "purchase.credited",
    "purchase.refunded",
    "webhook.test",
]
EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that other systems may want to know. `cause` is what makes it the same when it is told again."""

    type: EventType
    cause: tuple[str | float, ...]
    shopper: str | None
    data: Mapping[str, Any]
    at: datetime

    @property
    def id(self) -> str:
        return derived_id("evt", self.type, *self.cause)


class Webhooks:
    """The part of one open transaction of the path that other systems are told of."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def tell(
        self,
        events: Sequence[ZoneEvent],
        decisions: Sequence[Decision],
        shopper_of: Mapping[str, str],
        now: datetime,
    ) -> None:
        """Of visits that began and ended, and of offers that were decided."""
        turns = [each for each in events if each.kind != "dwelled"]
        sends = [each for each in decisions if isinstance(each, Send)]
        if turns or sends:
            visits = (_of_visit(each, shopper_of.get(each.device)) for each in turns)
            queue_all(self._connection, chain(visits, map(_of_send, sends)), now)


def queue_all(connection: Transaction, happened: Iterable[Happened], now: datetime) -> None:
    """Writes these events and their deliveries to the webhooks that listen; what was queued before stays as it is.

    While none listens `happened` is not even looked at.
    """
    listening = connection.execute(
        sa.select(_webhooks.c.id, _webhooks.c.types).where(_webhooks.c.disabled_at.is_(None))
    ).all()
    if not listening:
        return
    wanted = {
        each.id: each
        for each in happened
        if any(webhook.types is None or each.type in webhook.types for webhook in listening)
    }
    if not wanted:
        return
    own_ids = _own_ids(connection, {each.shopper for each in wanted.values() if each.shopper})
    insert_rows(connection, _events, [_event_row(each, own_ids, now) for each in wanted.values()])
    insert_rows(
        connection,
        _deliveries,
        [
            delivery_row(webhook.id, event, each.shopper, now)
            for webhook in listening
            for event, each in wanted.items()
            if webhook.types is None or each.type in webhook.types
        ],
    )


async def queue(connection: AsyncConnection, happened: Sequence[Happened], now: datetime) -> None:
    """The same, within a transaction of a door."""
    if happened:
        await connection.run_sync(lambda plain: queue_all(plain, happened, now))


async def queue_for(connection: AsyncConnection, webhook: str, happened: Happened, now: datetime) -> str:
    """Queues an event for one webhook alone, whatever it listens to; gives the event's id."""
    row, delivery = _event_row(happened, {}, now), delivery_row(webhook, happened.id, None, now)

    def write(plain: Transaction) -> None:
        insert_rows(plain, _events, [row])
        insert_rows(plain, _deliveries, [delivery])

    await connection.run_sync(write)
    return happened.id


def delivery_row(webhook: str, event: str, shopper: str | None, now: datetime) -> dict[str, Any]:
    """A delivery that waits from now on."""
    return {
        "webhook_id": webhook,
        "event_id": event,
        "shopper_id": shopper,
        "queued_at": now,
        "since_at": now,
        "due_at": now,
        "leased_until": NO_LEASE,
        "attempts": 0,
    }


async def forget_before(connection: AsyncConnection, before: datetime) -> int:
    """Deletes events queued before `before` with their deliveries, those that still wait too; gives how many events."""
    old = sa.select(_events.c.id).where(_events.c.queued_at < before)
    await connection.execute(sa.delete(_deliveries).where(_deliveries.c.event_id.in_(old)))
    return (await connection.execute(sa.delete(_events).where(_events.c.queued_at < before))).rowcount


# -- what is told


def of_receipt(
    offer: str, shopper: str, kind: Literal["shown", "opened", "dismissed"], at: datetime
) -> Happened:
    """A phone told what became of an offer."""
    return Happened(f"receipt.{kind}", (offer,), shopper, {"offer": offer}, at)  # type: ignore[arg-type]


def of_claim(offer: str, shopper: str, coupon: str, at: datetime) -> Happened:
    """An offer was turned into a coupon's code; the code itself is the shopper's."""
    return Happened("coupon.claimed", (offer,), shopper, {"offer": offer, "coupon": coupon}, at)


def of_use(use: UseRow) -> Happened:
    """An offer or a code was used at a till."""
    return Happened("redemption.made", (use.id,), use.shopper_id, _use_data(use), use.at)


def of_use_taken_back(use: UseRow, at: datetime) -> Happened:
    """A use was taken back."""
    return Happened("redemption.taken_back", (use.id,), use.shopper_id, _use_data(use), at)


def of_purchase(row: PurchaseRow) -> Happened:
    """An order was credited to an offer."""
    data = _purchase_data(row) | {"by": row.credited_by}
    return Happened("purchase.credited", (row.order_id,), row.shopper_id, data, row.at)


def of_refund(row: PurchaseRow, refund: str, amount_milli: int, at: datetime) -> Happened:
    """A part of a credited order was given back."""
    data = _purchase_data(row) | {"refund": refund, "refunded": amount_milli / 1000}
    return Happened("purchase.refunded", (refund,), row.shopper_id, data, at)


def _of_visit(event: ZoneEvent, shopper: str | None) -> Happened:
    data = {
        "visit": event.visit,
        "zone": event.zone,
        "entered_at": event.entered_at.isoformat(),
        "late": event.late,
    }
    if event.kind == "entered":
        return Happened("visit.entered", (event.visit,), shopper, data, event.at)
    left = {"exited_at": event.at.isoformat(), "dwelled_s": event.dwelled_s}
    return Happened("visit.exited", (event.visit,), shopper, data | left, event.at)


def _of_send(send: Send) -> Happened:
    data = {
        "decision": send.id,
        "offer": send.offer_id,
        "campaign": send.campaign,
        "campaign_version": send.campaign_version,
        "variant": send.variant,
        "visit": send.event.visit,
        "zone": send.event.zone,
        "channels": list(send.channels),
        "expires_at": send.expires_at.isoformat(),
    }
    return Happened("decision.sent", (send.id,), send.shopper, data, send.decided_at)


def _use_data(use: UseRow) -> dict[str, Any]:
    return {
        "redemption": use.id,
        "offer": use.outbox_id,
        "coupon": use.coupon_id,
        "shop": use.shop,
        "till": use.till,
        "order": use.order_id,
        "amount": None if use.amount_milli is None else use.amount_milli / 1000,
        "offline": use.offline,
    }


def _purchase_data(row: PurchaseRow) -> dict[str, Any]:
    return {
        "order": row.order_id,
        "offer": row.outbox_id,
        "campaign": row.campaign_id,
        "shop": row.shop,
        "amount": row.amount_milli / 1000,
        "currency": row.currency,
    }


def _event_row(happened: Happened, own_ids: Mapping[str, str | None], now: datetime) -> dict[str, Any]:
    shopper = happened.shopper
    who = {} if shopper is None else {"shopper": shopper, "own_id": own_ids.get(shopper)}
    return {
        "id": happened.id,
        "type": happened.type,
        "shopper_id": shopper,
        "data": {**who, **happened.data},
        "at": happened.at,
        "queued_at": now,
    }


def _own_ids(connection: Transaction, shoppers: set[str]) -> dict[str, str | None]:
    return {row.id: row.own_id for row in rows_among(connection, _shoppers_among, sorted(shoppers))}


def _shoppers_among(dialect: str) -> sa.Select[Any]:
    return sa.select(_shoppers.c.id, _shoppers.c.own_id).where(among(dialect, _shoppers.c.id))

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

from server.campaigns import Decision, Hold, HoldOut, Send, Verdict
from server.presence.visit import ZoneEvent
from server.records import consent_texts
from server.records.bulk import among, insert_rows, rows_among
from server.records.database import Transaction
from server.records.outbox import NO_LEASE
from server.records.tables import PurchaseRow, ReplyRow, Table, UseRow
from server.zones.naming import derived_id

_webhooks, _shoppers = Table.metadata.tables["webhooks"], Table.metadata.tables["shoppers"]
_consents = Table.metadata.tables["consents"]
_events, _deliveries = (
    Table.metadata.tables["webhook_events"],
    Table.metadata.tables["webhook_deliveries"],
)

EventType = Literal[
    "visit.entered",
    "visit.dwelled",
    "visit.exited",
    "decision.sent",
    "decision.withheld",
    "decision.held",
    "decision.held_out",
    "receipt.shown",
    "receipt.opened",
    "receipt.dismissed",
    "coupon.claimed",
    "redemption.made",
    "redemption.taken_back",
    "purchase.credited",
    "purchase.refunded",
    "reply.made",
    "reply.taken_back",
    "webhook.test",
]
EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)

#: Kinds of events that tell where a shopper was: told only while they agree to being located.
_OF_PRESENCE: Final = ("visit", "decision")


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
        """Of visits that began, lasted and ended, and of what was decided, silence included."""
        if events or decisions:
            visits = (_of_visit(each, shopper_of.get(each.device)) for each in events)
            queue_all(self._connection, chain(visits, map(_of_decision, decisions)), now)


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
    silent = _who_withdrew(connection, {each.shopper for each in wanted.values() if each.shopper})
    wanted = {
        event: each
        for event, each in wanted.items()
        if each.shopper not in silent or each.type.partition(".")[0] not in _OF_PRESENCE
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


async def tell_no_more(connection: AsyncConnection, now: datetime, shopper: str | None = None) -> None:
    """What waits to be told of where a shopper was and what was said to them there is told to nobody: they do not agree to it any more.

    Of this shopper; of all who withdrew where none is named.
    """
    withdrew = consent_texts.WITHDREW
    if shopper is not None:
        withdrew = withdrew.where(_consents.c.shopper_id == shopper)
    about = sa.select(_events.c.id).where(
        _events.c.shopper_id.in_(withdrew),
        sa.or_(*(_events.c.type.like(f"{kind}.%") for kind in _OF_PRESENCE)),
    )
    await connection.execute(
        sa.update(_deliveries)
        .where(
            sa.or_(_deliveries.c.settled_at.is_(None), _deliveries.c.outcome == "dead_letter"),
            _deliveries.c.event_id.in_(about),
        )
        .values(settled_at=now, outcome="withdrawn", last_why="no consent to location any more")
    )


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


def of_reply(row: ReplyRow) -> Happened:
    """A shopper asked for something or said something; their own words, and where to call them, are fetched by its id."""
    return Happened("reply.made", (row.id,), row.shopper_id, _reply_data(row), row.at)


def of_reply_taken_back(row: ReplyRow, at: datetime) -> Happened:
    """A shopper took their reply back; nothing of it is kept."""
    return Happened("reply.taken_back", (row.id,), row.shopper_id, _reply_data(row), at)


def _of_visit(event: ZoneEvent, shopper: str | None) -> Happened:
    data = {
        "visit": event.visit,
        "zone": event.zone,
        "entered_at": event.entered_at.isoformat(),
        "late": event.late,
    }
    if event.kind == "entered":
        return Happened("visit.entered", (event.visit,), shopper, data, event.at)
    if event.kind == "dwelled":
        stayed = {"dwelled_at": event.at.isoformat(), "dwelled_s": event.dwelled_s}
        return Happened("visit.dwelled", (event.visit, event.dwelled_s), shopper, data | stayed, event.at)
    left = {"exited_at": event.at.isoformat(), "dwelled_s": event.dwelled_s}
    return Happened("visit.exited", (event.visit,), shopper, data | left, event.at)


#: What a decision is called where it is told of, by its verdict.
_DECIDED: Final[Mapping[Verdict, EventType]] = {
    "send": "decision.sent",
    "withhold": "decision.withheld",
    "hold": "decision.held",
    "hold_out": "decision.held_out",
}


def _of_decision(made: Decision) -> Happened:
    data = {
        "decision": made.id,
        "campaign": made.campaign,
        "campaign_version": made.campaign_version,
        "variant": made.variant,
        "step": made.step,
        "visit": made.event.visit,
        "zone": made.event.zone,
    }
    match made:
        case Send():
            channels, ends_at = list(made.channels), made.expires_at.isoformat()
            data |= {"offer": made.offer_id, "channels": channels, "expires_at": ends_at}
        case HoldOut():
            data |= {"control": made.control}
        case Hold():
            data |= {"due_at": made.due_at.isoformat(), "reasons": _reasons(made)}
        case _:
            data |= {"reasons": _reasons(made)}
    return Happened(_DECIDED[made.verdict], (made.id,), made.shopper, data, made.decided_at)


def _reasons(made: Decision) -> list[dict[str, str]]:
    return [{"gate": reason.gate, "words": reason.words} for reason in made.reasons]


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


def _reply_data(row: ReplyRow) -> dict[str, Any]:
    return {
        "reply": row.id,
        "kind": row.kind,
        "offer": row.outbox_id,
        "campaign": row.campaign_id,
        "zone": row.zone_id,
        "about": row.about,
        "wants_at": row.wants_at.isoformat() if row.wants_at else None,
        "stars": row.stars,
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


def _who_withdrew(connection: Transaction, shoppers: set[str]) -> set[str]:
    """Those who agree to being located no more: their visits end with that, and nobody is told."""
    return {row.shopper_id for row in rows_among(connection, _withdrawn_among, sorted(shoppers))}


def _withdrawn_among(dialect: str) -> sa.Select[Any]:
    return consent_texts.WITHDREW.where(among(dialect, _consents.c.shopper_id))


def _shoppers_among(dialect: str) -> sa.Select[Any]:
    return sa.select(_shoppers.c.id, _shoppers.c.own_id).where(among(dialect, _shoppers.c.id))

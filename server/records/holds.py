"""Decisions that wait for their hour, and steps of journeys that wait for what happens: each is taken by one process and once.

In: decisions to hold, in the path's own transaction. Out: what is due. A row goes in the transaction that keeps what was decided next: a
process that dies in between leaves it due, and of two that look at once the second finds it gone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from server.campaigns import Held, Hold
from server.campaigns.journey import Step
from server.presence.visit import ZoneEvent
from server.records.bulk import Row, among, delete_rows, insert_rows, rows_among
from server.records.database import Connection, Transaction
from server.records.tables import Table

_holds, _visits = Table.metadata.tables["holds"], Table.metadata.tables["visits"]
_receipts, _redemptions = Table.metadata.tables["receipts"], Table.metadata.tables["redemptions"]

#: So many are looked at in one transaction; the others at the next tick.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: the decision that was held, whose it is, and the zone event that woke its campaign."""

    held: Held
    shopper: str
    event: ZoneEvent


class Holds:
    """The waiting half of one open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def keep(self, decisions: Sequence[Hold]) -> None:
        """Keeps held decisions until they are due."""
        insert_rows(self._connection, _holds, [_row(decision) for decision in decisions])

    def follow(self, steps: Sequence[Step]) -> None:
        """Keeps the steps of journeys that just began."""
        insert_rows(self._connection, _holds, [_step_row(step) for step in steps])

    def wake_whose_shoppers_came_back(
        self, events: Iterable[ZoneEvent], shopper_of: Mapping[str, str], now: datetime
    ) -> None:
        """Of shoppers who came into a shop anew the steps that waited for it are due now."""
        for event in events:
            if event.kind == "entered" and not event.late:
                self._connection.execute(_wake(shopper_of[event.device], event, now))

    def due(self, now: datetime) -> list[Waiting]:
        """What is due by `now`, the longest due first. Others may look at the same: `take` says whose it is."""
        due = sa.select(_holds).where(_holds.c.due_at <= now).order_by(_holds.c.due_at, _holds.c.id)
        return [_waiting(row) for row in self._connection.execute(due.limit(MOST_AT_ONCE))]

    def take(self, waiting: Collection[Waiting]) -> list[Waiting]:
        """Those of them that are still there, taken, with what became of the offers that they follow.

        Their shoppers are locked already (Facts.owners_of), so no two processes take one.
        """
        names = [each.held.decision for each in waiting]
        offers = {row.id: row.offer_id for row in rows_among(self._connection, _still_there, names)}
        delete_rows(self._connection, _holds, ("id",), [(name,) for name in sorted(offers)])
        followed = {offer for offer in offers.values() if offer}
        opened = {row.outbox_id for row in rows_among(self._connection, _opened, followed)}
        redeemed = {row.outbox_id for row in rows_among(self._connection, _redeemed, followed)}
        taken = []
        for each in waiting:
            if each.held.decision in offers:
                offer = offers[each.held.decision]
                held = replace(each.held, opened=offer in opened, redeemed=offer in redeemed)
                taken.append(replace(each, held=held))
        return taken


async def redeemed(connection: Connection, offer: str, at: datetime) -> None:
    """The steps that waited for an offer to be redeemed are due at `at`, in the transaction that redeems it."""
    await connection.execute(
        sa.update(_holds)
        .where(_holds.c.offer_id == offer, _holds.c.kind == "redeemed", _holds.c.woken_at.is_(None))
        .values(due_at=at, woken_at=at)
    )


async def next_due(connection: Connection) -> datetime | None:
    """When the next one is due; None where nothing waits."""
    due: datetime | None = await connection.scalar(
        sa.select(sa.func.min(_holds.c.due_at, type_=_holds.c.due_at.type))
    )
    return due


def _wake(shopper: str, event: ZoneEvent, now: datetime) -> sa.Update:
    """Who is there by another device since before has not come back."""
    still = sa.select(_visits.c.id).where(
        _visits.c.shopper_id == shopper,
        _visits.c.zone_id == event.zone,
        _visits.c.exited_at.is_(None),
        _visits.c.entered_at <= _holds.c.since_at,
    )
    return (
        sa.update(_holds)
        .where(
            _holds.c.shopper_id == shopper,
            _holds.c.site_id == event.zone,
            _holds.c.kind == "left_without_redeeming",
            _holds.c.woken_at.is_(None),
            _holds.c.since_at < event.entered_at,
            ~still.exists(),
        )
        .values(
            device_id=event.device,
            visit_id=event.visit,
            zone_id=event.zone,
            event=event.kind,
            dwelled_s=0.0,
            happened_at=event.at,
            entered_at=event.entered_at,
            due_at=now,
            woken_at=now,
        )
    )


def _step_row(step: Step) -> Row:
    send = step.send
    event = send.event
    return {
        "id": step.id,
        "shopper_id": send.shopper,
        "device_id": event.device,
        "visit_id": event.visit,
        "zone_id": event.zone,
        "campaign_id": send.campaign,
        "campaign_version": send.campaign_version,
        "site_id": send.site,
        "kind": step.when,
        "step": step.number,
        "offer_id": send.offer_id,
        "offer_visit_id": event.visit,
        "woken_at": None,
        "event": event.kind,
        "dwelled_s": event.dwelled_s,
        "happened_at": event.at,
        "entered_at": event.entered_at,
        "since_at": send.decided_at,
        "due_at": step.due_at,
    }


def _row(decision: Hold) -> Row:
    event = decision.event
    return {
        "id": decision.id,
        "shopper_id": decision.shopper,
        "device_id": event.device,
        "visit_id": event.visit,
        "zone_id": event.zone,
        "campaign_id": decision.campaign,
        "campaign_version": decision.campaign_version,
        "site_id": "",
        "kind": "hold",
        "step": 0,
        "offer_visit_id": "",
        "event": event.kind,
        "dwelled_s": event.dwelled_s,
        "happened_at": event.at,
        "entered_at": event.entered_at,
        "since_at": decision.since,
        "due_at": decision.due_at,
    }


def _waiting(row: Any) -> Waiting:
    event = ZoneEvent(
        kind=row.event,
        device=row.device_id,
        zone=row.zone_id,
        visit=row.visit_id,
        at=row.happened_at,
        entered_at=row.entered_at,
        dwelled_s=row.dwelled_s,
    )
    held = Held(
        row.id,
        row.campaign_id,
        row.campaign_version,
        row.since_at,
        step=row.step,
        visit=row.offer_visit_id,
        woken=row.woken_at is not None,
    )
    return Waiting(held, row.shopper_id, event)


@cache
def _still_there(dialect: str) -> sa.Select[Any]:
    found = sa.select(_holds.c.id, _holds.c.offer_id).where(among(dialect, _holds.c.id))
    return found.order_by(_holds.c.id).with_for_update()


@cache
def _opened(dialect: str) -> sa.Select[Any]:
    found = sa.select(_receipts.c.outbox_id).where(among(dialect, _receipts.c.outbox_id))
    return found.where(_receipts.c.kind == "opened")


@cache
def _redeemed(dialect: str) -> sa.Select[Any]:
    return sa.select(_redemptions.c.outbox_id).where(among(dialect, _redemptions.c.outbox_id))

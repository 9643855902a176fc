"""Decisions that wait: kept when they are held, taken when they are due, each by one process and once.

In: decisions to hold, in the path's own transaction. Out: what is due. A row goes in the transaction that keeps what was decided next: a
process that dies in between leaves it due, and of two that look at once the second finds it gone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from server.campaigns import Held, Hold
from server.presence.visit import ZoneEvent
from server.records.bulk import Row, among, insert_rows, rows_among
from server.records.database import Connection, Transaction
from server.records.tables import Table

_holds = Table.metadata.tables["holds"]

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

    def due(self, now: datetime) -> list[Waiting]:
        """What is due by `now`, the longest due first. Others may look at the same: `take` says whose it is."""
        due = sa.select(_holds).where(_holds.c.due_at <= now).order_by(_holds.c.due_at, _holds.c.id)
        return [_waiting(row) for row in self._connection.execute(due.limit(MOST_AT_ONCE))]

    def take(self, waiting: Collection[Waiting]) -> list[Waiting]:
        """Those of them that are still there, taken. Their shoppers are locked already (Facts.owners_of), so no two take one."""
        taken = {
            row.id for row in rows_among(self._connection, _still_there, [w.held.decision for w in waiting])
        }
        if taken:
            self._connection.execute(sa.delete(_holds).where(_holds.c.id.in_(sorted(taken))))
        return [each for each in waiting if each.held.decision in taken]


async def next_due(connection: Connection) -> datetime | None:
    """When the next one is due; None where nothing waits."""
    due: datetime | None = await connection.scalar(
        sa.select(sa.func.min(_holds.c.due_at, type_=_holds.c.due_at.type))
    )
    return due


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
    held = Held(row.id, row.campaign_id, row.campaign_version, row.since_at)
    return Waiting(held, row.shopper_id, event)


@cache
def _still_there(dialect: str) -> sa.Select[Any]:
    return sa.select(_holds.c.id).where(among(dialect, _holds.c.id)).order_by(_holds.c.id).with_for_update()

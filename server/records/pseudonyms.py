"""Rows that reports count, with nobody in them: every id by which a shopper could be found again becomes one drawn by chance.

In: rows of one shopper, by table. Out: the same rows under new names, so that totals stay as they were. The same old name becomes the same new
one within a call, so that what belongs together still does; no key is kept anywhere, and so nobody can go back. Old ids had to go too
where they are no names at all: a visit's id follows from its device (zones/naming.py), and whoever has the device could make it again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.naming import fresh_id
from server.records.outbox import NO_LEASE
from server.records.tables import Table

#: What an id stands for: the same id of the same kind gets the same new name.
Kind = Literal["shopper", "device", "visit", "decision", "offer", "order", "code", "use", "refund"]

#: No id that stands for anything begins so.
_PREFIX: Final = "x"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What becomes of each column of a table: `renamed` ids, `emptied` ones with what is put there, and facts of the shop that are `kept`."""

    renamed: Mapping[str, Kind]
    kept: frozenset[str]
    emptied: Mapping[str, Any] = field(default_factory=dict)


def _counted(renamed: Mapping[str, Kind], kept: str, **emptied: Any) -> Counted:
    return Counted(renamed, frozenset(kept.split()), emptied)


#: Every column of these tables is named here, so that a new one has to be thought about: a test asks for it.
COUNTED: Final[Mapping[str, Counted]] = {
    "visits": _counted(
        {"id": "visit", "shopper_id": "shopper", "device_id": "device"},
        "zone_id entered_at exited_at dwelled_s late",
        opened_by=None,
        closed_by=None,
    ),
    "exposures": _counted(
        {
            "id": "offer",
            "decision_id": "decision",
            "shopper_id": "shopper",
            "device_id": "device",
            "visit_id": "visit",
        },
        "zone_id site_id campaign_id campaign_version campaign_group variant control channel one_a_visit woken_by step cost day "
        "happened_at at",
    ),
    "outbox": _counted(
        {
            "id": "offer",
            "decision_id": "decision",
            "shopper_id": "shopper",
            "device_id": "device",
            "visit_id": "visit",
        },
        "zone_id campaign_id channel happened_at heard_at created_at expires_at due_at attempts settled_at outcome taken_by receipt_s",
        channels=None,
        address_id=None,
        title="",
        body="",
        data={},
        collapse_key="",
        last_why=None,
        next_at=None,
        leased_until=NO_LEASE,
    ),
    "receipts": _counted({"outbox_id": "offer", "shopper_id": "shopper"}, "kind at received_at"),
    "redemptions": _counted({"outbox_id": "offer", "shopper_id": "shopper"}, "till amount at"),
    "coupon_claims": _counted(
        {"outbox_id": "offer", "code": "code", "shopper_id": "shopper", "device_id": "device"},
        "coupon_id claimed_at ends_at",
    ),
    "uses": _counted(
        {"id": "use", "code": "code", "outbox_id": "offer", "shopper_id": "shopper", "order_id": "order"},
        "coupon_id shop till amount_milli spent_milli offline at received_at void_at void_why",
    ),
    "purchases": _counted(
        {"order_id": "order", "shopper_id": "shopper", "outbox_id": "offer"},
        "campaign_id credited_by shop till currency amount_milli refunded_milli at received_at",
    ),
    "refunds": _counted({"id": "refund", "order_id": "order", "shopper_id": "shopper"}, "amount_milli at"),
    "audit": _counted(
        {}, "id at kind key_id staff_id role verb outcome", object=None, shopper_id=None
    ),  # what staff did stays told; to whom does not
}


def is_pseudonym(id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether an id was drawn here."""
    return id.startswith(f"{_PREFIX}_", autoescape=True)


async def take_names_off(connection: AsyncConnection, rows: Rows, now: datetime) -> None:
    """Puts these rows back without the shopper. They must be locked, or their shopper be.

    What still was to be sent never is, and a visit that lasted ends now: nobody is there any more to end it.
    """
    names: defaultdict[tuple[Kind, str], str] = defaultdict(lambda: fresh_id(_PREFIX))
    for name, some in rows.items():
        table, counted = Table.metadata.tables[name], COUNTED[name]
        keys = [*table.primary_key.columns]
        for row in some:
            this = sa.and_(*(key == row[key.name] for key in keys))
            await connection.execute(sa.delete(table).where(this))
        nameless = [_nameless(row, counted, names) | _ended(name, row, now) for row in some]
        if nameless:
            await connection.execute(sa.insert(table), nameless)


def _nameless(
    row: Mapping[str, Any], counted: Counted, names: defaultdict[tuple[Kind, str], str]
) -> dict[str, Any]:
    renamed = {
        column: None if row[column] is None else names[kind, row[column]]
        for column, kind in counted.renamed.items()
    }
    return {**row, **renamed, **counted.emptied}


def _ended(table: str, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """No dead letter stays either: staff could send it again, and there is nobody to send it to."""
    if table == "visits" and row["exited_at"] is None:
        return {"exited_at": max(now, row["entered_at"])}
    if table == "outbox":
        sent = row["outcome"] == "sent" or row["taken_by"] is not None
        return {"settled_at": row["settled_at"] or now, "outcome": "sent" if sent else "withdrawn"}
    return {}

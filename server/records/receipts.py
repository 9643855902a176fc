"""Receipts: what the phone says happened to an offer. Shown, opened, dismissed, each once.

In: receipts of one shopper. Out: a verdict for each, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import webhooks
from server.records.database import insert_into
from server.records.tables import ReceiptRow, Table

Kind = Literal["shown", "opened", "dismissed"]
Verdict = Literal["accepted", "duplicate", "unknown_offer"]

_outbox = Table.metadata.tables["outbox"]
_receipts = Table.metadata.tables["receipts"]


@dataclass(frozen=True, slots=True)
class Receipt:
    offer: str
    kind: Kind
    at: datetime


async def take(
    connection: AsyncConnection, shopper: str, receipts: Sequence[Receipt], now: datetime
) -> list[Verdict]:
    """Keeps receipts (at most database.MANY) for offers that this shopper was given."""
    offers = {receipt.offer for receipt in receipts}
    theirs = await connection.execute(
        sa.select(_outbox.c.id).where(_outbox.c.id.in_(offers), _outbox.c.shopper_id == shopper)
    )
    known = set(theirs.scalars())
    verdicts: list[Verdict] = []
    for receipt in receipts:
        if receipt.offer not in known:
            verdicts.append("unknown_offer")
            continue
        row = ReceiptRow(
            outbox_id=receipt.offer, kind=receipt.kind, shopper_id=shopper, at=receipt.at, received_at=now
        )
        kept = await connection.execute(
            insert_into(connection, _receipts).values(**row.model_dump()).on_conflict_do_nothing()
        )
        verdicts.append("accepted" if kept.rowcount else "duplicate")
    new = [receipt for receipt, verdict in zip(receipts, verdicts, strict=True) if verdict == "accepted"]
    told = [webhooks.of_receipt(each.offer, shopper, each.kind, each.at) for each in new]
    await webhooks.queue(connection, told, now)
    return verdicts

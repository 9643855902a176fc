"""The inbox of a shopper: the offers they were sent, by whatever channel, and that still live.

In: a shopper. Out: outbox rows with what the phone told of each. The rows themselves are the inbox, so there is nothing to keep twice.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.rows import Mark, before_mark
from server.records.tables import OutboxRow, Table

_outbox = Table.metadata.tables["outbox"]
_receipts = Table.metadata.tables["receipts"]


async def listed(
    connection: AsyncConnection,
    shopper: str,
    now: datetime,
    *,
    after: Mark | None,
    limit: int,
) -> list[OutboxRow]:
    """The newest first, from behind the time and id `after`."""
    asked = sa.select(_outbox).where(
        _outbox.c.shopper_id == shopper, _outbox.c.taken_by.is_not(None), _outbox.c.expires_at > now
    )
    if after is not None:
        asked = asked.where(before_mark(_outbox.c.created_at, _outbox.c.id, after))
    asked = asked.order_by(_outbox.c.created_at.desc(), _outbox.c.id.desc()).limit(limit)
    return [OutboxRow(**row) for row in (await connection.execute(asked)).mappings()]


async def receipts_of(connection: AsyncConnection, offers: list[str]) -> Mapping[str, set[str]]:
    """What the phone told of each of these offers (at most database.MANY) before."""
    told: dict[str, set[str]] = {offer: set() for offer in offers}
    found = await connection.execute(
        sa.select(_receipts.c.outbox_id, _receipts.c.kind).where(_receipts.c.outbox_id.in_(offers))
    )
    for row in found:
        told[row.outbox_id].add(row.kind)
    return told

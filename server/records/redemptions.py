"""Redemptions: an offer was used at a till, once, whoever asks first.

In: the offer's id. Out: the redemption, or why not.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.refusal import NotFound, Taken
from server.records.tables import RedemptionRow, Table

_outbox = Table.metadata.tables["outbox"]
_redemptions = Table.metadata.tables["redemptions"]


class AlreadyRedeemed(Taken):
    """The offer was used before; its text says when."""


async def redeem(
    connection: AsyncConnection,
    offer: str,
    at: datetime,
    *,
    till: str | None = None,
    amount: float | None = None,
) -> RedemptionRow:
    """Uses an offer. Raises NotFound for one that was never given, AlreadyRedeemed for one that was used.

    `amount` is what the shopper paid, in the shop's currency. Of two tills at the same moment one wins: the key of the
    table decides it, and on PostgreSQL the second waits for the first to commit.
    """
    owner = await connection.execute(sa.select(_outbox.c.shopper_id).where(_outbox.c.id == offer))
    shopper = owner.scalar_one_or_none()
    if shopper is None:
        raise NotFound(f"no offer {offer} was ever given")
    row = RedemptionRow(outbox_id=offer, shopper_id=shopper, till=till, amount=amount, at=at)
    kept = await connection.execute(
        insert_into(connection, _redemptions).values(**row.model_dump()).on_conflict_do_nothing()
    )
    if kept.rowcount:
        return row
    earlier = await connection.execute(sa.select(_redemptions.c.at).where(_redemptions.c.outbox_id == offer))
    raise AlreadyRedeemed(f"this offer was redeemed already, at {earlier.scalar_one():%Y-%m-%d %H:%M:%S} UTC")

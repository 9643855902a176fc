"""Whether staff may walk with a fob: in: its beacon id. Out: yes, where it is nobody's or a tester's own.

What gateways hear of a fob tells where its bearer is, and no shopper's place is shown to staff.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.tables import Table

_devices = Table.metadata.tables["devices"]
_testers = Table.metadata.tables["testers"]
_anchors = Table.metadata.tables["anchors"]


async def may_walk(connection: AsyncConnection, beacon: str) -> bool:
    """False for a shopper's fob, and for a beacon that is fixed to a wall."""
    fixed = sa.select(_anchors.c.id).where(_anchors.c.beacon == beacon)
    if await connection.scalar(fixed):
        return False
    owner = sa.select(_devices.c.shopper_id).where(_devices.c.beacon == beacon)
    shopper = await connection.scalar(owner)
    if shopper is None:
        return True
    theirs = sa.select(_devices.c.id).where(_devices.c.shopper_id == shopper)
    return bool(
        await connection.scalar(sa.select(_testers.c.id).where(_testers.c.device_id.in_(theirs)).limit(1))
    )

"""What the hot doors must know to tell whose a sighting is: identities of devices, anchors by gateway and by beacon."""

from collections.abc import AsyncIterator, Collection

import sqlalchemy as sa

from server.records.database import Connection, in_parts
from server.records.devices import Identity
from server.records.tables import Table

_devices = Table.metadata.tables["devices"]
_anchors, _gateways = Table.metadata.tables["anchors"], Table.metadata.tables["gateways"]

_identity = sa.select(
    _devices.c.id,
    _devices.c.shopper_id,
    _devices.c.beacon,
    _devices.c.eid_key,
    _devices.c.eid_exponent,
    _devices.c.eid_epoch,
)

#: Devices read at a time where all are read: some milliseconds of work between which others get their turn.
_SOME = 500


async def everybody(connection: Connection) -> AsyncIterator[list[Identity]]:
    """All devices, some at a time."""
    async with connection.stream(_identity) as rows:
        async for some in rows.partitions(_SOME):
            yield [Identity(*row) for row in some]


async def identities_of(
    connection: Connection, shoppers: Collection[str], devices: Collection[str] = ()
) -> list[Identity]:
    """All devices of these shoppers, and of the owners of these devices."""
    found: dict[str, Identity] = {}
    for some in in_parts(shoppers):
        rows = await connection.execute(_identity.where(_devices.c.shopper_id.in_(some)))
        found |= {row.id: Identity(*row) for row in rows}
    for some in in_parts(set(devices) - found.keys()):
        owners = sa.select(_devices.c.shopper_id).where(_devices.c.id.in_(some))
        rows = await connection.execute(_identity.where(_devices.c.shopper_id.in_(owners)))
        found |= {row.id: Identity(*row) for row in rows}
    return list(found.values())


async def anchors_by_gateway(connection: Connection) -> dict[str, str]:
    """Gateway id to the id of its anchor."""
    rows = await connection.execute(sa.select(_gateways.c.id, _gateways.c.anchor_id))
    return {row.id: row.anchor_id for row in rows}


async def anchors_by_beacon(connection: Connection) -> dict[str, str]:
    """Beacon id text to the id of the fixed beacon's anchor."""
    rows = await connection.execute(
        sa.select(_anchors.c.beacon, _anchors.c.id).where(_anchors.c.beacon.is_not(None))
    )
    return {row.beacon: row.id for row in rows}

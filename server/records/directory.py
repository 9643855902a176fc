"""What the hot doors must know to tell whose a sighting is: identities of some devices, anchors by gateway and by beacon."""

from collections.abc import Collection

import sqlalchemy as sa

from server.records.database import MANY, Connection
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


async def identities_of(connection: Connection, shopper: str) -> list[Identity]:
    """The devices of one shopper."""
    rows = await connection.execute(_identity.where(_devices.c.shopper_id == shopper))
    return [Identity(*row) for row in rows]


async def identities_among(connection: Connection, some: Collection[str]) -> list[Identity]:
    """Those of these device ids that there are."""
    wanted = sorted(set(some))
    found: list[Identity] = []
    for start in range(0, len(wanted), MANY):
        rows = await connection.execute(_identity.where(_devices.c.id.in_(wanted[start : start + MANY])))
        found += [Identity(*row) for row in rows]
    return found


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

"""The stays of a device that are not over, as the path left them. Written by path.py, read here."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import devices
from server.records.tables import StayRow, Table

_stays = Table.metadata.tables["stays"]


async def of_device(connection: AsyncConnection, device: str) -> list[StayRow]:
    """By when they were entered, then by zone. Raises NotFound for a device that is not known."""
    await devices.find(connection, device)
    found = await connection.execute(
        sa.select(_stays).where(_stays.c.device_id == device).order_by(_stays.c.entered_at, _stays.c.zone_id)
    )
    return [StayRow(**row) for row in found.mappings()]

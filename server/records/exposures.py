"""Exposures: who was spoken to by which campaign, and who would have been but for the control group. Written by the path, forgotten here."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.tables import Table

_exposures = Table.metadata.tables["exposures"]


async def forget_before(connection: AsyncConnection, before: datetime) -> int:
    """Deletes exposures of before `before`; gives how many. Caps must not look further back."""
    return (await connection.execute(sa.delete(_exposures).where(_exposures.c.at < before))).rowcount

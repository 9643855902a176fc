"""Testers: phones of the staff's own, which may be sent a campaign to try it. A phone joins by itself, with a code that staff show.

In: a name for an invitation; a code and a device to take it up. Out: rows. Codes are kept as hashes and hold for a quarter of an hour, once.
Verbs take an open connection and never commit.
"""

import hashlib
import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import shoppers
from server.records.naming import fresh_id
from server.records.refusal import NotFound
from server.records.rows import by_id
from server.records.tables import DeviceRow, Table, TesterRow

#: Long enough to install an app and scan a code, too short to be guessed at or passed on.
INVITATION: Final = timedelta(minutes=15)
_CODE_BYTES: Final = 10  # 80 bits, 16 letters

_testers = Table.metadata.tables["testers"]


async def invite(connection: AsyncConnection, name: str, now: datetime) -> tuple[TesterRow, str]:
    """An invitation and its code, which is told this once. Those that nobody took up in time are cleared away."""
    await connection.execute(
        sa.delete(_testers).where(_testers.c.device_id.is_(None), _testers.c.ends_at <= now)
    )
    code = b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii").lower()
    row = TesterRow(
        id=fresh_id("te"), name=name, code_hash=hashed(code), made_at=now, ends_at=now + INVITATION
    )
    await connection.execute(sa.insert(_testers).values(**row.model_dump()))
    return row, code


async def join(connection: AsyncConnection, code: str, device: DeviceRow, now: datetime) -> TesterRow:
    """The device takes up an invitation; what it was before it is no more. Raises NotFound for a code that holds no longer, or never did."""
    await shoppers.lock(
        connection, device.shopper_id
    )  # who is being erased joins nothing; of two joins one comes second
    await leave(connection, device.id)
    joined = await connection.execute(
        sa.update(_testers)
        .where(_testers.c.code_hash == hashed(code), _testers.c.device_id.is_(None), _testers.c.ends_at > now)
        .values(device_id=device.id, shopper_id=device.shopper_id, joined_at=now)
        .returning(_testers)
    )
    found = joined.mappings().one_or_none()
    if found is None:
        raise NotFound("this code does not hold: it was used, or is older than a quarter of an hour")
    return TesterRow(**found)


async def leave(connection: AsyncConnection, device: str) -> None:
    """The device is no tester any more; it need not have been one."""
    await connection.execute(sa.delete(_testers).where(_testers.c.device_id == device))


async def withdraw(connection: AsyncConnection, shopper: str) -> None:
    """None of the shopper's phones is a tester any more: joining was a consent, and they withdrew."""
    await connection.execute(sa.delete(_testers).where(_testers.c.shopper_id == shopper))


async def remove(connection: AsyncConnection, tester: str) -> None:
    """Raises NotFound."""
    await by_id(connection, TesterRow, tester, "tester")
    await connection.execute(sa.delete(_testers).where(_testers.c.id == tester))


async def listed(connection: AsyncConnection, now: datetime) -> list[TesterRow]:
    """Testers, and invitations that still hold, by name."""
    holds = sa.or_(_testers.c.device_id.is_not(None), _testers.c.ends_at > now)
    rows = await connection.execute(sa.select(_testers).where(holds).order_by(_testers.c.name, _testers.c.id))
    return [TesterRow(**row) for row in rows.mappings()]


async def phone_of(connection: AsyncConnection, tester: str) -> TesterRow:
    """A tester who has joined: `device_id` and `shopper_id` are set. Raises NotFound."""
    row = await by_id(connection, TesterRow, tester, "tester")
    if row.device_id is None:
        raise NotFound(f"no phone has joined as tester {tester} yet")
    return row


def hashed(code: str) -> str:
    """How a code is kept: who joined with it can be found by it again, and nobody can join with it twice."""
    return hashlib.sha256(code.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()

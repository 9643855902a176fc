"""The keys that sign codes for tills without a line.

In: nothing. Out: the key that signs now, made where there is none; all public ones. A private key never leaves the records but
to sign; a till keeps the public ones, which are no secret.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.tables import Table, TillKeyRow

_keys = Table.metadata.tables["till_keys"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    number: int
    private_key: bytes
    made_at: datetime


async def signing(connection: AsyncConnection, now: datetime) -> SigningKey:
    """The key that signs now. The first one is made when it is asked for; of two processes that ask at once one makes it."""
    kept = await every(connection)
    if kept:
        return kept[-1]
    await _make(connection, 1, now)
    return (await every(connection))[-1]


async def renew(connection: AsyncConnection, now: datetime) -> SigningKey:
    """A new key signs from now on. Those before stay believed: codes that they signed are in people's pockets."""
    kept = await every(connection)
    await _make(connection, kept[-1].number + 1 if kept else 1, now)
    return (await every(connection))[-1]


async def every(connection: AsyncConnection) -> list[SigningKey]:
    """All keys, the one that signs last."""
    rows = await connection.execute(sa.select(_keys).order_by(_keys.c.number))
    return [SigningKey(row.number, bytes(row.private_key), row.made_at) for row in rows]


async def _make(connection: AsyncConnection, number: int, now: datetime) -> None:
    row = TillKeyRow(number=number, private_key=Ed25519PrivateKey.generate().private_bytes_raw(), made_at=now)
    await connection.execute(
        insert_into(connection, _keys).values(**row.model_dump()).on_conflict_do_nothing()
    )

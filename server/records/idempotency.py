"""Answers already given, so that asking again (a retry after a broken line) does nothing twice and gets the same answer.

In: who asks, their `Idempotency-Key` as a hash, and what they ask as a hash. Out: the earlier answer, or a turn to act.
The turn is taken in the transaction that acts: a second asker at the same moment waits for its end (PostgreSQL at
the row, SQLite at the writer's lock), and a transaction that fails leaves no trace.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.tables import IdempotencyRow, Table

_answers = Table.metadata.tables["idempotency"]


async def take_turn(
    connection: AsyncConnection, owner: str, key: str, request_hash: bytes, now: datetime
) -> IdempotencyRow | None:
    """None: act, then `settle`. A row: it was done, with the answer of the request that had its `request_hash`."""
    row = IdempotencyRow(owner=owner, key=key, request_hash=request_hash, status=0, answer="", created_at=now)
    mine = await connection.execute(
        insert_into(connection, _answers).values(**row.model_dump()).on_conflict_do_nothing()
    )
    if mine.rowcount:
        return None
    earlier = await connection.execute(
        sa.select(_answers).where(_answers.c.owner == owner, _answers.c.key == key)
    )
    return IdempotencyRow(**earlier.mappings().one())


async def settle(connection: AsyncConnection, owner: str, key: str, status: int, answer: str) -> None:
    """Keeps the answer beside what it tells of, in the same transaction."""
    await connection.execute(
        sa.update(_answers)
        .where(_answers.c.owner == owner, _answers.c.key == key)
        .values(status=status, answer=answer)
    )

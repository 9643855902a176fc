"""Sessions of staff: keys of kind "staff". Which there are, when each was last seen, and their end.

In: whose. Out: rows, the newest first. Verbs take an open connection and never commit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import keys
from server.records.refusal import NotFound
from server.records.tables import KeyRow, Table

#: When a session was last seen is known to the minute: it is not written at each request.
SEEN_EACH: Final = timedelta(minutes=1)

_keys = Table.metadata.tables["keys"]


async def living(connection: AsyncConnection, staff: str, now: datetime) -> list[KeyRow]:
    """The sessions of a member that have not ended, the newest first."""
    found = await connection.execute(
        sa.select(_keys)
        .where(*_living(staff, now))
        .order_by(_keys.c.created_at.desc(), _keys.c.id.desc())
        .limit(200)
    )
    return [KeyRow(**row) for row in found.mappings()]


async def end(connection: AsyncConnection, staff: str, session: str, now: datetime) -> None:
    """Ends one session of a member. Raises NotFound where they have none of this id, or it has ended."""
    ended = await connection.execute(
        sa.update(_keys).where(*_living(staff, now), _keys.c.id == session).values(revoked_at=now)
    )
    if not ended.rowcount:
        raise NotFound(f"there is no session {session}")


async def end_others(connection: AsyncConnection, staff: str, mine: str, now: datetime) -> None:
    """Ends all sessions of a member but `mine`."""
    await connection.execute(
        sa.update(_keys).where(*_living(staff, now), _keys.c.id != mine).values(revoked_at=now)
    )


async def end_all(connection: AsyncConnection, staff: str, now: datetime) -> None:
    """Ends all sessions of a member."""
    await keys.revoke_of(connection, staff, now)


async def was_seen(connection: AsyncConnection, session: str) -> datetime | None:
    """When a session was last seen, as far as it was written down."""
    seen: datetime | None = await connection.scalar(sa.select(_keys.c.seen_at).where(_keys.c.id == session))
    return seen


async def see(connection: AsyncConnection, session: str, now: datetime) -> None:
    """It is used now."""
    await connection.execute(sa.update(_keys).where(_keys.c.id == session).values(seen_at=now))


async def last_seen(connection: AsyncConnection, staff: Sequence[str]) -> dict[str, datetime]:
    """When each of these members was last here: at their log-in, or as a session of theirs was seen."""
    seen = sa.func.max(sa.func.coalesce(_keys.c.seen_at, _keys.c.created_at), type_=_keys.c.created_at.type)
    found = await connection.execute(
        sa.select(_keys.c.owner_id, seen)
        .where(_keys.c.kind == "staff", _keys.c.owner_id.in_(staff))
        .group_by(_keys.c.owner_id)
    )
    return {member: at for member, at in found if at is not None}


def _living(staff: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _keys.c.kind == "staff",
        _keys.c.owner_id == staff,
        _keys.c.revoked_at.is_(None),
        sa.or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > now),
    )

"""Those who work here: people with a password and a role.

In: an e-mail as somebody typed it, a password's hash (`passwords.py` makes it). Out: rows. Sessions are keys of kind
"staff" (`keys.py`), so that ending one is ending a key.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import keys
from server.records.database import insert_into
from server.records.keys import Role
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Refusal, Taken
from server.records.rows import by_id, page
from server.records.tables import StaffRow, Table

_staff = Table.metadata.tables["staff"]

#: What an e-mail looks like, as far as anybody but its mail server can tell.
EMAIL = r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+"


def as_kept(email: str) -> str:
    """An e-mail as the records hold it: people type capitals where their phone puts them."""
    return email.strip().casefold()


async def add(
    connection: AsyncConnection, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> StaffRow:
    """Raises Taken where somebody has this e-mail already."""
    row = StaffRow(
        id=fresh_id("st"),
        email=as_kept(email),
        name=name,
        role=role,
        password_hash=password_hash,
        created_at=now,
    )
    added = await connection.execute(
        insert_into(connection, _staff)
        .values(**row.model_dump())
        .on_conflict_do_nothing(index_elements=["email"])
    )
    if not added.rowcount:
        raise Taken("somebody on the staff has this e-mail already")
    return row


async def find_by_email(connection: AsyncConnection, email: str) -> StaffRow | None:
    """Whoever has this e-mail, those who left too."""
    found = await connection.execute(sa.select(_staff).where(_staff.c.email == as_kept(email)))
    row = found.mappings().one_or_none()
    return None if row is None else StaffRow(**row)


async def find(connection: AsyncConnection, id: str) -> StaffRow:
    """Raises NotFound."""
    return await by_id(connection, StaffRow, id, "member of the staff")


async def listed(connection: AsyncConnection, *, after: str = "", limit: int = 100) -> list[StaffRow]:
    """Everybody, those who left too, by id from after `after`."""
    return await page(connection, StaffRow, after, limit)


async def owners(connection: AsyncConnection) -> int:
    """How many owners there are who did not leave."""
    count = await connection.execute(
        sa.select(sa.func.count()).where(_staff.c.role == "owner", _staff.c.disabled_at.is_(None))
    )
    return count.scalar_one()


async def set_password(connection: AsyncConnection, staff: str, password_hash: str) -> None:
    await connection.execute(
        sa.update(_staff).where(_staff.c.id == staff).values(password_hash=password_hash)
    )


async def disable(connection: AsyncConnection, staff: str, now: datetime) -> None:
    """Somebody left: their sessions end with it. NotFound where nobody is called so; Refusal for the last owner."""
    owners = await connection.execute(
        sa.select(_staff.c.id)
        .where(_staff.c.role == "owner", _staff.c.disabled_at.is_(None))
        .order_by(_staff.c.id)
        .with_for_update()  # two owners must not dismiss each other at the same moment
    )
    if owners.scalars().all() == [staff]:
        raise Refusal("this is the last owner: nobody could let anyone in any more")
    left = await connection.execute(
        sa.update(_staff).where(_staff.c.id == staff, _staff.c.disabled_at.is_(None)).values(disabled_at=now)
    )
    if not left.rowcount:
        raise NotFound(f"nobody on the staff is {staff}")
    await keys.revoke_of(connection, staff, now)

"""Those who work here: people with a password and a role.

In: an e-mail as somebody typed it, a password's hash (`passwords.py` makes it). Out: rows. Sessions are keys of kind
"staff" (`keys.py`), so that ending one is ending a key.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import keys
from server.records.database import insert_into
from server.records.keys import Role
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Refusal, Taken
from server.records.rows import by_id, page
from server.records.tables import StaffRow, Table

_staff, _zones = Table.metadata.tables["staff"], Table.metadata.tables["zones"]

#: Whose work lies in shops, and so may be that in some of them.
OF_SHOPS: Final[tuple[Role, ...]] = ("manager", "cashier")

#: What an e-mail looks like, as far as anybody but its mail server can tell.
EMAIL = r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+"

#: In place of a password's hash: whatever is typed, it does not fit.
NO_PASSWORD = ""


def as_kept(email: str) -> str:
    """An e-mail as the records hold it: people type capitals where their phone puts them."""
    return email.strip().casefold()


async def add(
    connection: AsyncConnection,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    now: datetime,
    *,
    shops: Collection[str] | None = None,
) -> StaffRow:
    """Raises Taken where somebody has this e-mail already, and as `set_shops` does."""
    await refuse_shops(connection, role, shops)
    row = StaffRow(
        id=fresh_id("st"),
        email=as_kept(email),
        name=name,
        role=role,
        password_hash=password_hash,
        shops=None if shops is None else sorted(set(shops)),
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
    """`NO_PASSWORD` in place of a hash: none fits, until they choose one by a link."""
    await connection.execute(
        sa.update(_staff).where(_staff.c.id == staff).values(password_hash=password_hash)
    )


async def set_shops(connection: AsyncConnection, staff: str, shops: Collection[str] | None) -> StaffRow:
    """Says which shops somebody is of; None: of all. NotFound for whoever is not known; Refusal for what is no shop, and for a role of all."""
    row = await find(connection, staff)
    await refuse_shops(connection, cast("Role", row.role), shops)
    row.shops = None if shops is None else sorted(set(shops))
    await connection.execute(sa.update(_staff).where(_staff.c.id == staff).values(shops=row.shops))
    return row


async def refuse_shops(connection: AsyncConnection, role: Role, shops: Collection[str] | None) -> None:
    """Raises Refusal for what is no shop, and for a role of all."""
    if shops is None:
        return
    if role not in OF_SHOPS:
        raise Refusal(f"only {' and '.join(OF_SHOPS)}s are of some shops: {role}s see to all")
    if not shops:
        raise Refusal("whoever is of some shops is of one at least; leave them out for all")
    sites = sa.select(_zones.c.id).where(_zones.c.id.in_(shops), _zones.c.level == "site")
    missing = set(shops) - set(await connection.scalars(sites))
    if missing:
        raise Refusal(f"there is no site {', '.join(sorted(missing))}: shops are named by their sites' ids")


async def change(
    connection: AsyncConnection, staff: str, *, name: str | None = None, role: Role | None = None
) -> StaffRow:
    """Another name or role; whose role is of all shops is of all. NotFound for nobody, and for who left; Refusal for the last owner, who must stay one."""
    if role is not None and role != "owner":
        await _refuse_the_last_owner(connection, staff)
    said = {"name": name, "role": role}
    sees_all = {"shops": None} if role is not None and role not in OF_SHOPS else {}
    changed = await connection.execute(
        sa.update(_staff)
        .where(_staff.c.id == staff, _staff.c.disabled_at.is_(None))
        .values(**{key: value for key, value in said.items() if value is not None}, **sees_all, id=staff)
    )
    if not changed.rowcount:
        raise NotFound(f"nobody on the staff is {staff}")
    return await find(connection, staff)


async def disable(connection: AsyncConnection, staff: str, now: datetime) -> None:
    """Somebody left: their sessions end with it. NotFound where nobody is called so; Refusal for the last owner."""
    await _refuse_the_last_owner(connection, staff)
    left = await connection.execute(
        sa.update(_staff).where(_staff.c.id == staff, _staff.c.disabled_at.is_(None)).values(disabled_at=now)
    )
    if not left.rowcount:
        raise NotFound(f"nobody on the staff is {staff}")
    await keys.revoke_of(connection, staff, now)


async def take_back(connection: AsyncConnection, staff: str) -> StaffRow:
    """Somebody who left is here again, with the password they had. Raises NotFound for nobody who left."""
    here = await connection.execute(
        sa.update(_staff)
        .where(_staff.c.id == staff, _staff.c.disabled_at.is_not(None))
        .values(disabled_at=None)
    )
    if not here.rowcount:
        raise NotFound(f"nobody who left is {staff}")
    return await find(connection, staff)


async def _refuse_the_last_owner(connection: AsyncConnection, staff: str) -> None:
    owners = await connection.execute(
        sa.select(_staff.c.id)
        .where(_staff.c.role == "owner", _staff.c.disabled_at.is_(None))
        .order_by(_staff.c.id)
        .with_for_update()  # two owners must not dismiss each other at the same moment
    )
    if owners.scalars().all() == [staff]:
        raise Refusal("this is the last owner: nobody could let anyone in any more")

"""Links for staff: to join, to choose a new password, to finish a log-in. A token is shown once, kept as its hash, and good once.

In: whom it is for and until when. Out: rows, and the token this once. Verbs take an open connection and never commit.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.keys import Role, token_hash
from server.records.naming import fresh_id
from server.records.refusal import NotFound
from server.records.rows import page
from server.records.tables import StaffLinkRow, Table

Kind = Literal["invitation", "reset", "log_in"]

#: Somebody on holiday still finds it; who finds it in an old mailbox does not.
HOLDS: Final = timedelta(days=7)

#: Between the password and the code: long enough to fetch the phone from the back room.
STEP_HOLDS: Final = timedelta(minutes=10)

_links = Table.metadata.tables["staff_links"]


async def invite(
    connection: AsyncConnection,
    email: str,
    name: str,
    role: Role,
    now: datetime,
    *,
    shops: Collection[str] | None = None,
    made_by: str | None = None,
) -> tuple[StaffLinkRow, str]:
    """A link by which somebody joins the staff; one that was made for the same e-mail before holds no more."""
    await connection.execute(sa.delete(_links).where(_links.c.kind == "invitation", _links.c.email == email))
    return await _make(
        connection,
        StaffLinkRow(
            **_fresh("invitation", now, HOLDS),
            email=email,
            name=name,
            role=role,
            shops=None if shops is None else sorted(set(shops)),
            made_by=made_by,
        ),
    )


async def make_for(
    connection: AsyncConnection,
    kind: Literal["reset", "log_in"],
    staff: str,
    now: datetime,
    *,
    made_by: str | None = None,
    browser: str | None = None,
) -> tuple[StaffLinkRow, str]:
    """A link for somebody of the staff; an earlier one for a new password holds no more."""
    if kind == "reset":
        await end_all_of(connection, staff)
    holds = HOLDS if kind == "reset" else STEP_HOLDS
    return await _make(
        connection, StaffLinkRow(**_fresh(kind, now, holds), staff_id=staff, made_by=made_by, browser=browser)
    )


def _fresh(kind: Kind, now: datetime, holds: timedelta) -> dict[str, Any]:
    return {"id": fresh_id("li"), "kind": kind, "made_at": now, "ends_at": now + holds}


async def _make(connection: AsyncConnection, row: StaffLinkRow) -> tuple[StaffLinkRow, str]:
    token = secrets.token_urlsafe(32)
    row.token_hash = token_hash(token)
    await connection.execute(sa.insert(_links).values(**row.model_dump()))
    return row, token


async def find(
    connection: AsyncConnection, token: str, kinds: tuple[Kind, ...], now: datetime
) -> StaffLinkRow:
    """The link of a token. Raises NotFound for one that was used or taken back, has ended, or never was."""
    found = await connection.execute(
        sa.select(_links).where(
            _links.c.token_hash == token_hash(token), _links.c.kind.in_(kinds), _links.c.ends_at > now
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("this link holds no longer: it was used, taken back, or is too old")
    return StaffLinkRow(**row)


async def use(
    connection: AsyncConnection, token: str, kinds: tuple[Kind, ...], now: datetime
) -> StaffLinkRow:
    """Uses a link up: of two that come at once one is told that it holds no longer (NotFound)."""
    row = await find(connection, token, kinds, now)
    await _end(connection, row.id)
    return row


async def waiting(
    connection: AsyncConnection, now: datetime, *, after: str = "", limit: int = 100
) -> list[StaffLinkRow]:
    """Invitations and links for new passwords that still hold, by id from after `after`."""
    return await page(
        connection, StaffLinkRow, after, limit, _links.c.kind != "log_in", _links.c.ends_at > now
    )


async def take_back(connection: AsyncConnection, link: str) -> None:
    """Raises NotFound."""
    await _end(connection, link)


async def end_all_of(connection: AsyncConnection, staff: str) -> None:
    """No link for this member holds any more."""
    await connection.execute(sa.delete(_links).where(_links.c.staff_id == staff))


async def _end(connection: AsyncConnection, link: str) -> None:
    gone = await connection.execute(sa.delete(_links).where(_links.c.id == link))
    if not gone.rowcount:
        raise NotFound("this link holds no longer: it was used, taken back, or is too old")

"""The audit log: who of the staff, or which system with a server key, did or saw what, and how it ended. Written once, never changed.

In: what was done, with the names that were in the request. Out: lines, the newest first. A name that is a shopper's, or of something of
theirs, is kept as the id with whose it is, so that both can be emptied when the shopper is erased (`pseudonyms.COUNTED`); a name that
stands for nothing is not kept: it may be anything that somebody typed. No bodies, no texts, no addresses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import shoppers
from server.records.keys import Principal
from server.records.naming import fresh_id
from server.records.refusal import NotFound
from server.records.rows import Mark, before_mark
from server.records.tables import AuditRow, Table

_tables = Table.metadata.tables
_audit, _keys, _devices, _staff = (_tables[name] for name in ("audit", "keys", "devices", "staff"))

#: What somebody's things are called in paths, queries and bodies: the table that says whose they are, by which column.
THINGS: Final[Mapping[str, tuple[str, str]]] = {
    "device": ("devices", "id"),
    "visit": ("visits", "id"),
    "decision": ("decisions", "id"),
    "offer": ("outbox", "id"),
    "order": ("purchases", "order_id"),
    "redemption": ("uses", "id"),
    "event": ("webhook_events", "id"),
    "reply": ("replies", "id"),
    "tester": ("testers", "id"),
}

#: No id, ours or the shop's own, is longer. Who names more than this many things is told of by the first of them.
_LONGEST, _MOST_NAMED = 200, 32

#: Control characters, and halves of characters.
_NEVER_IN_A_NAME: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

#: Words for a shopper; the shop's own name is one too.
PEOPLE: Final = frozenset({"shopper", "own_id"})

#: Names that are nobody's: they are kept as they stand.
NOBODYS: Final = frozenset(
    {
        "zone",
        "plan",
        "survey",
        "walk",
        "anchor",
        "gateway",
        "campaign",
        "version",
        "segment",
        "coupon",
        "member",
        "session",
        "invitation",
        "webhook",
    }
    | {"purpose", "id"}
)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is at the machine's own command line, as its system knows them: `os:luigi`."""

    key: str
    kind: str = "command"
    owner: None = None
    role: None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did or saw: by which door or command, how it ended (HTTP status; exit code), and what was named, the weightiest first."""

    who: Principal | Operator
    verb: str
    outcome: int
    named: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Object:
    """What it was about, and whose that is."""

    id: str | None = None
    shopper: str | None = None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines: of `who` (a staff member or a key), of one door, about one object or shopper, at or after `since` and before `until`."""

    who: str | None = None
    verb: str | None = None
    object: str | None = None
    shopper: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def write(connection: AsyncConnection, act: Act, now: datetime) -> AuditRow:
    """Adds a line."""
    about = await _object(connection, act)
    row = AuditRow(
        id=fresh_id("au"),
        at=now,
        kind=act.who.kind,
        key_id=act.who.key or None,
        staff_id=act.who.owner if act.who.kind == "staff" else None,
        role=act.who.role,
        verb=act.verb,
        object=about.id,
        shopper_id=about.shopper,
        outcome=act.outcome,
    )
    await connection.execute(sa.insert(_audit).values(**row.model_dump()))
    return row


async def listed(
    connection: AsyncConnection, query: AuditQuery, *, after: Mark | None = None, limit: int = 100
) -> list[AuditRow]:
    """Lines, the newest first, from behind `after`."""
    columns = _audit.c
    where: list[sa.ColumnElement[bool]] = []
    if query.who is not None:
        where.append(sa.or_(columns.staff_id == query.who, columns.key_id == query.who))
    for column, wanted in (
        (columns.verb, query.verb),
        (columns.object, query.object),
        (columns.shopper_id, query.shopper),
    ):
        if wanted is not None:
            where.append(column == wanted)
    if query.since is not None:
        where.append(columns.at >= query.since)
    if query.until is not None:
        where.append(columns.at < query.until)
    if after is not None:
        where.append(before_mark(columns.at, columns.id, after))
    found = await connection.execute(
        sa.select(_audit).where(*where).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
    )
    return [AuditRow(**row) for row in found.mappings()]


async def names_of(connection: AsyncConnection, rows: Sequence[AuditRow]) -> dict[str, str]:
    """How staff and keys are called, by id."""
    members = {row.staff_id for row in rows if row.staff_id}
    keys = {row.key_id for row in rows if row.key_id}
    named = await connection.execute(sa.select(_staff.c.id, _staff.c.name).where(_staff.c.id.in_(members)))
    called = await connection.execute(sa.select(_keys.c.id, _keys.c.name).where(_keys.c.id.in_(keys)))
    return {row.id: row.name for row in (*called, *named)}


async def _object(connection: AsyncConnection, act: Act) -> Object:
    """The first of the names that stands for something."""
    named = [(word, value) for word, value in act.named if _may_be_a_name(value)][:_MOST_NAMED]
    nobodys = dict.fromkeys(value for word, value in named if word in NOBODYS)
    for word, value in named:
        if word in PEOPLE:
            found = await _person(connection, word, value)
        elif word == "key":
            found = await _key(connection, value)
        elif word in THINGS:
            found = await _thing(connection, word, value)
        else:
            continue
        if found is not None:
            return found
    return Object("/".join(nobodys)[:200] or None) if act.outcome not in {404, 422} else Object()


def _may_be_a_name(value: str) -> bool:
    """Whether it is as fields.OwnId lets in: a database that refuses to look for a NUL must not keep the line from being written."""
    return 0 < len(value) <= _LONGEST and not _NEVER_IN_A_NAME.search(value)


async def _person(connection: AsyncConnection, word: str, name: str) -> Object | None:
    """Our id comes first: a shop's own name that looks like another's id must not stand in for them."""
    if word == "shopper" and await shoppers.is_known(connection, name):
        return Object(name, name)
    try:
        shopper = await shoppers.known_as(connection, name)
    except NotFound:
        return None
    return Object(shopper, shopper)


async def _thing(connection: AsyncConnection, word: str, name: str) -> Object | None:
    table, column = THINGS[word]
    known = _tables[table].c
    found = await connection.execute(sa.select(known.shopper_id).where(known[column] == name))
    row = found.first()
    return Object(name, row.shopper_id) if row else None


async def _key(connection: AsyncConnection, name: str) -> Object | None:
    """A device's key is its shopper's; the others are the shop's."""
    theirs = sa.and_(_keys.c.kind == "device", _devices.c.id == _keys.c.owner_id)
    found = await connection.execute(
        sa.select(_devices.c.shopper_id)
        .select_from(_keys.outerjoin(_devices, theirs))
        .where(_keys.c.id == name)
    )
    row = found.first()
    return Object(name, row.shopper_id) if row else None

"""Tokens: who speaks, and as what. Only a token's SHA-256 is kept; the token itself is shown once, when it is issued.

In: a token as presented. Out: a `Principal`. A token is `sog_<kind>_` and 43 url-safe characters (256 bits of chance),
so that its hash needs no salt and no slow hashing, and a look-up by hash tells nothing by its time.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import Database
from server.records.naming import fresh_id
from server.records.refusal import NotFound
from server.records.rows import by_id, page
from server.records.tables import KeyRow, Table

Kind = Literal["app", "server", "gateway", "device", "staff"]
Role = Literal["owner", "manager", "marketer", "analyst", "cashier"]
ROLES: Final[tuple[Role, ...]] = ("owner", "manager", "marketer", "analyst", "cashier")

#: What a token looks like: anything else is refused without a look at the database.
_TOKEN = re.compile(r"sog_(?:app|server|gateway|device|staff)_[A-Za-z0-9_-]{43}")

#: The kinds whose holders sign what they say: a gateway its bodies, the shop's own server a shopper's proof.
_SIGNING: Final = frozenset({"gateway", "server"})

_keys = Table.metadata.tables["keys"]
_staff = Table.metadata.tables["staff"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who speaks: `key` is the id of their token, `owner` the gateway, device or staff member it stands for.

    `shops` are the ids of the sites that staff are of; None: of all.
    """

    kind: Kind
    key: str
    owner: str | None = None
    signing_key: bytes | None = None
    role: Role | None = None  # of staff
    shops: frozenset[str] | None = None  # of staff
    expires_at_s: float = inf  # UTC epoch seconds


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key and, this once, its token."""

    key: str
    token: str


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def signing_key(token: str) -> bytes:
    """The secret of both ends for signatures: it follows from the token, and the token does not follow from it."""
    return hmac.digest(token.encode(), b"soglia-signature-v1", "sha256")


async def issue(
    connection: AsyncConnection,
    kind: Kind,
    name: str,
    now: datetime,
    *,
    owner: str | None = None,
    expires_at: datetime | None = None,
) -> Issued:
    """Makes a key and gives its token, which nobody can see again."""
    issued = Issued(fresh_id("k"), f"sog_{kind}_{secrets.token_urlsafe(32)}")
    await connection.execute(
        sa.insert(_keys).values(
            id=issued.key,
            kind=kind,
            name=name,
            owner_id=owner,
            token_hash=token_hash(issued.token),
            signing_key=signing_key(issued.token) if kind in _SIGNING else None,
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
    )
    return issued


async def revoke(connection: AsyncConnection, key: str, now: datetime) -> None:
    """Ends a key for good; ending it twice is no error. NotFound where there is no such key."""
    found = await connection.execute(
        sa.update(_keys)
        .where(_keys.c.id == key)
        .values(
            revoked_at=sa.func.coalesce(_keys.c.revoked_at, sa.bindparam("now", now, _keys.c.revoked_at.type))
        )
    )
    if not found.rowcount:
        raise NotFound(f"there is no key {key}")


async def revoke_of(connection: AsyncConnection, owner: str, now: datetime) -> int:
    """Ends all keys of a gateway, device or staff member; gives how many."""
    ended = await connection.execute(
        sa.update(_keys).where(_keys.c.owner_id == owner, _keys.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return ended.rowcount


async def listed(
    connection: AsyncConnection, kinds: Sequence[Kind], *, after: str = "", limit: int = 100
) -> list[KeyRow]:
    """Keys of these kinds, ended ones too, by id from after `after`."""
    return await page(connection, KeyRow, after, limit, _keys.c.kind.in_(kinds))


async def find_key(connection: AsyncConnection, key: str) -> KeyRow:
    """One key by its id. Raises NotFound."""
    return await by_id(connection, KeyRow, key, "key")


async def vouching_key(connection: AsyncConnection, key: str, now: datetime) -> bytes | None:
    """The signing key of a live server key; None for any other key, or one that ended."""
    found = await connection.execute(
        sa.select(_keys.c.signing_key).where(
            _keys.c.id == key,
            _keys.c.kind == "server",
            _keys.c.revoked_at.is_(None),
            sa.or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > now),
        )
    )
    return found.scalar_one_or_none()


class Keyring:
    """All live keys in memory, by the hash of their token, so that a door knows at once who speaks.

    `find` never waits. A key issued a moment ago, perhaps by another process, is found by `look_up`; a key that was
    ended vanishes at the next `reload`, which the news of the catalogue asks for.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self._clock = clock
        self._known: dict[bytes, Principal] = {}
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, token: str) -> Principal | None:
        """Who speaks with this token, as far as this process knows; None for an unknown, ended or expired one."""
        principal = self._known.get(token_hash(token))
        if principal is None or principal.expires_at_s <= self._clock():
            return None
        return principal

    async def look_up(self, token: str) -> Principal | None:
        """As `find`, and where that knows nothing, one look into the database."""
        principal = self.find(token)
        if principal is not None or not _TOKEN.fullmatch(token):
            return principal
        hashed = token_hash(token)
        known = (
            self._known
        )  # a reload that ends meanwhile replaces it: what we read may be older than what it read
        async with self.database.reading() as connection:
            row = (await connection.execute(self._live().where(_keys.c.token_hash == hashed))).one_or_none()
        if row is None:
            return None
        known[hashed] = _principal(row)
        return known[hashed]

    async def reload(self) -> None:
        """Learns all live keys afresh; what was ended is forgotten."""
        async with self._turn:
            known: dict[bytes, Principal] = {}
            async with self.database.reading() as connection:
                rows = await connection.stream(self._live())
                async for part in rows.partitions(2_000):  # other tasks get their turn between parts
                    known.update((bytes(row.token_hash), _principal(row)) for row in part)
            self._known = known

    def _live(self) -> sa.Select[Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return (
            sa.select(
                _keys.c.id,
                _keys.c.kind,
                _keys.c.owner_id,
                _keys.c.token_hash,
                _keys.c.signing_key,
                _keys.c.expires_at,
                _staff.c.role,
                _staff.c.shops,
            )
            .outerjoin(_staff, sa.and_(_keys.c.kind == "staff", _staff.c.id == _keys.c.owner_id))
            .where(
                _keys.c.revoked_at.is_(None),
                sa.or_(_keys.c.expires_at.is_(None), _keys.c.expires_at > now),
                sa.or_(
                    _keys.c.kind != "staff",
                    sa.and_(_staff.c.id.is_not(None), _staff.c.disabled_at.is_(None)),
                ),
            )
        )


def _principal(row: sa.Row[Any]) -> Principal:
    return Principal(
        kind=row.kind,
        key=row.id,
        owner=row.owner_id,
        signing_key=row.signing_key,
        role=row.role,
        shops=None if row.shops is None else frozenset(row.shops),
        expires_at_s=inf if row.expires_at is None else row.expires_at.timestamp(),
    )

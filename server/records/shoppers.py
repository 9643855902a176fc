"""Shoppers: who owns devices and consents. The shop may know them by an id of its own (a loyalty number).

In: what the shop's systems or a phone say of a shopper. Out: rows. Positions never come here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.moment import Attribute
from server.records.database import insert_into
from server.records.naming import fresh_id
from server.records.refusal import NotFound
from server.records.rows import page
from server.records.shops import Shops, only, shoppers_of
from server.records.tables import ShopperRow, Table

_shoppers = Table.metadata.tables["shoppers"]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a shopper. `facts` are columns to be set, and only those; None empties one.

    `attributes` are set one by one, None removes one; `tags` replace all tags, None leaves them.
    """

    facts: Mapping[str, str | None] = field(default_factory=dict)
    attributes: Mapping[str, Attribute | None] = field(default_factory=dict)
    tags: Sequence[str] | None = None


async def meet(connection: AsyncConnection, own_id: str | None, now: datetime) -> tuple[ShopperRow, bool]:
    """The shopper whom the shop knows as `own_id`, made where there is none, and whether they were made.

    Without `own_id` somebody new whom the shop does not know by name. The row is locked until the end of the transaction.
    """
    row = ShopperRow(id=fresh_id("sh"), own_id=own_id, attributes={}, tags=[], created_at=now)
    made = await connection.execute(
        insert_into(connection, _shoppers)
        .values(**row.model_dump())
        .on_conflict_do_nothing(index_elements=["own_id"])
    )
    if made.rowcount:
        return row, True
    return await _one(connection, _shoppers.c.own_id == own_id, f"own id {own_id}", lock=True), False


async def note(connection: AsyncConnection, shopper: str, said: Said) -> ShopperRow:
    """Keeps what was said of a shopper; gives how they stand then. Raises NotFound."""
    row = await lock(connection, shopper)
    attributes = {**row.attributes, **said.attributes}
    changed: dict[str, Any] = {
        **said.facts,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "tags": row.tags if said.tags is None else sorted(set(said.tags)),
    }
    await connection.execute(sa.update(_shoppers).where(_shoppers.c.id == shopper).values(**changed))
    return ShopperRow(**{**row.model_dump(), **changed})


async def find(connection: AsyncConnection, shopper: str) -> ShopperRow:
    """Raises NotFound."""
    return await _one(connection, _shoppers.c.id == shopper, shopper)


async def is_known(connection: AsyncConnection, shopper: str) -> bool:
    """Whether there is a shopper of this id."""
    return await connection.scalar(sa.select(_shoppers.c.id).where(_shoppers.c.id == shopper)) is not None


async def known_as(connection: AsyncConnection, name: str) -> str:
    """The id of the shopper whom the shop knows by this name, or whose id with us it is. Raises NotFound."""
    either = sa.or_(_shoppers.c.own_id == name, _shoppers.c.id == name)
    found = await connection.execute(sa.select(_shoppers.c.id, _shoppers.c.own_id).where(either))
    known = {row.own_id == name: row.id for row in found}  # the shop's own name comes first
    if not known:
        raise NotFound("there is no shopper of that id, ours or the shop's own")
    return str(known[max(known)])


async def lock(connection: AsyncConnection, shopper: str) -> ShopperRow:
    """As `find`; whoever else would change this shopper's things waits for the end of the transaction."""
    return await _one(connection, _shoppers.c.id == shopper, shopper, lock=True)


async def listed(
    connection: AsyncConnection,
    *,
    own_id: str | None = None,
    shops: Shops = None,
    after: str = "",
    limit: int = 100,
) -> list[ShopperRow]:
    """Shoppers by id from after `after`, those who visited one of `shops`; with `own_id` at most the one whom the shop knows by it."""
    where = () if own_id is None else (_shoppers.c.own_id == own_id,)
    return await page(connection, ShopperRow, after, limit, *where, *only(_shoppers.c.id, shops, shoppers_of))


async def _one(
    connection: AsyncConnection, which: sa.ColumnElement[bool], name: str, *, lock: bool = False
) -> ShopperRow:
    query = sa.select(_shoppers).where(which)
    if lock:
        query = query.with_for_update()  # SQLite ignores it: there a writer is alone
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no shopper {name}")
    return ShopperRow(**row)

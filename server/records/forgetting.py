"""Being forgotten, and seeing all that is known: every table that carries a shopper.

In: a shopper's id. Out: all their rows by table (a copy to take away), or none left. Which tables those are follows from
the tables themselves: whatever has a `shopper_id` or a `device_id` belongs to somebody, so that a table added
later is forgotten too; `FOLLOWED` names those that hold a shopper by another road. A test holds this against the schema.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import shoppers
from server.records.tables import Table

_tables = Table.metadata.tables
_shoppers, _devices, _keys, _answers = (
    _tables[name] for name in ("shoppers", "devices", "keys", "idempotency")
)

#: Tables without the columns that tell, found through the device: its tokens, and the answers given to it.
FOLLOWED: Final = frozenset({"shoppers", "keys", "idempotency"})

#: Columns that a copy leaves out: hashes and secrets are no facts about anybody.
_SECRET: Final = frozenset({"token_hash", "signing_key", "eid_key", "request_hash", "answer"})

#: Tables without any shopper in them.
IMPERSONAL: Final = frozenset(
    {"catalogue_versions", "zones", "floor_plans", "surveys", "anchors", "gateways", "staff", "campaigns"}
    | {"coupons", "till_keys", "issues", "webhooks", "campaign_versions", "segments"}
)


async def export(connection: AsyncConnection, shopper: str) -> dict[str, list[dict[str, Any]]]:
    """All rows about a shopper, by table, but for secrets. Raises NotFound."""
    await shoppers.find(connection, shopper)
    copy = {}
    for table, theirs in _belongings(shopper):
        shown = [column for column in table.columns if column.name not in _SECRET]
        rows = await connection.execute(sa.select(*shown).where(theirs).order_by(*table.primary_key.columns))
        copy[table.name] = [dict(row) for row in rows.mappings()]
    return copy


async def forget(connection: AsyncConnection, shopper: str) -> None:
    """Erases all rows about a shopper. Raises NotFound.

    The devices' keys vanish with them, so that nothing more comes in: bump "keys" and "devices".
    """
    await shoppers.lock(connection, shopper)
    for table, theirs in _belongings(shopper):
        await connection.execute(sa.delete(table).where(theirs))


def _belongings(shopper: str) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Each table that holds a shopper and which of its rows are theirs; in an order in which they can be deleted."""
    devices = sa.select(_devices.c.id).where(_devices.c.shopper_id == shopper)
    keys = sa.select(_keys.c.id).where(_keys.c.kind == "device", _keys.c.owner_id.in_(devices))
    belongings = [
        (table, _rows_of(table, shopper, devices))
        for table in sorted(_tables.values(), key=lambda table: table.name)
        if table.name not in FOLLOWED | IMPERSONAL | {"devices"}
    ]
    return [
        *belongings,
        (_answers, _answers.c.owner.in_(keys)),
        (_keys, sa.and_(_keys.c.kind == "device", _keys.c.owner_id.in_(devices))),
        (_devices, _devices.c.shopper_id == shopper),
        (_shoppers, _shoppers.c.id == shopper),
    ]


def _rows_of(table: sa.Table, shopper: str, devices: sa.Select[tuple[Any]]) -> sa.ColumnElement[bool]:
    ways = []
    if "shopper_id" in table.columns:
        ways.append(table.columns["shopper_id"] == shopper)
    if "device_id" in table.columns:
        ways.append(table.columns["device_id"].in_(devices))
    return sa.or_(*ways)

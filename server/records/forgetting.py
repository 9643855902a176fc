"""Being forgotten, and seeing all that is known: every table that carries a shopper.

In: a shopper's id. Out: all their rows by table (a copy to take away), or none left. Which tables those are follows from
the tables themselves: whatever has a `shopper_id` or a `device_id` belongs to somebody, so that a table added
later is forgotten too; `FOLLOWED` names those that hold a shopper by another road, `IMPERSONAL` those that hold none, with the reason.
A test holds all this against the schema, and looks for an erased shopper in every byte.

What reports count (`pseudonyms.COUNTED`) stays, under names drawn by chance; everything else is deleted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import shoppers
from server.records.pseudonyms import COUNTED, take_names_off
from server.records.tables import Table

_tables = Table.metadata.tables
_shoppers, _devices, _keys, _answers = (
    _tables[name] for name in ("shoppers", "devices", "keys", "idempotency")
)

#: Tables without the columns that tell, found through the device: its tokens, and the answers given to it.
FOLLOWED: Final = frozenset({"shoppers", "keys", "idempotency"})

#: Columns that a copy leaves out: hashes and secrets are no facts about anybody.
_SECRET: Final = frozenset({"token_hash", "code_hash", "signing_key", "eid_key", "request_hash", "answer"})

#: Tables without any shopper in them, and why there is none.
IMPERSONAL: Final[Mapping[str, str]] = {
    "catalogue_versions": "numbers that grow",
    "zones": "places",
    "floor_plans": "places",
    "surveys": "a walk by the staff",
    "anchors": "the shop's machines",
    "gateways": "the shop's machines",
    "staff": "who works here, who is no shopper",
    "staff_links": "who is invited to work here",
    "second_factors": "how staff come in",
    "campaigns": "what the shop says to everybody",
    "campaign_versions": "what the shop said to everybody",
    "segments": "rules, not those whom they fit",
    "coupons": "what a code is worth",
    "till_keys": "the shop's own keys",
    "issues": "how many, not who",
    "webhooks": "the shop's other systems",
    "consent_texts": "what everybody is asked",
}


async def export(connection: AsyncConnection, shopper: str) -> dict[str, list[dict[str, Any]]]:
    """All rows about a shopper, by table, but for secrets. Raises NotFound."""
    await shoppers.find(connection, shopper)
    copy = {}
    for table, theirs in _belongings(shopper):
        shown = [column for column in table.columns if column.name not in _SECRET]
        rows = await connection.execute(sa.select(*shown).where(theirs).order_by(*table.primary_key.columns))
        copy[table.name] = [dict(row) for row in rows.mappings()]
    return copy


async def forget(connection: AsyncConnection, shopper: str, now: datetime) -> None:
    """Erases a shopper: no row says anything of them any more. Raises NotFound.

    The devices' keys vanish with them, so that nothing more comes in: bump "keys" and "devices".
    """
    # In the path's own order, devices and then the shopper; again for a device that came in between.
    for _ in range(2):
        await connection.execute(
            sa.select(_devices.c.id)
            .where(_devices.c.shopper_id == shopper)
            .order_by(_devices.c.id)
            .with_for_update()
        )
        await shoppers.lock(connection, shopper)
    belongings = _belongings(shopper)
    counted = {
        table.name: [
            dict(row) for row in (await connection.execute(sa.select(table).where(theirs))).mappings()
        ]
        for table, theirs in belongings
        if table.name in COUNTED
    }
    await take_names_off(connection, counted, now)
    for table, theirs in belongings:
        if table.name not in COUNTED:
            await connection.execute(sa.delete(table).where(theirs))


def _belongings(shopper: str) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Each table that holds a shopper and which of its rows are theirs; in an order in which they can be deleted."""
    devices = sa.select(_devices.c.id).where(_devices.c.shopper_id == shopper)
    keys = sa.select(_keys.c.id).where(_keys.c.kind == "device", _keys.c.owner_id.in_(devices))
    belongings = [
        (table, _rows_of(table, shopper, devices))
        for table in sorted(_tables.values(), key=lambda table: table.name)
        if table.name not in {*FOLLOWED, *IMPERSONAL, "devices"}
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

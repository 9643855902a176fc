"""A row of each of two shoppers in every table there is, with words in it that nobody else says."""

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from server.records.database import Database
from server.records.forgetting import IMPERSONAL
from server.records.pseudonyms import COUNTED
from server.records.tables import Table, UtcTime
from tests.conftest import NOON

ANN, BOB = "sh_annabella", "sh_bertram"
TABLES = Table.metadata.sorted_tables
PERSONAL = [table for table in TABLES if table.name not in IMPERSONAL]

#: What stands in rows that reports count and is no word about a shopper: places, campaigns, tills, how things went.
WORDS_OF_THE_SHOP = {
    "zone_id", "site_id", "campaign_id", "campaign_group", "variant", "control", "channel", "woken_by", "day", "outcome", "taken_by",
    "kind", "till", "coupon_id", "shop", "void_why", "credited_by", "currency", "verb", "role",
}  # fmt: skip
#: Of a line of the audit log: who of the staff it was.
OF_THE_STAFF = {("audit", "id"), ("audit", "key_id"), ("audit", "staff_id")}


def name_of(shopper: str) -> str:
    """A word that is said of this shopper alone: `annabella`."""
    return shopper.removeprefix("sh_")


def _links(shopper: str) -> dict[str, str]:
    """Ids that hold rows together, all with the shopper's name in them, as if each had been made from it."""
    who = name_of(shopper)
    return {
        "shopper_id": shopper,
        "device_id": f"d_{who}",
        "visit_id": f"v_{who}",
        "decision_id": f"dec_{who}",
        "outbox_id": f"of_{who}",
        "offer_id": f"of_{who}",
        "order_id": f"order-{who}",
        "code": f"CODE{who}",
        "event_id": f"ev_{who}",
        "owner_id": f"d_{who}",
        "owner": f"k_{who}",
    }


_OWN_IDS = {
    "shoppers": "sh", "devices": "d", "keys": "k", "visits": "v", "decisions": "dec", "outbox": "of", "exposures": "of",
    "webhook_events": "ev",
}  # fmt: skip


def _is_a_fact(table: str, column: str) -> bool:
    return column in WORDS_OF_THE_SHOP or (table, column) in OF_THE_STAFF


def a_value(table: sa.Table, column: sa.Column[Any], shopper: str) -> Any:
    """Something that fits the column and, wherever it is not a fact of the shop, tells whose row it is."""
    who = name_of(shopper)
    if column.name == "id" and table.name in _OWN_IDS:
        return f"{_OWN_IDS[table.name]}_{who}"
    if (table.name, column.name) == ("keys", "kind"):
        return "device"
    if table.name in COUNTED and _is_a_fact(table.name, column.name):
        return _a_fact(table, column, who)
    return _links(shopper).get(column.name) or _of_its_type(column, who)


def _a_fact(table: sa.Table, column: sa.Column[Any], who: str) -> Any:
    if column.name == "outcome":
        return 200 if table.name == "audit" else "sent"
    if column.primary_key:
        return f"{column.name}-{len(who)}"
    return "spring" if column.name == "campaign_id" else None if column.nullable else "a-fact"


def _of_its_type(column: sa.Column[Any], who: str) -> Any:
    secret = f"secret-{who}".encode().ljust(32, b".")
    by_type = {
        UtcTime: NOON + timedelta(hours=column.name.startswith(("exit", "expire"))),
        sa.LargeBinary: secret[: getattr(column.type, "length", None)],
        sa.JSON: {"said": f"{column.name}-{who}", "own_id": f"card-{who}"},
        sa.Boolean: False,
        sa.Integer: len(who),
        sa.Float: 1.0,
    }
    fitting = [value for kind, value in by_type.items() if isinstance(column.type, kind)]
    return fitting[0] if fitting else f"{column.name}-{who}"


def a_row(table: sa.Table, shopper: str) -> dict[str, Any]:
    return {column.name: a_value(table, column, shopper) for column in table.columns}


async def fill(database: Database) -> None:
    async with database.writing() as connection:
        for table in TABLES:
            for shopper in ("sh_one", "sh_second") if table.name in IMPERSONAL else (ANN, BOB):
                await connection.execute(sa.insert(table).values(**a_row(table, shopper)))


async def everything_in(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every column of every row of every table."""
    async with database.reading() as connection:
        return {
            table.name: [dict(row) for row in (await connection.execute(sa.select(table))).mappings()]
            for table in TABLES
        }


def says(value: Any, word: str) -> bool:
    """Whether a value has the word anywhere in it."""
    if isinstance(value, bytes):
        return word.encode() in value
    return word in (value if isinstance(value, str) else json.dumps(value, default=str))

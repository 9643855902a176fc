"""How long each kind of thing is kept: one rule a kind, and a test that no table is without one, or without a reason.

In: a database, how long (from the settings, by a rule's name), and now. Out: what is older is gone, a part at a time, each in its own
transaction: however much there is, the path never waits long behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import Database
from server.records.dead_letters import DEATHS
from server.records.tables import Table, UtcTime

_tables = Table.metadata.tables
_outbox, _codes, _keys = _tables["outbox"], _tables["coupon_codes"], _tables["keys"]

#: So many rows at once: some 20 ms of work on SQLite, whose one writer the path waits for.
PART: Final = 2_000

#: A text without words, where a row is kept for its counts.
_NO_WORDS: Final[Mapping[str, Any]] = {"title": "", "body": "", "data": {}, "last_why": None}


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` whose `at` is older than the setting `name` says go, of those for which `only` holds; without a name, once it is past.

    What belongs to them goes with them (`along`: table and the column that names them), or they stay and are `emptied`.
    """

    name: str | None
    table: str
    at: str
    only: sa.ColumnElement[bool] = field(default_factory=sa.true)
    along: tuple[tuple[str, str], ...] = ()
    emptied: Mapping[str, Any] | None = None


RULES: Final = (
    Rule("idempotency_hours", "idempotency", "created_at"),
    Rule(
        "outbox_days",
        "outbox",
        "settled_at",
        along=tuple((each, "outbox_id") for each in ("attempts", "receipts")),
    ),
    Rule("outbox_days", "replies", "at"),  # its own: where a shop forgets, a reply is left without its offer
    Rule("outbox_days", "exposures", "at"),
    Rule("outbox_days", "redemptions", "at"),
    Rule("outbox_days", "issues", "day", _tables["issues"].c.day != ""),  # the sum of all days stays
    Rule(
        "dead_letters_days",
        "outbox",
        "settled_at",
        _outbox.c.outcome.in_(DEATHS),
        emptied={**_NO_WORDS, "outcome": "expired"},
    ),
    Rule(
        "messages_days",
        "outbox",
        "expires_at",
        sa.and_(_outbox.c.settled_at.is_not(None), sa.or_(_outbox.c.title != "", _outbox.c.body != "")),
        emptied=_NO_WORDS,
    ),
    Rule("decisions_days", "decisions", "decided_at"),
    Rule("decisions_days", "holds", "due_at"),  # of a campaign that is no more: nobody takes it
    Rule("visits_days", "visits", "exited_at"),
    Rule("coupons_days", "coupon_codes", "ends_at"),
    Rule("coupons_days", "coupon_claims", "ends_at"),
    Rule("purchases_days", "uses", "received_at"),
    Rule("purchases_days", "purchases", "at", along=(("refunds", "order_id"),)),
    Rule("webhooks_days", "webhook_events", "queued_at", along=(("webhook_deliveries", "event_id"),)),
    Rule("consents_days", "consents", "superseded_at"),
    Rule("addresses_days", "addresses", "dead_at"),
    Rule("keys_days", "keys", "revoked_at"),
    Rule("keys_days", "keys", "expires_at"),
    Rule("testers_days", "testers", "ends_at", _tables["testers"].c.joined_at.is_(None)),
    Rule("audit_days", "audit", "at"),
    Rule(None, "remembered", "until"),
    Rule(None, "staff_links", "ends_at"),
)

#: Tables that no rule is for, and why.
KEPT: Final[Mapping[str, str]] = {
    "shoppers": "until they are erased",
    "devices": "until their shopper is erased",
    "stays": "until the stay is over, which the path sees to",
    "staff": "their names stand beside what they did",
    "second_factors": "until its member takes it off or leaves",
    "consent_texts": "people agreed to them",
    "webhooks": "until an owner removes them",
    "till_keys": "signed codes are checked with them",
    "catalogue_versions": "one row a name",
} | dict.fromkeys(
    (
        "zones",
        "floor_plans",
        "surveys",
        "anchors",
        "gateways",
        "campaigns",
        "campaign_versions",
        "segments",
        "coupons",
    ),
    "what staff made, until they remove it",
)


async def sweep(
    database: Database, ages: Mapping[str, timedelta], now: datetime, *, part: int = PART
) -> dict[str, int]:
    """Lets go of all that is too old; gives how many rows of each table. `ages` has every rule's name."""
    gone: dict[str, int] = {}
    for rule in RULES:
        count, age = part, ages[rule.name] if rule.name else timedelta(0)
        before = now - age
        while count >= part:
            # Looking may read a whole table, for most have no index by age; nobody waits for somebody who only looks.
            async with database.reading() as connection:
                keys = await _old(connection, rule, before, part)
            if keys:
                async with database.writing() as connection:
                    gone[rule.table] = gone.get(rule.table, 0) + await _let_go(connection, rule, before, keys)
            count = len(keys)
    return {table: count for table, count in gone.items() if count}


async def forget_before(connection: AsyncConnection, name: str, before: datetime) -> dict[str, int]:
    """The same by the rules of one name, within a transaction."""
    gone: dict[str, int] = {}
    for rule in (rule for rule in RULES if rule.name == name):
        gone[rule.table] = gone.get(rule.table, 0) + await _one_part(connection, rule, before, PART)
    return gone


async def _one_part(connection: AsyncConnection, rule: Rule, before: datetime, part: int) -> int:
    keys = await _old(connection, rule, before, part)
    return await _let_go(connection, rule, before, keys) if keys else 0


async def _old(connection: AsyncConnection, rule: Rule, before: datetime, part: int) -> list[tuple[Any, ...]]:
    """The keys of at most so many rows that are too old."""
    key = [*_tables[rule.table].primary_key.columns]
    found = await connection.execute(sa.select(*key).where(*_is_old(rule, before)).limit(part))
    return [tuple(row) for row in found]


async def _let_go(
    connection: AsyncConnection, rule: Rule, before: datetime, keys: list[tuple[Any, ...]]
) -> int:
    """Lets go of those of these rows that are too old still: what was looked at before may have been sent again meanwhile."""
    table = _tables[rule.table]
    key = [*table.primary_key.columns]
    ids = [first for first, *_ in keys]
    these = (sa.tuple_(*key).in_(keys) if len(key) > 1 else key[0].in_(ids), *_is_old(rule, before))
    if rule.emptied is not None:
        return (await connection.execute(sa.update(table).where(*these).values(**rule.emptied))).rowcount
    if rule.along:
        ids = list(await connection.scalars(sa.select(key[0]).where(*these)))
        for name, column in rule.along:
            follows = _tables[name]
            await connection.execute(sa.delete(follows).where(follows.c[column].in_(ids)))
    return (await connection.execute(sa.delete(table).where(*these))).rowcount


def _is_old(rule: Rule, before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    at = _tables[rule.table].c[rule.at]
    return at < (before if isinstance(at.type, UtcTime) else before.date().isoformat()), rule.only

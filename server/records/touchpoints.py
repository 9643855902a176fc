"""All that ever passed between the shop and one shopper, in one list: visits, decisions, offers, receipts, claims, uses, orders, replies, answers.

In: a shopper's id. Out: touchpoints, newest first, page by page. A decision to speak is told of by its offer, so only silences stand here as
decisions. Verbs take an open connection and never commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.rows import Mark
from server.records.tables import Table, UtcTime

Kind = Literal[
    "visit", "decision", "offer", "receipt", "claim", "redemption", "purchase", "refund", "reply", "consent"
]

_tables = Table.metadata.tables
_outbox = _tables["outbox"]

#: What an offer tells of itself, and of whatever became of it.
_OF_OFFER: Final = {
    "zone": _outbox.c.zone_id,
    "campaign": _outbox.c.campaign_id,
    "visit": _outbox.c.visit_id,
    "words": _outbox.c.title,
}

#: What a touchpoint may tell besides what it is, of which kind, and when.
_FACTS: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "zone": sa.String(),
    "campaign": sa.String(),
    "visit": sa.String(),
    "offer": sa.String(),
    "state": sa.String(),
    "words": sa.String(),
    "amount_milli": sa.BigInteger(),
    "currency": sa.String(),
    "until": UtcTime(),
}


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """`key` names it among all: its kind and its id. `state` is the word of its table for how it ended.

    `reasons` are those of a decision as they were kept, `words` an offer's title, or what a shopper wrote.
    """

    key: str
    kind: Kind
    id: str
    at: datetime
    zone: str | None
    campaign: str | None
    visit: str | None
    offer: str | None
    state: str | None
    words: str | None
    amount_milli: int | None
    currency: str | None
    until: datetime | None
    reasons: Sequence[Mapping[str, Any]] = ()


async def listed(
    connection: AsyncConnection, shopper: str, *, after: Mark | None = None, limit: int = 100
) -> list[Touchpoint]:
    """Touchpoints, newest first, from behind `after` (a time and a key)."""
    everything = sa.union_all(*_sources(shopper)).subquery()
    columns = everything.c
    asked = sa.select(everything).order_by(columns.at.desc(), columns.key.desc()).limit(limit)
    if after is not None:
        mark = (
            sa.bindparam(None, after[0], type_=UtcTime()),
            sa.bindparam(None, after[1], type_=sa.String()),
        )
        asked = asked.where(sa.tuple_(columns.at, columns.key) < sa.tuple_(*mark))
    rows = [dict(row) for row in (await connection.execute(asked)).mappings()]
    reasons = await _reasons(connection, [row["id"] for row in rows if row["kind"] == "decision"])
    return [Touchpoint(**row, reasons=reasons.get(row["id"], ())) for row in rows]


async def _reasons(connection: AsyncConnection, decisions: list[str]) -> dict[str, list[dict[str, Any]]]:
    known = _tables["decisions"].c
    found = await connection.execute(sa.select(known.id, known.reasons).where(known.id.in_(decisions)))
    return {row.id: row.reasons for row in found}


def _sources(shopper: str) -> list[sa.Select[Any]]:
    """What each table tells, all in the same columns."""
    return [*_by_the_path(shopper), *_by_the_offer(shopper), *_by_the_shopper(shopper)]


def _by_the_path(shopper: str) -> list[sa.Select[Any]]:
    visits, decisions = _tables["visits"], _tables["decisions"]
    seen, said, sent = visits.c, decisions.c, _outbox.c
    return [
        _Rows(shopper, "visit", visits, seen.id, seen.entered_at).telling(
            zone=seen.zone_id, visit=seen.id, until=seen.exited_at
        ),
        _Rows(shopper, "decision", decisions, said.id, said.decided_at)
        .telling(zone=said.zone_id, campaign=said.campaign_id, visit=said.visit_id, state=said.verdict)
        .where(said.verdict != "send"),
        _Rows(shopper, "offer", _outbox, sent.id, sent.created_at).telling(
            **_OF_OFFER,
            offer=sent.id,
            state=sa.func.coalesce(sent.outcome, "waiting"),
            until=sent.expires_at,
        ),
    ]


def _by_the_offer(shopper: str) -> list[sa.Select[Any]]:
    """A receipt has no id of its own: it is an offer's, once of each kind."""
    receipts, claims, uses = (_tables[name] for name in ("receipts", "coupon_claims", "uses"))
    got, claimed, used = receipts.c, claims.c, uses.c
    return [
        _Rows(shopper, "receipt", receipts, got.outbox_id + ":" + got.kind, got.at, got.outbox_id).telling(
            **_OF_OFFER, offer=got.outbox_id, state=got.kind
        ),
        _Rows(shopper, "claim", claims, claimed.outbox_id, claimed.claimed_at, claimed.outbox_id).telling(
            **_OF_OFFER, offer=claimed.outbox_id, until=claimed.ends_at
        ),
        _Rows(shopper, "redemption", uses, used.id, used.at, used.outbox_id).telling(
            **_OF_OFFER, offer=used.outbox_id, state=used.void_why, amount_milli=used.amount_milli
        ),
    ]


def _by_the_shopper(shopper: str) -> list[sa.Select[Any]]:
    purchases, refunds, replies, consents = (
        _tables[name] for name in ("purchases", "refunds", "replies", "consents")
    )
    bought, back, said, agreed = purchases.c, refunds.c, replies.c, consents.c
    return [
        _Rows(shopper, "purchase", purchases, bought.order_id, bought.at).telling(
            campaign=bought.campaign_id,
            offer=bought.outbox_id,
            state=bought.credited_by,
            amount_milli=bought.amount_milli,
            currency=bought.currency,
        ),
        _Rows(shopper, "refund", refunds, back.id, back.at).telling(amount_milli=back.amount_milli),
        _Rows(shopper, "reply", replies, said.id, said.at).telling(
            zone=said.zone_id,
            campaign=said.campaign_id,
            offer=said.outbox_id,
            state=said.kind,
            words=said.words,
        ),
        _Rows(shopper, "consent", consents, agreed.id, agreed.given_at).telling(
            state=sa.case((agreed.granted, "granted"), else_="refused"), words=agreed.purpose
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one shopper in a table, by what they are called and when they were; `offer` is the column that names one, where it is joined."""

    shopper: str
    kind: Kind
    table: sa.Table
    id: sa.ColumnElement[Any]
    at: sa.ColumnElement[Any]
    offer: sa.ColumnElement[Any] | None = None

    def telling(self, **facts: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """The rows as touchpoints; what is not among `facts` is empty."""
        told = [
            (facts[name] if name in facts else sa.cast(sa.null(), kind)).label(name)
            for name, kind in _FACTS.items()
        ]
        known: sa.FromClause = self.table
        if self.offer is not None:
            known = self.table.outerjoin(_outbox, _outbox.c.id == self.offer)
        return (
            sa.select(
                (sa.literal(f"{self.kind}:") + self.id).label("key"),
                sa.literal(self.kind).label("kind"),
                sa.cast(self.id, sa.String()).label("id"),
                self.at.label("at"),
                *told,
            )
            .select_from(known)
            .where(self.table.c.shopper_id == self.shopper)
        )

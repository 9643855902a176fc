"""Decisions as they were kept: what was decided for one campaign at one moment, why, and what became of it.

In: what to look for. Out: decisions, newest first; or one with its offer, the attempts to send it, the phone's receipts
and its redemption. This is where "why did Ann get nothing?" is one look-up. Verbs take an open connection and never commit.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.rows import Mark, before_mark, by_id
from server.records.shops import Shops, only
from server.records.silences import gate_in, reasons_of
from server.records.tables import AttemptRow, DecisionRow, OutboxRow, ReceiptRow, RedemptionRow, Table

_decisions = Table.metadata.tables["decisions"]
_outbox = Table.metadata.tables["outbox"]
_attempts = Table.metadata.tables["attempts"]
_receipts = Table.metadata.tables["receipts"]
_redemptions = Table.metadata.tables["redemptions"]


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Which decisions: those made at or after `since` and before `until`; with `gate` those of which it is a reason."""

    shopper: str | None = None
    campaign: str | None = None
    device: str | None = None
    visit: str | None = None
    verdict: str | None = None
    gate: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    shops: Shops = None


@dataclass(frozen=True, slots=True)
class Story:
    """A decision and all that followed from it; `offer` is None where nothing was to be sent."""

    decision: DecisionRow
    offer: OutboxRow | None
    attempts: list[AttemptRow]
    receipts: list[ReceiptRow]
    redemption: RedemptionRow | None


async def listed(
    connection: AsyncConnection, query: DecisionQuery, *, after: Mark | None = None, limit: int = 100
) -> list[DecisionRow]:
    """Decisions by `decided_at`, newest first, from behind `after`."""
    columns = _decisions.c
    where: list[sa.ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (columns.shopper_id, query.shopper),
            (columns.campaign_id, query.campaign),
            (columns.device_id, query.device),
            (columns.visit_id, query.visit),
            (columns.verdict, query.verdict),
        )
        if wanted is not None
    ]
    if query.gate is not None:
        each = reasons_of(connection)
        where.append(
            sa.exists(
                sa.select(sa.literal(1)).select_from(each).where(gate_in(connection, each) == query.gate)
            )
        )
    where += only(columns.zone_id, query.shops)
    if query.since is not None:
        where.append(columns.decided_at >= query.since)
    if query.until is not None:
        where.append(columns.decided_at < query.until)
    if after is not None:
        where.append(before_mark(columns.decided_at, columns.id, after))
    found = await connection.execute(
        sa.select(_decisions)
        .where(*where)
        .order_by(columns.decided_at.desc(), columns.id.desc())
        .limit(limit)
    )
    return [DecisionRow(**row) for row in found.mappings()]


async def story(connection: AsyncConnection, decision: str) -> Story:
    """One decision by its id, and what followed. Raises NotFound."""
    decided = await by_id(connection, DecisionRow, decision, "decision")
    kept = await connection.execute(sa.select(_outbox).where(_outbox.c.decision_id == decision))
    offer = kept.mappings().one_or_none()
    if offer is None:
        return Story(decided, None, [], [], None)
    tried = await connection.execute(
        sa.select(_attempts)
        .where(_attempts.c.outbox_id == offer["id"])
        .order_by(_attempts.c.at, _attempts.c.id)
    )
    said = await connection.execute(
        sa.select(_receipts)
        .where(_receipts.c.outbox_id == offer["id"])
        .order_by(_receipts.c.at, _receipts.c.kind)
    )
    used = await connection.execute(sa.select(_redemptions).where(_redemptions.c.outbox_id == offer["id"]))
    redemption = used.mappings().one_or_none()
    return Story(
        decided,
        OutboxRow(**offer),
        [AttemptRow(**attempt) for attempt in tried.mappings()],
        [ReceiptRow(**receipt) for receipt in said.mappings()],
        RedemptionRow(**redemption) if redemption else None,
    )


async def last(
    connection: AsyncConnection, shopper: str, campaign: str, at: datetime | None = None
) -> DecisionRow | None:
    """What was decided last for a shopper and a campaign, up to `at`; None where nothing was."""
    columns = _decisions.c
    asked = sa.select(_decisions).where(columns.shopper_id == shopper, columns.campaign_id == campaign)
    if at is not None:
        asked = asked.where(columns.decided_at <= at)
    newest = asked.order_by(columns.decided_at.desc(), columns.id.desc()).limit(1)
    found = (await connection.execute(newest)).mappings().one_or_none()
    return DecisionRow(**found) if found else None


async def offers_of(connection: AsyncConnection, decisions: list[str]) -> dict[str, OutboxRow]:
    """The offers that followed from these decisions, by the decision's id."""
    found = await connection.execute(sa.select(_outbox).where(_outbox.c.decision_id.in_(decisions)))
    return {row["decision_id"]: OutboxRow(**row) for row in found.mappings()}


async def attempts_at(connection: AsyncConnection, offers: list[str]) -> dict[str, list[AttemptRow]]:
    """What was tried for each of these offers, by its id, the oldest first; an offer that nobody tried yet has none."""
    found = await connection.execute(
        sa.select(_attempts).where(_attempts.c.outbox_id.in_(offers)).order_by(_attempts.c.at, _attempts.c.id)
    )
    tried: dict[str, list[AttemptRow]] = {offer: [] for offer in offers}
    for row in found.mappings():
        tried[row["outbox_id"]].append(AttemptRow(**row))
    return tried

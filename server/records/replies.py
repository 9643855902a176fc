"""Replies: what a shopper asks for or says by an offer's button. An offer has one; sent again it is the same one.

In: a reply of a shopper to an offer of theirs, with the text by which they agreed that it is kept. Out: rows, for the staff who see to them.
What happened is told to other systems without the shopper's own words. Verbs take an open connection and never commit.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.action import Action, Misfit, Reply
from server.campaigns.actions import ACTIONS
from server.campaigns.redemption import spoken_instant
from server.records import webhooks
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Refusal, Taken
from server.records.rows import Mark, before_mark, by_id
from server.records.shops import Shops, only
from server.records.tables import OutboxRow, ReplyRow, Table

_outbox = Table.metadata.tables["outbox"]
_replies = Table.metadata.tables["replies"]


class NoReply(Taken):
    """The offer takes no reply, or none any more; its text says why, for the shopper."""


class Unfit(Refusal):
    """A part of the reply does not fit what the offer asks for."""

    def __init__(self, misfit: Misfit) -> None:
        super().__init__(f"{misfit.part}: {misfit.reason}")
        self.misfit = misfit


@dataclass(frozen=True, slots=True)
class ReplyQuery:
    """Which replies; `done` None for both."""

    kind: str | None = None
    campaign: str | None = None
    zone: str | None = None
    shopper: str | None = None
    done: bool | None = None
    shops: Shops = None


async def take(
    connection: AsyncConnection,
    offer: str,
    reply: Reply,
    agreed_to: str,
    *,
    shopper: str,
    device: str,
    now: datetime,
) -> ReplyRow:
    """Keeps a reply to an offer of this shopper. The same one again gives what was kept.

    Raises NotFound for an offer that is not theirs, Taken where another was given or none is asked for any more,
    Unfit where a part of it does not fit.
    """
    asked = sa.select(_outbox).where(_outbox.c.id == offer, _outbox.c.shopper_id == shopper)
    found = (await connection.execute(asked.with_for_update())).mappings().one_or_none()
    if found is None:
        raise NotFound(f"no offer {offer} was given to you")
    given = OutboxRow(**found)
    earlier = await of_offer(connection, offer)
    if earlier is not None:
        if _said(earlier) == reply:
            return earlier
        raise Taken("this offer has another reply already: take that back first")
    _refuse_what_does_not_fit(given, reply, now)
    row = ReplyRow(
        id=fresh_id("re"),
        outbox_id=offer,
        shopper_id=shopper,
        device_id=device,
        campaign_id=given.campaign_id,
        zone_id=given.zone_id,
        kind=given.data["action"],
        about=given.data.get("service") or given.data.get("topic"),
        **asdict(reply),
        agreed_to=agreed_to,
        at=now,
    )
    await connection.execute(sa.insert(_replies).values(**row.model_dump()))
    await webhooks.queue(connection, [webhooks.of_reply(row)], now)
    return row


async def take_back(connection: AsyncConnection, offer: str, shopper: str, now: datetime) -> None:
    """The shopper takes their reply back: nothing of it is kept. Raises NotFound."""
    gone = await connection.execute(
        sa.delete(_replies)
        .where(_replies.c.outbox_id == offer, _replies.c.shopper_id == shopper)
        .returning(_replies)
    )
    row = gone.mappings().one_or_none()
    if row is None:
        raise NotFound(f"you gave no reply to offer {offer}")
    await webhooks.queue(connection, [webhooks.of_reply_taken_back(ReplyRow(**row), now)], now)


async def of_offer(connection: AsyncConnection, offer: str) -> ReplyRow | None:
    """The reply to an offer; None where there is none."""
    found = await connection.execute(sa.select(_replies).where(_replies.c.outbox_id == offer))
    row = found.mappings().one_or_none()
    return ReplyRow(**row) if row else None


async def of_shopper(connection: AsyncConnection, offer: str, shopper: str) -> ReplyRow:
    """The reply of this shopper to an offer. Raises NotFound."""
    row = await of_offer(connection, offer)
    if row is None or row.shopper_id != shopper:
        raise NotFound(f"you gave no reply to offer {offer}")
    return row


async def find(connection: AsyncConnection, reply: str) -> ReplyRow:
    """Raises NotFound."""
    return await by_id(connection, ReplyRow, reply, "reply")


async def listed(
    connection: AsyncConnection, query: ReplyQuery, *, after: Mark | None = None, limit: int = 100
) -> list[ReplyRow]:
    """Replies, newest first, from behind `after`."""
    columns = _replies.c
    where: list[sa.ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (columns.kind, query.kind),
            (columns.campaign_id, query.campaign),
            (columns.zone_id, query.zone),
            (columns.shopper_id, query.shopper),
        )
        if wanted is not None
    ]
    where += only(columns.zone_id, query.shops)
    if query.done is not None:
        where.append(columns.done_at.is_not(None) if query.done else columns.done_at.is_(None))
    if after is not None:
        where.append(before_mark(columns.at, columns.id, after))
    found = await connection.execute(
        sa.select(_replies).where(*where).order_by(columns.at.desc(), columns.id.desc()).limit(limit)
    )
    return [ReplyRow(**row) for row in found.mappings()]


async def see_to(
    connection: AsyncConnection, reply: str, by: str | None, now: datetime, *, done: bool
) -> ReplyRow:
    """Staff have seen to a reply, or have not after all. Who was first stays. Raises NotFound."""
    row = await find(connection, reply)
    if (row.done_at is not None) == done:
        return row
    state: Mapping[str, object] = {"done_at": now if done else None, "done_by": by if done else None}
    await connection.execute(sa.update(_replies).where(_replies.c.id == reply).values(**state))
    return ReplyRow(**{**row.model_dump(), **state})


def _refuse_what_does_not_fit(given: OutboxRow, reply: Reply, now: datetime) -> None:
    action: type[Action] | None = ACTIONS.get(given.data.get("action", ""))
    if action is None or not action.takes_replies:
        raise NoReply("this offer asks for no reply")
    if given.outcome == "withdrawn" or (given.expires_at <= now and not action.replies_after_end):
        raise NoReply(f"this offer ended at {spoken_instant(given.expires_at)}")
    if misfit := action.objection_to(reply, given.data, now):
        raise Unfit(misfit)


def _said(row: ReplyRow) -> Reply:
    return Reply(row.wants_at, row.stars, row.words, row.contact)

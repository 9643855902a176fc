"""Dead letters: offers that never reached anybody though somebody may mend why; to be looked at, and sent again while they live.

In: which ones. Out: outbox rows; or the same rows, waiting again. How a letter died is its `outcome`:

    dead_letter     too many tries failed
    refused         the last channel of its order will never take this message as it is
    undeliverable   there was no living address left
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.outbox import NO_LEASE
from server.records.refusal import NotFound, Taken
from server.records.rows import Mark, before_mark
from server.records.tables import OutboxRow, Table

_outbox = Table.metadata.tables["outbox"]

Death = Literal["dead_letter", "refused", "undeliverable"]
DEATHS: Final[tuple[Death, ...]] = ("dead_letter", "refused", "undeliverable")


@dataclass(frozen=True, slots=True)
class Which:
    """Which dead letters; what is None is no matter."""

    campaign: str | None = None
    channel: str | None = None
    shopper: str | None = None
    outcome: Death | None = None
    since: datetime | None = None
    until: datetime | None = None


async def listed(
    connection: AsyncConnection, which: Which, *, after: Mark | None, limit: int
) -> list[OutboxRow]:
    """Those that died last first, from behind the time of death and id `after`."""
    asked = sa.select(_outbox).where(*_conditions(which))
    if after is not None:
        asked = asked.where(before_mark(_outbox.c.settled_at, _outbox.c.id, after))
    asked = asked.order_by(_outbox.c.settled_at.desc(), _outbox.c.id.desc()).limit(limit)
    return [OutboxRow(**row) for row in (await connection.execute(asked)).mappings()]


async def replay(
    connection: AsyncConnection, offer: str, now: datetime, channel: str | None = None
) -> OutboxRow:
    """Lets one wait again, for the channel on which it died or for another. Consent is asked for when it is sent.

    Raises NotFound for no offer; Taken for one that is no dead letter, or whose time is over.
    """
    row = (
        (await connection.execute(sa.select(_outbox).where(_outbox.c.id == offer).with_for_update()))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(f"there is no offer {offer}")
    if row["outcome"] not in DEATHS:
        state = f"was settled as {row['outcome']}" if row["outcome"] else "waits to be sent"
        raise Taken(f"offer {offer} is no dead letter: it {state}")
    if row["expires_at"] <= now:
        raise Taken(f"offer {offer} ended at {row['expires_at'].isoformat()}: nothing is sent after its end")
    again = _again(now) | ({} if channel is None else {"channel": channel, "channels": None})
    await connection.execute(sa.update(_outbox).where(_outbox.c.id == offer).values(**again))
    return OutboxRow(**{**row, **again})


async def replay_all(connection: AsyncConnection, which: Which, now: datetime) -> tuple[int, int]:
    """Lets all of these wait again that still live. Out: how many do, and how many had ended."""
    dead = sa.and_(*_conditions(which))
    over = await connection.scalar(
        sa.select(sa.func.count()).select_from(_outbox).where(dead, _outbox.c.expires_at <= now)
    )
    living = sa.update(_outbox).where(dead, _outbox.c.expires_at > now).values(**_again(now))
    return (await connection.execute(living)).rowcount, int(over or 0)


def _again(now: datetime) -> dict[str, Any]:
    return {
        "settled_at": None,
        "outcome": None,
        "due_at": now,
        "leased_until": NO_LEASE,
        "attempts": 0,
        "next_at": None,
    }


def _conditions(which: Which) -> list[sa.ColumnElement[bool]]:
    columns = _outbox.c
    asked = {
        columns.campaign_id: which.campaign,
        columns.channel: which.channel,
        columns.shopper_id: which.shopper,
    }
    deaths = DEATHS if which.outcome is None else (which.outcome,)
    return [
        columns.outcome.in_(deaths),
        *(column == value for column, value in asked.items() if value is not None),
        *([columns.settled_at >= which.since] if which.since else []),
        *([columns.settled_at < which.until] if which.until else []),
    ]

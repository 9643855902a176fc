"""Webhooks as staff keep them: where to post, of what, and the secrets that sign it.

In: a URL and types of events, by the shop's own id. Out: rows. A secret is made here and shown once; while one is being rotated the one
before signs too, so that a receiver may change over in its own time.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.refusal import NotFound
from server.records.rows import Change, by_id, page
from server.records.tables import Table, WebhookRow

_webhooks, _deliveries = Table.metadata.tables["webhooks"], Table.metadata.tables["webhook_deliveries"]

_SECRET_BYTES: Final = 32  # Standard Webhooks asks for 24 to 64
_MOST_SECRETS: Final = 5  # rotated that often within one overlap, the oldest goes at once


@dataclass(frozen=True, slots=True)
class Given:
    """What staff say of a webhook. `types` None: all events, those of later versions too. Not `on`: nothing is sent to it."""

    id: str
    name: str
    url: str
    types: tuple[str, ...] | None
    on: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How many deliveries of a webhook wait, and how many were given up."""

    waiting: int
    dead: int


async def listed(connection: AsyncConnection, *, after: str = "", limit: int = 100) -> list[WebhookRow]:
    """Webhooks by id, from behind `after`."""
    return await page(connection, WebhookRow, after, limit)


async def find(connection: AsyncConnection, webhook: str) -> WebhookRow:
    """One webhook. Raises NotFound."""
    return await by_id(connection, WebhookRow, webhook, "webhook")


async def put(
    connection: AsyncConnection, given: Given, now: datetime
) -> tuple[Change, WebhookRow, str | None]:
    """Creates or changes a webhook; with the secret of one that is new. To put one that was disabled turns it on again."""
    found = await connection.execute(sa.select(_webhooks).where(_webhooks.c.id == given.id).with_for_update())
    kept = found.mappings().one_or_none()
    said: dict[str, Any] = {
        "name": given.name,
        "url": given.url,
        "types": None if given.types is None else sorted(set(given.types)),
    }
    off = {"disabled_at": now, "disabled_why": "turned off by staff"}
    on = {"disabled_at": None, "disabled_why": None}
    if kept is None:
        secret = _fresh_secret()
        row = WebhookRow(
            id=given.id,
            secrets=[{"secret": secret, "until": None}],
            created_at=now,
            updated_at=now,
            **said,
            **(on if given.on else off),
        )
        made = await connection.execute(
            insert_into(connection, _webhooks).values(**row.model_dump()).on_conflict_do_nothing()
        )
        if not made.rowcount:  # somebody else made it at the same moment
            return await put(connection, given, now)
        return "created", row, secret
    switched = given.on != (kept["disabled_at"] is None)
    if not switched and all(kept[name] == value for name, value in said.items()):
        return "same", WebhookRow(**kept), None
    changed = {**said, "updated_at": now, **((on if given.on else off) if switched else {})}
    await connection.execute(sa.update(_webhooks).where(_webhooks.c.id == given.id).values(**changed))
    return "changed", WebhookRow(**{**kept, **changed}), None


async def rotate(
    connection: AsyncConnection, webhook: str, now: datetime, until: datetime
) -> tuple[WebhookRow, str]:
    """A new secret, beside which the last one signs until `until`. Raises NotFound."""
    await connection.execute(sa.select(_webhooks.c.id).where(_webhooks.c.id == webhook).with_for_update())
    row = await find(connection, webhook)
    secret = _fresh_secret()
    older = [
        {**each, "until": each["until"] or until.isoformat()} for each in row.secrets if _signs(each, now)
    ]
    kept = [{"secret": secret, "until": None}, *older][:_MOST_SECRETS]
    await connection.execute(
        sa.update(_webhooks).where(_webhooks.c.id == webhook).values(secrets=kept, updated_at=now)
    )
    return WebhookRow(**{**row.model_dump(), "secrets": kept, "updated_at": now}), secret


async def remove(connection: AsyncConnection, webhook: str) -> None:
    """Deletes a webhook with all its deliveries. Raises NotFound."""
    gone = await connection.execute(sa.delete(_webhooks).where(_webhooks.c.id == webhook))
    if not gone.rowcount:
        raise NotFound(f"there is no webhook {webhook}")
    await connection.execute(sa.delete(_deliveries).where(_deliveries.c.webhook_id == webhook))


async def standing(connection: AsyncConnection, webhooks: Sequence[str]) -> dict[str, Standing]:
    """How each of these webhooks stands."""
    waits = sa.func.sum(sa.case((_deliveries.c.settled_at.is_(None), 1), else_=0))
    dead = sa.func.sum(sa.case((_deliveries.c.outcome == "dead_letter", 1), else_=0))
    found = await connection.execute(
        sa.select(_deliveries.c.webhook_id, waits, dead)
        .where(
            _deliveries.c.webhook_id.in_(webhooks),
            sa.or_(_deliveries.c.settled_at.is_(None), _deliveries.c.outcome == "dead_letter"),
        )
        .group_by(_deliveries.c.webhook_id)
    )
    counted = {name: Standing(int(waiting), int(given_up)) for name, waiting, given_up in found}
    return {name: counted.get(name, Standing(0, 0)) for name in webhooks}


def signing(kept: Sequence[dict[str, Any]], now: datetime) -> tuple[str, ...]:
    """The secrets that sign now, the newest first."""
    return tuple(each["secret"] for each in kept if _signs(each, now))


def _signs(kept: dict[str, Any], now: datetime) -> bool:
    return kept["until"] is None or datetime.fromisoformat(kept["until"]) > now


def _fresh_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()

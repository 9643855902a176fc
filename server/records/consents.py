"""Consents: what a shopper answered to each purpose, in which words, when and how. The trail is the proof.

In: answers. Out: what holds now. Purposes are separate, and one never asked about means no.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.moment import Purpose
from server.records import catalogue, consent_texts, shoppers, testers, webhooks
from server.records.naming import fresh_id
from server.records.rows import Change
from server.records.tables import ConsentRow, ConsentTextRow, Table

_consents = Table.metadata.tables["consents"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What the shopper read when they answered, and how they answered: in the app, at the till."""

    version: str
    language: str | None
    how: str


async def give(
    connection: AsyncConnection,
    shopper: str,
    answers: Mapping[Purpose, bool],
    wording: Wording,
    now: datetime,
    *,
    device: str | None = None,
) -> dict[str, ConsentRow]:
    """Keeps answers; gives what holds now, by purpose. Raises NotFound for an unknown shopper, NeverAsked for a text that is none.

    The same answer to the same words, given again (a retry), adds nothing to the trail. A no is taken whatever text it names, and
    stops what waits to be told of the shopper; what waits to be sent to them is looked at again when it is sent. A new no to
    location ends the shopper's phones as testers too.
    """
    await shoppers.lock(connection, shopper)
    await catalogue.take_turn(connection, "consents")  # no text is published meanwhile
    standing = await current(connection, shopper)
    for purpose, granted in sorted(answers.items()):
        old = standing.get(purpose)
        late = granted and await consent_texts.is_out_of_date(
            connection, purpose, wording.version, wording.language
        )
        if old and (old.granted, old.text_version, old.language) == (
            granted,
            wording.version,
            wording.language,
        ):
            continue
        if old:
            await connection.execute(
                sa.update(_consents).where(_consents.c.id == old.id).values(superseded_at=now)
            )
        row = ConsentRow(
            id=fresh_id("co"),
            shopper_id=shopper,
            purpose=purpose,
            granted=granted,
            text_version=wording.version,
            language=wording.language,
            how=wording.how,
            device_id=device,
            given_at=now,
            lapsed_at=now if late else None,
        )
        await connection.execute(sa.insert(_consents).values(**row.model_dump()))
        standing[purpose] = row
        if purpose == "location" and not granted:
            await testers.withdraw(connection, shopper)
    if answers.get("location") is False:
        await webhooks.tell_no_more(connection, now, shopper)
    return standing


async def ask(
    connection: AsyncConnection, text: consent_texts.Text, by: str, now: datetime
) -> tuple[Change, ConsentTextRow]:
    """Publishes what is asked from now on, as consent_texts.publish; where all are asked anew, what waits is told of nobody meanwhile."""
    change, row = await consent_texts.publish(connection, text, by, now)
    if change == "created" and text.asks_anew and text.purpose == "location":
        await webhooks.tell_no_more(connection, now)
    return change, row


async def current(connection: AsyncConnection, shopper: str) -> dict[str, ConsentRow]:
    """What was last answered by one shopper, by purpose; `lapsed_at` is set where it counts for nothing until it is answered anew."""
    rows = await connection.execute(
        sa.select(_consents)
        .where(_consents.c.shopper_id == shopper, _consents.c.superseded_at.is_(None))
        .order_by(_consents.c.purpose)
    )
    return {row["purpose"]: ConsentRow(**row) for row in rows.mappings()}


async def trail(connection: AsyncConnection, shopper: str) -> list[ConsentRow]:
    """All that a shopper ever answered, the oldest first."""
    rows = await connection.execute(
        sa.select(_consents)
        .where(_consents.c.shopper_id == shopper)
        .order_by(_consents.c.given_at, _consents.c.superseded_at.is_(None), _consents.c.id)
    )
    return [ConsentRow(**row) for row in rows.mappings()]


async def granted(connection: AsyncConnection, purpose: Purpose) -> set[str]:
    """All shoppers who agree to a purpose now."""
    rows = await connection.execute(
        sa.select(_consents.c.shopper_id).where(_consents.c.purpose == purpose, *consent_texts.HOLDS)
    )
    return set(rows.scalars())


async def granted_by(connection: AsyncConnection, whom: Collection[str]) -> dict[str, set[str]]:
    """The purposes that each of these shoppers (at most database.MANY) agrees to now; none for those who never answered."""
    agreed: dict[str, set[str]] = {shopper: set() for shopper in whom}
    rows = await connection.execute(
        sa.select(_consents.c.shopper_id, _consents.c.purpose).where(
            _consents.c.shopper_id.in_(list(whom)), *consent_texts.HOLDS
        )
    )
    for row in rows:
        agreed[row.shopper_id].add(row.purpose)
    return agreed

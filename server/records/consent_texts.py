"""What shoppers are asked for each purpose, version by version, in their languages. What somebody may have agreed to never changes.

In: texts that staff publish. Out: what is asked now, and what an answer to some version is worth. A version that asks anew lets
all earlier agreements to its purpose lapse in its own transaction; answers and texts take turns at one row, so that none slips through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.moment import Purpose
from server.records import catalogue
from server.records.refusal import Refusal, Taken
from server.records.rows import Change
from server.records.tables import ConsentTextRow, Table

_texts, _consents = Table.metadata.tables["consent_texts"], Table.metadata.tables["consents"]

#: Of an answer: it is a yes, the last one, and no newer text asks anew.
HOLDS: Final = (_consents.c.granted, _consents.c.superseded_at.is_(None), _consents.c.lapsed_at.is_(None))

#: Shoppers who agreed to being located and do so no more. Who never was asked is not located, and so is not among them.
WITHDREW: Final = sa.select(_consents.c.shopper_id).where(
    _consents.c.purpose == "location", _consents.c.superseded_at.is_(None), sa.not_(sa.and_(*HOLDS))
)


class NeverAsked(Refusal):
    """Nobody can have agreed to this: the shop has published no such text."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be published: the words by language."""

    purpose: Purpose
    version: str
    texts: Mapping[str, str]
    asks_anew: bool


async def publish(
    connection: AsyncConnection, text: Text, by: str, now: datetime
) -> tuple[Change, ConsentTextRow]:
    """Publishes a version; of one that is published, adds languages. Bump "consents" after it.

    Raises Taken where it would change words that somebody may have read, or what they were told of agreeing anew.
    """
    await catalogue.take_turn(connection, "consents")
    kept = await _version(connection, text.purpose, text.version)
    if kept is not None:
        return await _more_languages(connection, kept, text)
    row = ConsentTextRow(
        purpose=text.purpose,
        version=text.version,
        texts=dict(text.texts),
        asks_anew=text.asks_anew,
        published_by=by,
        published_at=now,
    )
    await connection.execute(sa.insert(_texts).values(**row.model_dump()))
    if text.asks_anew:
        await connection.execute(
            sa.update(_consents)
            .where(
                _consents.c.purpose == text.purpose,
                _consents.c.text_version != text.version,
                _consents.c.granted,
                _consents.c.superseded_at.is_(None),
                _consents.c.lapsed_at.is_(None),
            )
            .values(lapsed_at=now)
        )
    return "created", row


async def listed(connection: AsyncConnection, purpose: Purpose | None = None) -> list[ConsentTextRow]:
    """All versions of a purpose, or of all, the newest first."""
    where = () if purpose is None else (_texts.c.purpose == purpose,)
    rows = await connection.execute(
        sa.select(_texts)
        .where(*where)
        .order_by(_texts.c.purpose, _texts.c.published_at.desc(), _texts.c.version.desc())
    )
    return [ConsentTextRow(**row) for row in rows.mappings()]


async def asked_now(connection: AsyncConnection) -> dict[str, ConsentTextRow]:
    """The newest version of each purpose that has a text."""
    newest: dict[str, ConsentTextRow] = {}
    for row in await listed(connection):
        newest.setdefault(row.purpose, row)
    return newest


async def is_out_of_date(
    connection: AsyncConnection, purpose: Purpose, version: str, language: str | None
) -> bool:
    """Whether a later version than the one that was agreed to has asked anew. Take your turn at "consents" before.

    Raises NeverAsked for a version, or a language of it, that was never published, where the purpose has texts at all: without
    any the app has its own, and its word is taken for it.
    """
    known = await listed(connection, purpose)
    if not known:
        return False
    agreed = next((row for row in known if row.version == version), None)
    if agreed is None:
        raise NeverAsked(
            f"no text of version {version} is published for {purpose}: the newest is {known[0].version}"
        )
    if language_among(language, agreed.texts) is None:
        spoken = ", ".join(sorted(agreed.texts))
        raise NeverAsked(f"version {version} for {purpose} is there in {spoken}: name the one that was read")
    return any(row.asks_anew for row in known[: known.index(agreed)])


def language_among(wanted: str | None, spoken: Mapping[str, str]) -> str | None:
    """The language of a text that answers to `wanted`: it itself, or the one that it is a variety of (it for it-CH).

    Who does not say which read the one that there is; None where there are several.
    """
    if wanted is None and len(spoken) == 1:
        return next(iter(spoken))
    by_lower = {language.lower(): language for language in spoken}
    parts = (wanted or "").lower().split("-")
    tried = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((by_lower[each] for each in tried if each in by_lower), None)


async def _more_languages(
    connection: AsyncConnection, kept: ConsentTextRow, text: Text
) -> tuple[Change, ConsentTextRow]:
    changed = [language for language, words in text.texts.items() if kept.texts.get(language, words) != words]
    if changed:
        raise Taken(
            f"version {text.version} for {text.purpose} is published in {', '.join(sorted(changed))}, and who agreed agreed to "
            "those words: publish a new version"
        )
    if kept.asks_anew != text.asks_anew:
        raise Taken(f"whether version {text.version} asks anew is settled: publish a new version")
    together = {**kept.texts, **text.texts}
    if together == kept.texts:
        return "same", kept
    await connection.execute(
        sa.update(_texts)
        .where(_texts.c.purpose == kept.purpose, _texts.c.version == kept.version)
        .values(texts=together)
    )
    return "changed", ConsentTextRow(**{**kept.model_dump(), "texts": together})


async def _version(connection: AsyncConnection, purpose: str, version: str) -> ConsentTextRow | None:
    found = await connection.execute(
        sa.select(_texts).where(_texts.c.purpose == purpose, _texts.c.version == version)
    )
    row = found.mappings().one_or_none()
    return ConsentTextRow(**row) if row else None

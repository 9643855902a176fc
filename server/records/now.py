"""How it goes just now: who is where, what happened last, and how far today has come beside the same weekday a week before. Counts only.

In: a moment. Out: lines; nobody is named in them and no device either. Verbs take an open connection and never commit.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.shops import Shops, only
from server.records.tables import Table

_zones, _visits, _decisions, _exposures, _outbox, _receipts, _redemptions, _purchases = (
    Table.metadata.tables[name]
    for name in (
        *("zones", "visits", "decisions", "exposures"),
        *("outbox", "receipts", "redemptions", "purchases"),
    )
)

_WEEK: Final = timedelta(days=7)


class Crowd(NamedTuple):
    """How many people are in a zone: shoppers, and of those whom nobody knows their devices."""

    zone: str
    name: str
    people: int


class Happening(NamedTuple):
    """Somebody came or went (`entered`, `exited`), or a campaign decided: then `kind` is its verdict. `reasons` as they were kept."""

    at: datetime
    kind: str
    zone: str
    campaign: str | None
    reasons: Sequence[Mapping[str, Any]]


class Stretch(NamedTuple):
    """From midnight by the shop's clock until a moment of the same day."""

    day: date
    since: datetime
    until: datetime


class Figures(NamedTuple):
    """What came of a stretch until its end; `revenue` by currency, in thousandths, refunds off."""

    visits: int
    sent: int
    opened: int
    redeemed: int
    revenue: Mapping[str, int]


async def present(connection: AsyncConnection, shops: Shops = None) -> list[Crowd]:
    """All zones by id, and how many are in each now. Open visits are few, and have an index of their own.

    `|| ''` keeps SQLite from looking through all visits ever, in the order of their zones.
    """
    zone = _visits.c.zone_id.concat(sa.literal_column("''"))
    whose = sa.func.coalesce(_visits.c.shopper_id, _visits.c.device_id)
    inside = (
        sa.select(zone.label("zone_id"), sa.func.count(whose.distinct()).label("people"))
        .where(_visits.c.exited_at.is_(None))
        .group_by(zone)
        .subquery()
    )
    asked = (
        sa.select(_zones.c.id, _zones.c.name, sa.func.coalesce(inside.c.people, 0))
        .outerjoin_from(_zones, inside, inside.c.zone_id == _zones.c.id)
        .where(*only(_zones.c.id, shops))
        .order_by(_zones.c.id)
    )
    return [Crowd(*row) for row in await connection.execute(asked)]


async def lately(connection: AsyncConnection, limit: int, shops: Shops = None) -> list[Happening]:
    """The newest visits, when they began and when they ended, and the newest decisions; the newest first."""
    visit, decision = _visits.c, _decisions.c
    came = sa.select(visit.zone_id, visit.entered_at, visit.exited_at).order_by(
        visit.entered_at.desc(), visit.id.desc()
    )
    decided = sa.select(
        decision.decided_at, decision.verdict, decision.zone_id, decision.campaign_id, decision.reasons
    ).order_by(decision.decided_at.desc(), decision.id.desc())
    found = [
        Happening(*row)
        for row in await connection.execute(decided.where(*only(decision.zone_id, shops)).limit(limit))
    ]
    for zone, entered_at, exited_at in await connection.execute(
        came.where(*only(visit.zone_id, shops)).limit(limit)
    ):
        found.append(Happening(entered_at, "entered", zone, None, ()))
        if exited_at is not None:
            found.append(Happening(exited_at, "exited", zone, None, ()))
    return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


async def stretches(
    connection: AsyncConnection, now: datetime, shops: Shops = None
) -> tuple[str, Stretch, Stretch]:
    """Today until now, and the same of a week before, by the clock that most zones go by; with that clock's name."""
    own = _zones.c.feature["properties", "time_zone"].as_string()
    usual = (
        sa.select(own)
        .where(own.is_not(None), *only(_zones.c.id, shops))
        .group_by(own)
        .order_by(sa.func.count().desc(), own)
        .limit(1)
    )
    name = await connection.scalar(usual) or "UTC"
    here = now.astimezone(ZoneInfo(name))
    return (
        name,
        _until(here),
        _until(here - _WEEK),
    )  # the wall's arithmetic: the same hour, whatever the season


def _until(here: datetime) -> Stretch:
    return Stretch(here.date(), here.replace(hour=0, minute=0, second=0, microsecond=0), here)


async def figures(connection: AsyncConnection, stretch: Stretch, shops: Shops = None) -> Figures:
    """What had come of this stretch by its end. An offer that was opened or used later does not count: today's had no later yet."""
    visits = await _visits_to_shops(connection, stretch, shops)
    offers = await _offers(connection, stretch, shops)
    return Figures(visits, *offers, await _revenue(connection, stretch, shops))


async def _visits_to_shops(connection: AsyncConnection, stretch: Stretch, shops: Shops) -> int:
    """Visits to sites; where none is drawn, to the zones that lie in no other: a department's visitors came into the shop first."""
    sites = sa.select(_zones.c.id).where(_zones.c.level == "site")
    roots = sa.select(_zones.c.id).where(_zones.c.parent_id.is_(None), ~sites.correlate(None).exists())
    asked = sa.select(sa.func.count()).where(
        _visits.c.zone_id.in_(sites.union(roots)),
        *_during(_visits.c.entered_at, stretch),
        *only(_visits.c.zone_id, shops),
    )
    return int(await connection.scalar(asked) or 0)


async def _offers(connection: AsyncConnection, stretch: Stretch, shops: Shops) -> tuple[int, int, int]:
    def follows(table: sa.Table, *which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        there = sa.exists().where(table.c.outbox_id == _exposures.c.id, table.c.at < stretch.until, *which)
        return sa.func.sum(sa.case((there, 1), else_=0))

    was_sent = sa.or_(_outbox.c.outcome == "sent", _outbox.c.taken_by.is_not(None))
    asked = (
        sa.select(
            sa.func.sum(sa.case((was_sent, 1), else_=0)),
            follows(_receipts, _receipts.c.kind == "opened"),
            follows(_redemptions),
        )
        .outerjoin_from(_exposures, _outbox, _outbox.c.id == _exposures.c.id)
        .where(
            _exposures.c.control.is_(None),
            *_during(_exposures.c.at, stretch),
            *only(_exposures.c.zone_id, shops),
        )
    )
    sent, opened, redeemed = (await connection.execute(asked)).one()
    return int(sent or 0), int(opened or 0), int(redeemed or 0)


async def _revenue(connection: AsyncConnection, stretch: Stretch, shops: Shops) -> dict[str, int]:
    net = sa.func.sum(_purchases.c.amount_milli - _purchases.c.refunded_milli)
    asked = (
        sa.select(_purchases.c.currency, net)
        .where(_purchases.c.campaign_id.is_not(None), *_during(_purchases.c.at, stretch), *_bought_in(shops))
        .group_by(_purchases.c.currency)
        .order_by(_purchases.c.currency)
    )
    return {currency: int(sum_) for currency, sum_ in await connection.execute(asked) if currency}


def _during(column: sa.ColumnElement[Any], stretch: Stretch) -> list[sa.ColumnElement[bool]]:
    return [column >= stretch.since, column < stretch.until]


def _bought_in(shops: Shops) -> list[sa.ColumnElement[bool]]:
    """As the report of revenue has it: where the till said, else where the offer was made."""
    if shops is None:
        return []
    made = sa.select(_exposures.c.site_id).where(_exposures.c.id == _purchases.c.outbox_id).scalar_subquery()
    return only(sa.func.coalesce(_purchases.c.shop, made), shops)

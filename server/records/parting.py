"""Forget on exit: at a site that is told to, a visit that is over belongs to nobody any more.

In: the sites that forget, each with the zones in it; how long after the last device has left (`grace`), since what is on its way may still
come; how far back caps look. Out: visits, offers and all that became of them under names drawn by chance (pseudonyms.py), each visit to the
site under another: nobody can tell that two were the same person's, or go back to a shopper or a device. What remains with the shopper:

    remembered       that a campaign spoke to them, to the hour and without a place, for as long as some cap or cooldown looks back
    coupons          the codes that they claimed, to the day and without the offer that they came with: they hold them in their hands
    replies          what they asked to be answered, in their words, to the day and without offer, campaign and place

No exact time may stand on both sides, nor follow from one that does (a code's end, less its life, is when it was claimed): one look
for equals would put the name back. What explains (decisions, attempts, events for other systems) goes: counts do not need it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.coupon import Coupon
from server.records.database import Database
from server.records.facts import FAILED
from server.records.naming import fresh_id
from server.records.pseudonyms import is_pseudonym, take_names_off
from server.records.tables import RememberedRow, Table

_tables = Table.metadata.tables
_visits, _devices, _shoppers = _tables["visits"], _tables["devices"], _tables["shoppers"]
_exposures, _outbox, _codes = _tables["exposures"], _tables["outbox"], _tables["coupon_codes"]
_events, _deliveries = _tables["webhook_events"], _tables["webhook_deliveries"]
_attempts, _holds, _audit, _remembered = (
    _tables[name] for name in ("attempts", "holds", "audit", "remembered")
)
_claims, _coupons, _replies = (_tables[name] for name in ("coupon_claims", "coupons", "replies"))
_keys, _answers = _tables["keys"], _tables["idempotency"]

_DAY: Final = timedelta(days=1)

#: What became of an offer and is counted, by the column that names it.
_OF_OFFERS = {
    name: _tables[name].c.outbox_id
    for name in ("receipts", "redemptions", "coupon_claims", "uses", "purchases")
}

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Parting:
    """How it is done: `sites` with the zones in each, how long after the exit, how far back caps look."""

    sites: Mapping[str, frozenset[str]]
    grace: timedelta
    look_back: timedelta


async def part(database: Database, parting: Parting, now: datetime, *, since: datetime | None = None) -> int:
    """Takes the names off visits to these sites that are over; gives how many visits (of the site and of zones in it).

    `since`: only of visits that began then or later, for a look that costs little.
    """
    count = 0
    for zones in parting.sites.values():
        async with database.reading() as connection:
            who = await _who_left(connection, zones, now - parting.grace, since)
        for shopper, device in who:
            async with database.writing() as connection:
                count += await _part_with(connection, (shopper, device), zones, parting, now)
    return count


async def _who_left(
    connection: AsyncConnection, zones: frozenset[str], until: datetime, since: datetime | None
) -> list[tuple[str | None, str | None]]:
    """Shoppers, and devices of nobody, of whom a visit that is over still has the name, and none has not ended before `until`."""
    here = _visits.c.zone_id.in_(sorted(zones))
    where = [here, _visits.c.exited_at <= until, sa.not_(is_pseudonym(_visits.c.device_id))]
    if since is not None:
        where.append(_visits.c.entered_at >= since)
    found = await connection.execute(
        sa.select(_visits.c.shopper_id, _visits.c.device_id).where(*where).distinct()
    )
    return list(dict.fromkeys((row.shopper_id, None if row.shopper_id else row.device_id) for row in found))


async def _part_with(
    connection: AsyncConnection,
    who: tuple[str | None, str | None],
    zones: frozenset[str],
    parting: Parting,
    now: datetime,
) -> int:
    shopper, device = who
    await _lock(connection, shopper)
    theirs = _visits.c.shopper_id == shopper if shopper else _visits.c.device_id == device
    rows = await _rows(connection, _visits, theirs, _visits.c.zone_id.in_(sorted(zones)))
    count = 0
    for stay in _stays(rows, now - parting.grace):
        await _forget_stay(connection, shopper, stay, parting, now)
        count += len(stay)
    return count


async def _lock(connection: AsyncConnection, shopper: str | None) -> None:
    """In the path's order, devices and then the shopper."""
    for table, column in ((_devices, _devices.c.shopper_id), (_shoppers, _shoppers.c.id)):
        await connection.execute(
            sa.select(table.c.id).where(column == shopper).order_by(table.c.id).with_for_update()
        )


def _stays(visits: Rows, until: datetime) -> list[Rows]:
    """Visits that overlap are one stay at the site, by however many devices; those that are over by `until`."""
    together: list[Rows] = []
    ends: datetime | None = None  # of the last; None: it lasts
    for visit in sorted(visits, key=lambda each: each["entered_at"]):
        if together and (ends is None or visit["entered_at"] <= ends):
            together[-1].append(visit)
            ends = None if ends is None or visit["exited_at"] is None else max(ends, visit["exited_at"])
        else:
            together.append([visit])
            ends = visit["exited_at"]
    return [
        stay for stay in together if all(each["exited_at"] and each["exited_at"] <= until for each in stay)
    ]


async def _forget_stay(
    connection: AsyncConnection, shopper: str | None, stay: Rows, parting: Parting, now: datetime
) -> None:
    visits = [visit["id"] for visit in stay]
    exposures = await _rows(connection, _exposures, _exposures.c.visit_id.in_(visits))
    offers = await _rows(connection, _outbox, _outbox.c.visit_id.in_(visits))
    names = sorted({row["id"] for row in (*exposures, *offers)})
    became = {
        name: await _rows(connection, _tables[name], column.in_(names)) for name, column in _OF_OFFERS.items()
    }
    orders = [row["order_id"] for row in became["purchases"]]
    refunds = await _rows(connection, _tables["refunds"], _tables["refunds"].c.order_id.in_(orders))
    replies = await _rows(connection, _replies, _replies.c.outbox_id.in_(names))
    if shopper:
        await _remember(connection, shopper, exposures, offers, parting, now)
        await _blur_answers(connection, shopper)
    await _forget_what_staff_did(connection, [*visits, *names, *(row["id"] for row in replies)])
    await _drop_what_explains(connection, shopper, visits, names)
    await _leave_codes(connection, became["coupon_claims"], names)
    await _leave_replies(connection, replies)
    for use in became["uses"]:
        use["spent_milli"] = (
            0  # what is left of a code's worth stays with the code, and would name who spent so much
        )
    rows = {"visits": stay, "exposures": exposures, "outbox": offers, "refunds": refunds, **became}
    await take_names_off(connection, rows, now)


async def _remember(
    connection: AsyncConnection,
    shopper: str,
    exposures: Rows,
    offers: Rows,
    parting: Parting,
    now: datetime,
) -> None:
    """What caps count: rounded up to the hour, so that none is ever looser than it was told to be."""
    failed = {row["id"] for row in offers if row["outcome"] in FAILED}
    kept = [
        RememberedRow(
            id=fresh_id("rm"),
            shopper_id=shopper,
            campaign_id=row["campaign_id"],
            campaign_group=row["campaign_group"],
            held_out=row["control"] is not None,
            step=row["step"],
            at=at,
            until=at + parting.look_back,
        ).model_dump()
        for row in exposures
        if row["id"] not in failed
        for at in [_next_hour(row["at"])]
        if at + parting.look_back > now
    ]
    if kept and parting.look_back:
        await connection.execute(sa.insert(_remembered), kept)


async def _drop_what_explains(
    connection: AsyncConnection, shopper: str | None, visits: Sequence[str], offers: Sequence[str]
) -> None:
    decisions = _tables["decisions"]
    decided = list(
        await connection.scalars(sa.select(decisions.c.id).where(decisions.c.visit_id.in_(visits)))
    )
    told = sa.select(_events.c.id).where(
        _events.c.shopper_id == shopper,
        sa.or_(
            _events.c.data["visit"].as_string().in_(visits), _events.c.data["offer"].as_string().in_(offers)
        ),
    )
    told_ids = list(await connection.scalars(told))
    for table, gone in (
        (_attempts, _attempts.c.outbox_id.in_(offers)),
        (decisions, decisions.c.id.in_(decided)),
        (_holds, sa.or_(_holds.c.visit_id.in_(visits), _holds.c.offer_visit_id.in_(visits))),
        (_deliveries, _deliveries.c.event_id.in_(told_ids)),
        (_events, _events.c.id.in_(told_ids)),
    ):
        await connection.execute(sa.delete(table).where(gone))
    # Who made the id once could make it again from the device: the log keeps whom it was about, not which of their visits.
    await connection.execute(
        sa.update(_audit).where(_audit.c.object.in_([*visits, *decided, *offers])).values(object=None)
    )


async def _forget_what_staff_did(connection: AsyncConnection, objects: Sequence[str]) -> None:
    """Of the log of what was done to these, not only seen: no name either, for it was at the very time that the offer or the use of it tells."""
    done = sa.and_(_audit.c.object.in_(objects), sa.not_(_audit.c.verb.startswith("GET ")))
    await connection.execute(sa.update(_audit).where(done).values(object=None, shopper_id=None))


async def _blur_answers(connection: AsyncConnection, shopper: str) -> None:
    """When their phones asked for what was done (answers kept for a repeated request): to the day, for it is when it was done."""
    theirs = (
        sa.select(_keys.c.id)
        .join(_devices, _devices.c.id == _keys.c.owner_id)
        .where(_keys.c.kind == "device", _devices.c.shopper_id == shopper)
    )
    for row in await _rows(connection, _answers, _answers.c.owner.in_(theirs)):
        this = sa.and_(_answers.c.owner == row["owner"], _answers.c.key == row["key"])
        await connection.execute(sa.update(_answers).where(this).values(created_at=_day(row["created_at"])))


async def _leave_codes(connection: AsyncConnection, claims: Rows, offers: Sequence[str]) -> None:
    """What shoppers claimed stays theirs; which offer it came with, and at what hour, does not.

    The `claims` that are counted are changed in place: their end is cut to the day, and so is never the end that stays with the shopper.
    """
    codes = await _rows(connection, _codes, _codes.c.outbox_id.in_(offers))
    names = {row["coupon_id"] for row in (*claims, *codes)}
    coupons = await _rows(connection, _coupons, _coupons.c.id.in_(names))
    ends = {row["id"]: Coupon.model_validate(row["coupon"]).ends_at for row in coupons}
    for code in codes:
        blurred = {
            "claimed_at": code["claimed_at"] and _day(code["claimed_at"]),
            "created_at": _day(code["created_at"]),
            "ends_at": _end_left(code, ends.get(code["coupon_id"])),
        }
        await connection.execute(
            sa.update(_codes).where(_codes.c.code == code["code"]).values(outbox_id=None, **blurred)
        )
    kept = [
        {
            **claim,
            "outbox_id": fresh_id("x"),
            "claimed_at": _day(claim["claimed_at"]),
            "ends_at": _end_left(claim, ends.get(claim["coupon_id"])),
        }
        for claim in claims
    ]
    if kept:
        await connection.execute(sa.insert(_claims), kept)
    for claim in claims:
        claim["ends_at"] = claim["ends_at"] and _day(claim["ends_at"])


def _end_left(claimed: Mapping[str, Any], everybodys: datetime | None) -> datetime | None:
    """The end of a code that says no more than the day of its claim: as if it had been claimed at that day's last moment, to the next full day.

    Never sooner than it was, and at most two days later. The end that the coupon has for everybody tells nothing and stays.
    """
    ends_at: datetime | None = claimed["ends_at"]
    if ends_at is None or ends_at == everybodys:
        return ends_at
    claimed_at = claimed["claimed_at"] or ends_at
    latest = ends_at + (_day(claimed_at) + _DAY - claimed_at)
    left = _day(latest)
    if left < latest:
        left += _DAY
    return min(left, everybodys) if everybodys and everybodys > ends_at else left


async def _leave_replies(connection: AsyncConnection, replies: Rows) -> None:
    """The words, what they are about and where to answer are all that staff need; the campaign would tell the place."""
    for reply in replies:
        blurred = {name: _day(reply[name]) for name in ("at", "done_at") if reply[name] is not None}
        nowhere = {"outbox_id": fresh_id("x"), "campaign_id": "", "zone_id": ""}
        await connection.execute(
            sa.update(_replies).where(_replies.c.id == reply["id"]).values(**nowhere, **blurred)
        )


async def _rows(connection: AsyncConnection, table: sa.Table, *where: sa.ColumnElement[bool]) -> Rows:
    return [dict(row) for row in (await connection.execute(sa.select(table).where(*where))).mappings()]


def _next_hour(at: datetime) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if hour == at else hour + timedelta(hours=1)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)

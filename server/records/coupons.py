"""Coupons, their codes, and who claimed one: never more than the stock, never two for one offer, whoever races.

In: coupons that the campaigns room has read; an offer and the shopper who claims. Out: codes. Verbs take an open connection
and never commit. Claims of one coupon take turns at its row (PostgreSQL; SQLite has one writer), so that counts hold.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns import Campaign
from server.campaigns.coupon import ALPHABET, LETTERS, Coupon, code_of, normal, shown
from server.campaigns.redemption import spoken_instant
from server.campaigns.words import Phrases, say
from server.records import webhooks
from server.records.bulk import insert_rows
from server.records.database import in_parts, insert_into
from server.records.evidence import time_zone_of
from server.records.refusal import NotFound, Taken
from server.records.rows import Change, by_id, page
from server.records.tables import CouponClaimRow, CouponCodeRow, CouponRow, Table

_coupons, _codes, _claims, _outbox, _redemptions = (
    Table.metadata.tables[name]
    for name in ("coupons", "coupon_codes", "coupon_claims", "outbox", "redemptions")
)


_PHRASES: Final[Phrases] = {
    "en": {
        "not_yours": "no offer {offer} was given to you",
        "no_code": "you have no code {code}",
        "given_out": "all {stock} are given out",
        "codes_given_out": "all codes are given out",
        "has_one": "you have one already, and that is what one person gets",
        "has_all": "you have {count} of them already, and that is what one person gets",
        "without": "this offer comes without a coupon",
        "offer_over": "this offer ended at {time}",
        "offer_used": "this offer was redeemed already",
        "gone": "the coupon of this offer is no longer there",
        "over": "this coupon ended at {time}",
    },
    "it": {
        "not_yours": "nessuna offerta {offer} ti è stata data",
        "no_code": "non hai un codice {code}",
        "given_out": "tutti i {stock} buoni sono stati dati",
        "codes_given_out": "tutti i codici sono stati dati",
        "has_one": "ne hai già uno, e a ogni persona ne spetta uno",
        "has_all": "ne hai già {count}, e a ogni persona non ne spettano di più",
        "without": "questa offerta non ha un buono",
        "offer_over": "questa offerta è finita il {time}",
        "offer_used": "questa offerta è già stata usata",
        "gone": "il buono di questa offerta non c'è più",
        "over": "questo buono è scaduto il {time}",
    },
}


class NoCoupon(Taken):
    """The offer gives no coupon now; its text says why, in words for the shopper."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that belongs to an offer's shopper. `again`: it was claimed before."""

    coupon: Coupon
    code: str
    shown: str
    claimed_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    again: bool


async def listed(connection: AsyncConnection, *, after: str = "", limit: int = 100) -> list[CouponRow]:
    """Coupons by id, from behind `after`."""
    return await page(connection, CouponRow, after, limit)


async def find(connection: AsyncConnection, coupon: str) -> CouponRow:
    """One coupon by its id. Raises NotFound."""
    return await by_id(connection, CouponRow, coupon, "coupon")


async def load(connection: AsyncConnection, campaigns: Iterable[Campaign]) -> dict[str, Coupon]:
    """The coupons that can be claimed with the offers of these campaigns, by id."""
    named = {
        offer.coupon
        for campaign in campaigns
        for offer in (campaign.offer, *campaign.offers, *(each.offer for each in campaign.follow_ups))
        if offer is not None and offer.coupon is not None
    }
    found: dict[str, Coupon] = {}
    for some in in_parts(named):
        rows = await connection.execute(
            sa.select(_coupons.c.id, _coupons.c.coupon).where(_coupons.c.id.in_(some))
        )
        found |= {row.id: Coupon.model_validate(row.coupon) for row in rows}
    return found


async def put(connection: AsyncConnection, coupon: Coupon, now: datetime) -> tuple[Change, CouponRow]:
    """Keeps a coupon by its id. How its codes come about stays as it was: raises Taken for another way, or a code in use."""
    document = coupon.model_dump(mode="json")
    locked = sa.select(_coupons).where(_coupons.c.id == coupon.id).with_for_update()
    kept = (await connection.execute(locked)).mappings().one_or_none()
    if kept is None:
        row = CouponRow(
            id=coupon.id,
            name=coupon.name,
            coupon=document,
            stock=coupon.stock,
            created_at=now,
            updated_at=now,
        )
        made = await connection.execute(
            insert_into(connection, _coupons).values(**row.model_dump()).on_conflict_do_nothing()
        )
        if not made.rowcount:  # somebody else made it at the same moment
            return await put(connection, coupon, now)
        if coupon.code is not None and not await _add(connection, coupon.id, [coupon.code], now):
            raise Taken(f"the code {coupon.code} belongs to another coupon")
        return "created", row
    before = CouponRow(**kept)
    if before.coupon == document:
        return "same", before
    if (before.coupon["codes"], before.coupon["code"]) != (coupon.codes, coupon.code):
        raise Taken(
            f"the codes of coupon {coupon.id} are {before.coupon['codes']} and stay so: make a new coupon"
        )
    changed = {"name": coupon.name, "coupon": document, "stock": coupon.stock, "updated_at": now}
    await connection.execute(sa.update(_coupons).where(_coupons.c.id == coupon.id).values(**changed))
    return "changed", CouponRow(**{**kept, **changed})


async def bring(connection: AsyncConnection, coupon: str, codes: Sequence[str], now: datetime) -> int:
    """Adds codes to a pool; gives how many are new. Raises NotFound, or Taken for a coupon that has no pool."""
    row = await find(connection, coupon)
    if row.coupon["codes"] != "pool":
        raise Taken(f"the codes of coupon {coupon} are {row.coupon['codes']}: there is no pool to add to")
    return await _add(connection, coupon, codes, now)


async def generate(connection: AsyncConnection, coupon: str, count: int, now: datetime) -> list[str]:
    """Makes codes to be printed or handed out; they count as issued. Raises NotFound, or Taken beyond the stock."""
    row = await find(connection, coupon)
    if row.coupon["codes"] != "generated":
        raise Taken(f"the codes of coupon {coupon} are {row.coupon['codes']}: none are made")
    if not await _issue(connection, coupon, count):
        raise Taken(f"coupon {coupon} has a stock of {row.stock}, of which {row.issued} are issued")
    made = [_draw() for _ in range(count)]
    await _add(connection, coupon, [shown(code) for code in made], now)
    await connection.execute(sa.update(_codes).where(_codes.c.code.in_(made)).values(claimed_at=now))
    return [shown(code) for code in made]


async def claim(connection: AsyncConnection, offer: str, shopper: str, device: str, now: datetime) -> Claim:
    """The code that comes with an offer; asked again, the same one.

    Raises NotFound for an offer that is not this shopper's, NoCoupon where none can be had: the stock is given out, they have
    as many as one person gets, the offer or the coupon is over.
    """
    asked = sa.select(_outbox).where(_outbox.c.id == offer, _outbox.c.shopper_id == shopper)
    given = (await connection.execute(asked.with_for_update())).mappings().one_or_none()
    if given is None:
        raise NotFound(say(_PHRASES, "not_yours", offer=offer))
    earlier = await _claimed(connection, offer)
    if earlier is not None:
        return earlier
    kept = await _coupon_of(connection, given, now)
    coupon = Coupon.model_validate(kept.coupon)
    if not await _issue(connection, coupon.id, 1):
        raise NoCoupon(say(_PHRASES, "given_out", stock=kept.stock))
    await _refuse_more_than_one_gets(connection, coupon, shopper)
    ends_at = coupon.holds_until(now)
    code = await _code_for(connection, coupon, shopper, offer, now, ends_at)
    row = CouponClaimRow(
        outbox_id=offer,
        coupon_id=coupon.id,
        code=code.code,
        shopper_id=shopper,
        device_id=device,
        claimed_at=now,
        ends_at=ends_at,
    )
    await connection.execute(sa.insert(_claims).values(**row.model_dump()))
    await webhooks.queue(connection, [webhooks.of_claim(offer, shopper, coupon.id, now)], now)
    return Claim(coupon, code.code, code.shown, now, coupon.starts_at, ends_at, again=False)


async def claim_of(connection: AsyncConnection, code: str, shopper: str) -> Claim:
    """What a shopper claimed, by its code. Raises NotFound for a code that is not theirs."""
    theirs = sa.select(_claims.c.outbox_id).where(
        _claims.c.code == normal(code), _claims.c.shopper_id == shopper
    )
    offer = await connection.scalar(theirs.order_by(_claims.c.claimed_at.desc()).limit(1))
    claimed = await _claimed(connection, offer) if offer else None
    if claimed is None:
        raise NotFound(say(_PHRASES, "no_code", code=code))
    return claimed


async def _claimed(connection: AsyncConnection, offer: str) -> Claim | None:
    joined = _claims.join(_codes, _codes.c.code == _claims.c.code).join(
        _coupons, _coupons.c.id == _claims.c.coupon_id
    )
    found = await connection.execute(
        sa.select(
            _claims.c.code,
            _codes.c.shown,
            _codes.c.starts_at,
            _claims.c.ends_at,
            _claims.c.claimed_at,
            _coupons.c.coupon,
        )
        .select_from(joined)
        .where(_claims.c.outbox_id == offer)
    )
    row = found.one_or_none()
    if row is None:
        return None
    coupon = Coupon.model_validate(row.coupon)
    return Claim(coupon, row.code, row.shown, row.claimed_at, row.starts_at, row.ends_at, again=True)


async def _coupon_of(connection: AsyncConnection, given: sa.RowMapping, now: datetime) -> CouponRow:
    """The coupon that an offer can still be turned into. Raises NoCoupon."""
    name = given["data"].get("coupon")
    if name is None:
        raise NoCoupon(say(_PHRASES, "without"))
    if given["expires_at"] <= now or given["outcome"] == "withdrawn":
        raise NoCoupon(say(_PHRASES, "offer_over", time=await _told(connection, given, given["expires_at"])))
    if await connection.scalar(
        sa.select(_redemptions.c.outbox_id).where(_redemptions.c.outbox_id == given["id"])
    ):
        raise NoCoupon(say(_PHRASES, "offer_used"))
    try:
        row = await find(connection, name)
    except NotFound:
        raise NoCoupon(say(_PHRASES, "gone")) from None
    coupon = Coupon.model_validate(row.coupon)
    if coupon.ends_at and coupon.ends_at <= now:
        raise NoCoupon(say(_PHRASES, "over", time=await _told(connection, given, coupon.ends_at)))
    return row


async def _told(connection: AsyncConnection, given: sa.RowMapping, at: datetime) -> str:
    """By the clock of the shop that gave the offer; by UTC where nobody knows it any more."""
    time_zone = await time_zone_of(connection, given["zone_id"])
    return spoken_instant(at, ZoneInfo(time_zone) if time_zone else UTC)


async def _issue(connection: AsyncConnection, coupon: str, count: int) -> bool:
    """Takes so many from the stock; False where there are fewer. The row stays locked until the commit."""
    room = sa.or_(_coupons.c.stock.is_(None), _coupons.c.issued + count <= _coupons.c.stock)
    taken = await connection.execute(
        sa.update(_coupons).where(_coupons.c.id == coupon, room).values(issued=_coupons.c.issued + count)
    )
    return bool(taken.rowcount)


async def _refuse_more_than_one_gets(connection: AsyncConnection, coupon: Coupon, shopper: str) -> None:
    had = await connection.scalar(
        sa.select(sa.func.count())
        .select_from(_claims)
        .where(_claims.c.coupon_id == coupon.id, _claims.c.shopper_id == shopper)
    )
    if (had or 0) >= coupon.per_person:
        phrase = "has_one" if coupon.per_person == 1 else "has_all"
        raise NoCoupon(say(_PHRASES, phrase, count=coupon.per_person))


async def _code_for(
    connection: AsyncConnection,
    coupon: Coupon,
    shopper: str,
    offer: str,
    now: datetime,
    ends_at: datetime | None,
) -> CouponCodeRow:
    """The code that this claim gets: the shared one, the next of the pool, or a new one."""
    if coupon.code is not None:
        return await _code(connection, normal(coupon.code))
    theirs: dict[str, Any] = {
        "shopper_id": shopper,
        "outbox_id": offer,
        "claimed_at": now,
        "starts_at": coupon.starts_at,
        "ends_at": ends_at,
    }
    if coupon.codes == "generated":
        code = _draw()
        row = CouponCodeRow(code=code, shown=shown(code), coupon_id=coupon.id, created_at=now, **theirs)
        await connection.execute(sa.insert(_codes).values(**row.model_dump()))
        return row
    waiting = sa.select(_codes.c.code).where(
        _codes.c.coupon_id == coupon.id, _codes.c.claimed_at.is_(None), _codes.c.used == 0
    )
    following = await connection.scalar(waiting.order_by(_codes.c.code).limit(1))
    if following is None:
        raise NoCoupon(say(_PHRASES, "codes_given_out"))
    await connection.execute(sa.update(_codes).where(_codes.c.code == following).values(**theirs))
    return await _code(connection, following)


async def _code(connection: AsyncConnection, code: str) -> CouponCodeRow:
    found = await connection.execute(sa.select(_codes).where(_codes.c.code == code))
    return CouponCodeRow(**found.mappings().one())


async def _add(connection: AsyncConnection, coupon: str, codes: Sequence[str], now: datetime) -> int:
    rows = {
        normal(each): {"code": normal(each), "shown": each.strip(), "coupon_id": coupon, "created_at": now}
        | {"used": 0, "spent_milli": 0}
        for each in codes
    }
    count = sa.select(sa.func.count()).select_from(_codes).where(_codes.c.coupon_id == coupon)
    before = await connection.scalar(count) or 0
    await connection.run_sync(lambda plain: insert_rows(plain, _codes, [*rows.values()]))
    return (await connection.scalar(count) or 0) - before


def _draw() -> str:
    return code_of("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)))

"""Redemptions: an offer or a coupon's code was used at a till, as often as it may be, whoever asks first.

In: the offer's id or a code, and what the till says. Out: the use, or why not. A code's row is locked, judged by the campaigns
room, and written: of fifty tills at the same moment one wins, and the others read when and where it was.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.coupon import Coupon, amount, is_mistyped, normal
from server.campaigns.redemption import (
    PHRASES,
    Asked,
    CodeAsItStands,
    Redeemable,
    Refused,
    Use,
    Why,
    judged,
    spoken_instant,
)
from server.campaigns.words import say
from server.records import holds, webhooks
from server.records.database import insert_into
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Refusal, Taken
from server.records.rows import Mark, before_mark
from server.records.tables import CouponCodeRow, RedemptionRow, Table, UseRow

_outbox = Table.metadata.tables["outbox"]
_redemptions = Table.metadata.tables["redemptions"]
_uses, _codes = Table.metadata.tables["uses"], Table.metadata.tables["coupon_codes"]
_claims, _coupons = Table.metadata.tables["coupon_claims"], Table.metadata.tables["coupons"]


class AlreadyRedeemed(Taken):
    """The offer was used before; its text says when."""


class NotRedeemable(Refusal):
    """The code may not be used so; `refused` says why."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.words)
        self.refused = refused

    @classmethod
    def of(cls, why: Why, **facts: str) -> Self:
        return cls(Refused(why, say(PHRASES, why, **facts)))


@dataclass(frozen=True, slots=True)
class AtTill:
    """What a till says of a use besides how much. `use` is the id it gets: one that the till made while it had no line."""

    received_at: datetime
    till: str | None = None
    order: str | None = None
    offline: bool = False
    use: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """A use, with what is left of its code (thousandths; None: it has no value that is used up)."""

    use: UseRow
    left_milli: int | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a code would do if it were used now, and what it is: its coupon, and until when this code holds."""

    found: Redeemable
    coupon: Coupon
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class UseQuery:
    """Which uses: at a till, in one of some shops (None: anywhere), told at or after `since`."""

    till: str | None = None
    shops: frozenset[str] | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class UseListed:
    """A use as a till's list shows it, with the coupon that it was of."""

    use: UseRow
    coupon: Coupon | None

    @property
    def id(self) -> str:
        return self.use.id

    @property
    def received_at(self) -> datetime:
        return self.use.received_at


async def redeem(
    connection: AsyncConnection,
    offer: str,
    at: datetime,
    *,
    till: str | None = None,
    amount: float | None = None,
    clock: tzinfo = UTC,
) -> RedemptionRow:
    """Uses an offer. Raises NotFound for one that was never given, AlreadyRedeemed for one that was used.

    `amount` is what the shopper paid, in the shop's currency; who comes second reads the time by `clock`. Of two tills at the same moment one wins: the key of the
    table decides it, and on PostgreSQL the second waits for the first to commit.
    """
    asked = sa.select(_outbox.c.shopper_id).where(_outbox.c.id == offer)
    shopper = (await connection.execute(asked)).scalar_one_or_none()
    if shopper is None:
        raise NotFound(say(PHRASES, "never_given", offer=offer))
    row = RedemptionRow(outbox_id=offer, shopper_id=shopper, till=till, amount=amount, at=at)
    kept = await connection.execute(
        insert_into(connection, _redemptions).values(**row.model_dump()).on_conflict_do_nothing()
    )
    if kept.rowcount:
        await holds.redeemed(connection, offer, at)
        return row
    earlier = await connection.execute(sa.select(_redemptions.c.at).where(_redemptions.c.outbox_id == offer))
    raise AlreadyRedeemed(say(PHRASES, "offer_used", time=spoken_instant(earlier.scalar_one(), clock)))


async def look(connection: AsyncConnection, code: str, asked: Asked) -> Looked:
    """What would happen if the code were used now; nothing does. Raises NotRedeemable."""
    row, verdict = await _judged(connection, code, asked, lock=False)
    coupon = await _coupon_of(connection, row)
    return Looked(verdict, coupon, row.ends_at or coupon.ends_at)


async def listed(
    connection: AsyncConnection, query: UseQuery, *, after: Mark | None = None, limit: int = 100
) -> list[UseListed]:
    """Uses by when they were told, newest first, from behind `after`; those that were taken back too."""
    where: list[sa.ColumnElement[bool]] = []
    if query.till is not None:
        where.append(_uses.c.till == query.till)
    if query.shops is not None:
        where.append(_uses.c.shop.in_(query.shops))
    if query.since is not None:
        where.append(_uses.c.received_at >= query.since)
    if after is not None:
        where.append(before_mark(_uses.c.received_at, _uses.c.id, after))
    found = await connection.execute(
        sa.select(_uses).where(*where).order_by(_uses.c.received_at.desc(), _uses.c.id.desc()).limit(limit)
    )
    rows = [UseRow(**row) for row in found.mappings()]
    named = {row.coupon_id for row in rows if row.coupon_id}
    asked = sa.select(_coupons.c.id, _coupons.c.coupon).where(_coupons.c.id.in_(named))
    coupons = {each.id: Coupon.model_validate(each.coupon) for each in await connection.execute(asked)}
    return [UseListed(row, coupons.get(row.coupon_id or "")) for row in rows]


async def shops_of(
    connection: AsyncConnection, *, use: str | None = None, offer: str | None = None
) -> set[str | None]:
    """Where a use, or any use of an offer, was; None for one that did not say."""
    which = _uses.c.id == use if use is not None else _uses.c.outbox_id == offer
    return set(await connection.scalars(sa.select(_uses.c.shop).where(which)))


async def use_offer(
    connection: AsyncConnection, offer: str, asked: Asked, at_till: AtTill
) -> RedemptionRow | Used:
    """Uses an offer by its id: the code that was claimed with it, where one was. Raises as `redeem` and `use_code`.

    An offer that gives a coupon is not used without it: the coupon's shops, minimum and stock would count for nothing.
    """
    given = (
        await connection.execute(
            sa.select(_outbox.c.shopper_id, _outbox.c.data).where(_outbox.c.id == offer).with_for_update()
        )
    ).one_or_none()  # claims of this offer wait for the end of the transaction
    code = await connection.scalar(sa.select(_claims.c.code).where(_claims.c.outbox_id == offer))
    if code is None:
        if given is not None and given.data.get("coupon") is not None:
            await _refuse_unclaimed(connection, offer)
        paid = None if asked.paid_milli is None else amount(asked.paid_milli)
        row = await redeem(connection, offer, asked.at, till=at_till.till, amount=paid, clock=asked.clock)
        use = UseRow(
            id=fresh_id("rd"),
            outbox_id=offer,
            shopper_id=row.shopper_id,
            shop=asked.shop,
            till=at_till.till,
            order_id=at_till.order,
            amount_milli=asked.paid_milli,
            at=asked.at,
            received_at=at_till.received_at,
        )
        await connection.execute(sa.insert(_uses).values(**use.model_dump()))
        await webhooks.queue(connection, [webhooks.of_use(use)], at_till.received_at)
        return row
    if (
        await _row_of(connection, code, lock=False)
    ).outbox_id is None:  # a shared code: this offer's turn is once
        await redeem(connection, offer, asked.at, till=at_till.till, clock=asked.clock)
        return await use_code(
            connection, code, asked, at_till, offer=offer, shopper=given and given.shopper_id
        )
    return await use_code(connection, code, asked, at_till)


async def _refuse_unclaimed(connection: AsyncConnection, offer: str) -> None:
    """What was used before there was this rule was used, and the till reads when: claiming would not help."""
    used = sa.select(_redemptions.c.outbox_id).where(_redemptions.c.outbox_id == offer)
    if await connection.scalar(used) is None:
        raise NotRedeemable.of("unclaimed")


async def use_code(
    connection: AsyncConnection,
    code: str,
    asked: Asked,
    at_till: AtTill,
    *,
    offer: str | None = None,
    shopper: str | None = None,
) -> Used:
    """Uses a code, or a part of its value. Raises NotRedeemable. `offer` and `shopper` say who comes with a shared one."""
    row, verdict = await _judged(connection, code, asked, lock=True)
    use = UseRow(
        id=at_till.use or fresh_id("rd"),
        code=row.code,
        coupon_id=row.coupon_id,
        outbox_id=row.outbox_id or offer,
        shopper_id=row.shopper_id or shopper,
        shop=asked.shop,
        till=at_till.till,
        order_id=at_till.order,
        amount_milli=asked.paid_milli,
        spent_milli=verdict.spend_milli,
        offline=at_till.offline,
        at=asked.at,
        received_at=at_till.received_at,
    )
    kept = await connection.execute(
        insert_into(connection, _uses).values(**use.model_dump()).on_conflict_do_nothing()
    )
    if not kept.rowcount:  # a till's own id, told with another code
        raise Taken(say(PHRASES, "other_code", use=use.id))
    await connection.execute(
        sa.update(_codes)
        .where(_codes.c.code == row.code)
        .values(used=_codes.c.used + 1, spent_milli=_codes.c.spent_milli + verdict.spend_milli)
    )
    await _note_the_offer(connection, use)
    await webhooks.queue(connection, [webhooks.of_use(use)], at_till.received_at)
    return Used(use, verdict.left_milli)


async def note_double(
    connection: AsyncConnection, code: str, asked: Asked, at_till: AtTill, why: str
) -> None:
    """Keeps a use that does not count, because the code was used elsewhere before it was told: for whoever asks later."""
    row = await _row_of(connection, code, lock=False)
    use = UseRow(
        id=at_till.use or fresh_id("rd"),
        code=row.code,
        coupon_id=row.coupon_id,
        outbox_id=row.outbox_id,
        shopper_id=row.shopper_id,
        shop=asked.shop,
        till=at_till.till,
        order_id=at_till.order,
        amount_milli=asked.paid_milli,
        offline=True,
        at=asked.at,
        received_at=at_till.received_at,
        void_at=at_till.received_at,
        void_why=why,
    )
    await connection.execute(
        insert_into(connection, _uses).values(**use.model_dump()).on_conflict_do_nothing()
    )


def is_the_same(use: UseRow, code: str, asked: Asked) -> bool:
    """Whether a till that tells a use by the id of this one tells the same: its (normal) code and its money."""
    # Nothing is spent of what does not count, nor kept of what one who was erased spent.
    spent = asked.spend_milli is None or use.spent_milli in {0, asked.spend_milli}
    return use.code == code and use.amount_milli == asked.paid_milli and spent


async def find_use(connection: AsyncConnection, use: str) -> UseRow | None:
    """A use by its id."""
    found = (await connection.execute(sa.select(_uses).where(_uses.c.id == use))).mappings().one_or_none()
    return UseRow(**found) if found else None


async def roll_back(connection: AsyncConnection, use: str, now: datetime) -> UseRow:
    """Takes a use back: the goods came back, the sale was broken off. Twice is no error. Raises NotFound."""
    row = await find_use(connection, use)
    if row is None:
        raise NotFound(say(PHRASES, "no_use", use=use))
    if row.code is not None:  # the order of locks is that of `use_code`: the code first
        await connection.execute(sa.select(_codes.c.code).where(_codes.c.code == row.code).with_for_update())
    voided = await connection.execute(
        sa.update(_uses)
        .where(_uses.c.id == use, _uses.c.void_at.is_(None))
        .values(void_at=now, void_why="rolled_back")
    )
    if voided.rowcount:
        await connection.execute(  # none, of an offer that was used by itself
            sa.update(_codes)
            .where(_codes.c.code == row.code)
            .values(used=_codes.c.used - 1, spent_milli=_codes.c.spent_milli - row.spent_milli)
        )
        await _forget_the_offer(connection, row.outbox_id)
        await webhooks.queue(connection, [webhooks.of_use_taken_back(row, now)], now)
    return UseRow(
        **{**row.model_dump(), "void_at": row.void_at or now, "void_why": row.void_why or "rolled_back"}
    )


async def roll_back_offer(connection: AsyncConnection, offer: str, now: datetime) -> None:
    """Takes back that an offer was used, by itself or by its code. Twice is no error. Raises NotFound where it never was."""
    asked = sa.select(_uses.c.id, _uses.c.void_at).where(_uses.c.outbox_id == offer).order_by(_uses.c.id)
    uses = (await connection.execute(asked)).all()
    for use in uses:  # before the offer itself: the order of locks is that of `use_code`
        if use.void_at is None:
            await roll_back(connection, use.id, now)
    gone = await connection.execute(sa.delete(_redemptions).where(_redemptions.c.outbox_id == offer))
    if not uses and not gone.rowcount:
        raise NotFound(say(PHRASES, "offer_not_used", offer=offer))


async def last_use(connection: AsyncConnection, code: str) -> Use | None:
    """When and where a code was last used, of the uses that count."""
    found = await connection.execute(
        sa.select(_uses.c.at, _uses.c.till, _uses.c.shop)
        .where(_uses.c.code == code, _uses.c.void_at.is_(None))
        .order_by(_uses.c.received_at.desc(), _uses.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return Use(row.at, row.till, row.shop) if row else None


async def _judged(
    connection: AsyncConnection, code: str, asked: Asked, *, lock: bool
) -> tuple[CouponCodeRow, Redeemable]:
    row = await _row_of(connection, code, lock=lock)
    coupon = await _coupon_of(connection, row)
    verdict = judged(
        CodeAsItStands(
            coupon=coupon,
            starts_at=row.starts_at or coupon.starts_at,
            ends_at=row.ends_at or coupon.ends_at,
            used=row.used,
            spent_milli=row.spent_milli,
            last_use=await last_use(connection, row.code) if row.used else None,
            given_at=row.claimed_at or row.created_at,
        ),
        asked,
    )
    if isinstance(verdict, Refused):
        raise NotRedeemable(verdict)
    return row, verdict


async def _coupon_of(connection: AsyncConnection, row: CouponCodeRow) -> Coupon:
    asked = sa.select(_coupons.c.coupon).where(_coupons.c.id == row.coupon_id)
    return Coupon.model_validate(await connection.scalar(asked))


async def _row_of(connection: AsyncConnection, code: str, *, lock: bool) -> CouponCodeRow:
    query = sa.select(_codes).where(_codes.c.code == normal(code))
    found = (await connection.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    if found is not None:
        return CouponCodeRow(**found)
    why: Why = "mistyped" if is_mistyped(normal(code)) else "unknown"
    raise NotRedeemable.of(why, code=code)


async def _note_the_offer(connection: AsyncConnection, use: UseRow) -> None:
    """The offer that the code came with counts as redeemed, from its first use on."""
    if use.outbox_id is None or use.shopper_id is None:
        return
    row = RedemptionRow(
        outbox_id=use.outbox_id,
        shopper_id=use.shopper_id,
        till=use.till,
        amount=None if use.amount_milli is None else amount(use.amount_milli),
        at=use.at,
    )
    await connection.execute(
        insert_into(connection, _redemptions).values(**row.model_dump()).on_conflict_do_nothing()
    )
    await holds.redeemed(connection, use.outbox_id, use.at)


async def _forget_the_offer(connection: AsyncConnection, offer: str | None) -> None:
    """Where no use of it counts any more, an offer counts as not redeemed."""
    still = sa.select(_uses.c.id).where(_uses.c.outbox_id == offer, _uses.c.void_at.is_(None)).limit(1)
    if offer is not None and await connection.scalar(still) is None:
        await connection.execute(sa.delete(_redemptions).where(_redemptions.c.outbox_id == offer))

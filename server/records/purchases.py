"""Purchases: one order, one credit, to the offer that was redeemed in it, else to the last that could have caused it.

In: what a till or the online shop says of an order, and later of money given back. Out: the order with its credit. Telling an order
again changes nothing; a refund takes its part of the credit back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.coupon import normal
from server.campaigns.offer import LONGEST_ATTRIBUTION_S, USUAL_ATTRIBUTION_S
from server.campaigns.redemption import GivenOffer, cause_of
from server.records import webhooks
from server.records.database import insert_into
from server.records.facts import FAILED
from server.records.refusal import NotFound, Taken
from server.records.tables import PurchaseRow, RefundRow, Table

_outbox, _campaigns = Table.metadata.tables["outbox"], Table.metadata.tables["campaigns"]
_uses, _codes = Table.metadata.tables["uses"], Table.metadata.tables["coupon_codes"]
_purchases, _refunds = Table.metadata.tables["purchases"], Table.metadata.tables["refunds"]
_shoppers, _exposures = Table.metadata.tables["shoppers"], Table.metadata.tables["exposures"]
_versions = Table.metadata.tables["campaign_versions"]

By = Literal["redemption", "window"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is said of an order. `code` or `offer` was redeemed in it; `own_id` is the shop's own name for the shopper."""

    id: str
    at: datetime
    amount_milli: int
    shopper: str | None = None
    own_id: str | None = None
    offer: str | None = None
    code: str | None = None
    shop: str | None = None
    till: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Redeemed:
    """The offer that was used in an order, and whose it was."""

    offer: str
    campaign: str
    shopper: str


async def find(connection: AsyncConnection, order: str) -> PurchaseRow:
    """Raises NotFound."""
    row = await _kept(connection, order)
    if row is None:
        raise NotFound(f"there is no order {order}")
    return row


async def report(connection: AsyncConnection, order: Order, now: datetime) -> PurchaseRow:
    """Keeps an order with its credit; told again, gives it as it stands. Raises Taken where another was told before."""
    kept = await _kept(connection, order.id)
    if kept is None:
        row = await _credited(connection, order, now)
        made = await connection.execute(
            insert_into(connection, _purchases).values(**row.model_dump()).on_conflict_do_nothing()
        )
        if made.rowcount:
            if row.outbox_id is not None:
                await webhooks.queue(connection, [webhooks.of_purchase(row)], now)
            return row
        kept = await find(connection, order.id)
    if (kept.amount_milli, kept.shop) != (order.amount_milli, order.shop):
        raise Taken(f"order {order.id} was told before, with another amount or shop")
    return kept


async def refund(
    connection: AsyncConnection,
    order: str,
    refund: str,
    amount_milli: int | None,
    at: datetime,
    now: datetime | None = None,
) -> PurchaseRow:
    """Gives money back (None: all that is left), and its part of the credit. The same refund told again changes nothing.

    Raises NotFound, or Taken for more than was paid, or a refund by this name that was another.
    """
    locked = sa.select(_purchases).where(_purchases.c.order_id == order).with_for_update()
    found = (await connection.execute(locked)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no order {order}")
    row = PurchaseRow(**found)
    earlier = (await connection.execute(sa.select(_refunds).where(_refunds.c.id == refund))).one_or_none()
    if earlier is not None:
        if earlier.order_id != order or amount_milli not in {None, earlier.amount_milli}:
            raise Taken(f"refund {refund} was told before, of another order or amount")
        return row
    left = row.amount_milli - row.refunded_milli
    given = left if amount_milli is None else amount_milli
    if given > left:
        raise Taken(f"of order {order} {left / 1000:.2f} is left, less than {given / 1000:.2f}")
    told = RefundRow(id=refund, order_id=order, shopper_id=row.shopper_id, amount_milli=given, at=at)
    kept = await connection.execute(
        insert_into(connection, _refunds).values(**told.model_dump()).on_conflict_do_nothing()
    )
    if not kept.rowcount:  # told of another order at the same moment
        raise Taken(f"refund {refund} was told before, of another order or amount")
    refunded = row.refunded_milli + given
    await connection.execute(
        sa.update(_purchases).where(_purchases.c.order_id == order).values(refunded_milli=refunded)
    )
    if row.outbox_id is not None:
        await webhooks.queue(connection, [webhooks.of_refund(row, refund, given, at)], now or at)
    return PurchaseRow(**{**found, "refunded_milli": refunded})


async def _kept(connection: AsyncConnection, order: str) -> PurchaseRow | None:
    asked = sa.select(_purchases).where(_purchases.c.order_id == order)
    found = (await connection.execute(asked)).mappings().one_or_none()
    return PurchaseRow(**found) if found else None


async def _credited(connection: AsyncConnection, order: Order, now: datetime) -> PurchaseRow:
    redeemed = await _redeemed_in(connection, order)
    shopper = await _shopper_of(connection, order) or (redeemed.shopper if redeemed else None)
    cause, by = await _cause(connection, order, redeemed, shopper)
    return PurchaseRow(
        order_id=order.id,
        shopper_id=shopper,
        outbox_id=cause.id if cause else None,
        campaign_id=cause.campaign if cause else None,
        credited_by=by,
        shop=order.shop,
        till=order.till,
        currency=order.currency,
        amount_milli=order.amount_milli,
        at=order.at,
        received_at=now,
    )


async def _cause(
    connection: AsyncConnection,
    order: Order,
    redeemed: _Redeemed | None,
    shopper: str | None,
) -> tuple[GivenOffer | None, By | None]:
    """A till's word that an offer was used in the order beats any guess; else the last in its window."""
    if redeemed is not None:
        return GivenOffer(redeemed.offer, redeemed.campaign, order.at, 0.0), "redemption"
    cause = None if shopper is None else cause_of(order.at, await _given_to(connection, shopper, order.at))
    return cause, "window" if cause else None


async def _redeemed_in(connection: AsyncConnection, order: Order) -> _Redeemed | None:
    """The offer that was used in this order: named by it, by its code, or by the till when it was redeemed."""
    by_code = sa.select(_codes.c.outbox_id).where(_codes.c.code == normal(order.code or ""))
    by_till = sa.select(_uses.c.outbox_id).where(_uses.c.order_id == order.id, _uses.c.void_at.is_(None))
    found = await connection.execute(
        sa.select(_outbox.c.id, _outbox.c.campaign_id, _outbox.c.shopper_id)
        .where(sa.or_(_outbox.c.id == order.offer, _outbox.c.id.in_(by_code), _outbox.c.id.in_(by_till)))
        .order_by(_outbox.c.created_at.desc(), _outbox.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return _Redeemed(row.id, row.campaign_id, row.shopper_id) if row else None


async def _shopper_of(connection: AsyncConnection, order: Order) -> str | None:
    """The shopper that the order names, where we know them by every name that it gives: nobody is made up for it."""
    names = ((_shoppers.c.id, order.shopper), (_shoppers.c.own_id, order.own_id))
    said = [column == name for column, name in names if name is not None]
    if not said:  # most phones have no name of the shop's own: "no name" would be theirs
        return None
    found: str | None = await connection.scalar(sa.select(_shoppers.c.id).where(*said))
    return found


async def _given_to(connection: AsyncConnection, shopper: str, until: datetime) -> list[GivenOffer]:
    """The offers of the longest window before `until`, each with the window of the version of its campaign that sent it."""
    reached = sa.or_(_outbox.c.outcome.is_(None), _outbox.c.outcome.not_in(FAILED))
    by_version = sa.and_(
        _versions.c.campaign_id == _exposures.c.campaign_id,
        _versions.c.version == _exposures.c.campaign_version,
    )
    rows = await connection.execute(
        sa.select(
            _outbox.c.id,
            _outbox.c.campaign_id,
            _outbox.c.created_at,
            _exposures.c.variant,
            _exposures.c.step,
            _versions.c.campaign.label("then"),
            _campaigns.c.campaign.label("now"),
        )
        .select_from(
            _outbox.outerjoin(_exposures, _exposures.c.id == _outbox.c.id)
            .outerjoin(_versions, by_version)
            .outerjoin(_campaigns, _campaigns.c.id == _outbox.c.campaign_id)
        )
        .where(
            _outbox.c.shopper_id == shopper,
            _outbox.c.created_at <= until,
            _outbox.c.created_at >= until - timedelta(seconds=LONGEST_ATTRIBUTION_S),
            reached,
        )
    )
    return [
        GivenOffer(
            row.id,
            row.campaign_id,
            row.created_at,
            _window_s(row.then or row.now or {}, row.variant, row.step or 0),
        )
        for row in rows
    ]


def _window_s(document: Mapping[str, Any], variant: str | None, step: int) -> float:
    """The attribution window, in seconds, of what a campaign's document gave: its offer, or that of a variant or of a follow-up."""
    offers = [document.get("offer")]
    if step:
        offers.insert(0, dict(enumerate(document.get("follow_ups", []), 1)).get(step, {}).get("offer"))
    elif variant:
        offers = [
            each.get("offer") for each in document.get("variants", []) if each["id"] == variant
        ] + offers
    given: Mapping[str, Any] = next((offer for offer in offers if offer), {})
    return float(given.get("attribution_s", USUAL_ATTRIBUTION_S))

"""The doors for purchases: a till or an online shop tells of an order, and later of money given back.

In: a server key and an order by the shop's own id. Out: the order with the one offer that it is credited to, if any, and how much of
the credit is left. Telling it again changes nothing.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, StringConstraints

from server.campaigns.coupon import amount, milli
from server.records import purchases
from server.records.database import Connection, Database
from server.records.purchases import By, Order
from server.records.tables import PurchaseRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, refuse_the_future, utc_now
from server.web.fields import Given, Id, Money, Name, OwnId, PlaceId, SomeMoney, Time
from server.web.guard import Guard

OrderPath = Annotated[OwnId, Path()]


class PurchaseGiven(Given):
    """An order. Name the shopper by our id or by your own, and what was redeemed in it, where you know."""

    order: OwnId = Field(description="your id of the order: told again, it is the same order")
    amount: Money = Field(description="what was paid, in the shop's currency")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    at: Time | None = Field(None, description="when it was bought; now where it is left out")
    shopper: Id | None = None
    own_id: OwnId | None = Field(None, description="the shop's own name for the shopper")
    offer: Id | None = Field(None, description="the offer that was redeemed in it")
    code: Name | None = Field(None, description="the coupon's code that was redeemed in it")
    shop: PlaceId | None = None
    till: Name | None = None

    def said(self, now: datetime) -> Order:
        return Order(
            id=self.order,
            at=self.at or now,
            amount_milli=milli(self.amount),
            shopper=self.shopper,
            own_id=self.own_id,
            offer=self.offer,
            code=self.code,
            shop=self.shop,
            till=self.till,
            currency=self.currency,
        )


class RefundGiven(Given):
    refund: OwnId = Field(description="your id of the refund: told again, it is the same refund")
    amount: SomeMoney | None = Field(
        None, description="so much was given back; all that is left where it is left out"
    )
    at: Time | None = None


class Credit(BaseModel):
    """Which offer caused the order, how we know, and how much of it still counts."""

    offer: str
    campaign: str
    by: By = Field(
        description="redemption: it was used in the order; window: the last that could have caused it"
    )
    amount: float


class PurchaseShown(BaseModel):
    order: str
    shopper: str | None
    at: datetime
    amount: float
    refunded: float
    currency: str | None
    credit: Credit | None

    @classmethod
    def of(cls, row: PurchaseRow) -> Self:
        credit = None
        if row.outbox_id is not None:
            credit = Credit(
                offer=row.outbox_id,
                campaign=row.campaign_id or "",
                by=row.credited_by,
                amount=amount(row.amount_milli - row.refunded_milli),
            )
        return cls(
            order=row.order_id,
            shopper=row.shopper_id,
            at=row.at,
            amount=amount(row.amount_milli),
            refunded=amount(row.refunded_milli),
            currency=row.currency,
            credit=credit,
        )


def purchase_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["till"])

    @router.post("/v1/purchases", status_code=201, response_model=PurchaseShown, responses={409: {}})
    async def report(body: PurchaseGiven, asked: Annotated[Asked, asking(guard.server)]) -> Response:
        """Tells of an order: one order, one credit, to what was redeemed in it, else to the last offer within its window."""
        now = clock()
        refuse_the_future(body.at, now, "your")
        async with database.writing() as connection:
            return await asked.once(connection, 201, lambda: _report(connection, body.said(now), now))

    @router.get("/v1/purchases/{order:path}/credit", responses={404: {}}, dependencies=[guard.reader])
    async def shown(order: OrderPath) -> PurchaseShown:
        """An order and its credit as they stand."""
        async with database.reading() as connection:
            return PurchaseShown.of(await purchases.find(connection, order))

    @router.post(
        "/v1/purchases/{order:path}/refunds",
        status_code=201,
        response_model=PurchaseShown,
        responses={404: {}, 409: {}},
    )
    async def refund(
        order: OrderPath, body: RefundGiven, asked: Annotated[Asked, asking(guard.server)]
    ) -> Response:
        """Tells of money given back: its part of the credit goes with it."""
        now = clock()
        refuse_the_future(body.at, now, "your")

        async def refunded() -> PurchaseShown:
            back = None if body.amount is None else milli(body.amount)
            return PurchaseShown.of(
                await purchases.refund(connection, order, body.refund, back, body.at or now, now)
            )

        async with database.writing() as connection:
            return await asked.once(connection, 201, refunded)

    return router


async def _report(connection: Connection, order: Order, now: datetime) -> PurchaseShown:
    return PurchaseShown.of(await purchases.report(connection, order, now))

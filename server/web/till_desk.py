"""What whoever stands at a till sees besides the code before them: which shops there are to stand in, and what this till did last.

In: a cashier's or a manager's session, or a server key. Out: shops and uses; no shopper.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.campaigns.coupon import amount
from server.records import redemptions, zones
from server.records.database import Database
from server.records.keys import Principal
from server.records.redemptions import UseListed, UseQuery
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.fields import Name, PlaceId, Time
from server.web.guard import Guard
from server.web.shops import refuse_other_shops


class TillShop(BaseModel):
    """A shop that a till may stand in."""

    id: str
    name: str
    time_zone: str | None


class TillShops(BaseModel):
    shops: list[TillShop]


class UsesAsked(Page):
    till: Name | None = None
    shop: PlaceId | None = None
    since: Time | None = Field(None, description="told at or after")


class UseShown(BaseModel):
    """A use of a code, or of an offer without one; whose it was is not told."""

    redemption: str
    code: str | None
    offer: str | None = Field(description="the offer that it came with")
    coupon: str | None
    name: str | None = Field(description="of the coupon, as staff call it")
    at: datetime
    amount: float | None = Field(description="what was paid")
    spent: float = Field(description="how much of the coupon's value was used")
    currency: str | None
    shop: str | None
    till: str | None
    offline: bool = Field(description="taken without a line, and told later")
    taken_back_at: datetime | None = Field(description="since when it does not count")

    @classmethod
    def of(cls, listed: UseListed) -> Self:
        use, coupon = listed.use, listed.coupon
        return cls(
            redemption=use.id,
            code=use.code,
            offer=use.outbox_id,
            coupon=use.coupon_id,
            name=coupon.name if coupon else None,
            at=use.at,
            amount=None if use.amount_milli is None else amount(use.amount_milli),
            spent=amount(use.spent_milli),
            currency=coupon.currency if coupon else None,
            shop=use.shop,
            till=use.till,
            offline=use.offline,
            taken_back_at=use.void_at,
        )


class Uses(BaseModel):
    redemptions: list[UseShown]
    next: Next


def till_desk_routes(database: Database, guard: Guard) -> APIRouter:
    router = APIRouter(tags=["till"])

    @router.get("/v1/till/shops")
    async def shops(caller: Annotated[Principal, guard.till]) -> TillShops:
        """The shops that there are, or those that one is of."""
        async with database.reading() as connection:
            sites = await zones.sites(connection, caller.shops)
        return TillShops(shops=[TillShop(id=site, name=name, time_zone=clock) for site, name, clock in sites])

    @router.get("/v1/redemptions")
    async def listed(asked: Annotated[UsesAsked, Query()], caller: Annotated[Principal, guard.till]) -> Uses:
        """What was used, the newest first; what was taken back too."""
        if asked.shop is not None:
            refuse_other_shops(caller, asked.shop)
        shops = caller.shops if asked.shop is None else frozenset({asked.shop})
        query = UseQuery(asked.till, shops, asked.since)
        async with database.reading() as connection:
            found = await redemptions.listed(
                connection, query, after=read_mark(asked.cursor), limit=asked.limit
            )
        return Uses(
            redemptions=[UseShown.of(each) for each in found],
            next=next_after(found, asked.limit, "received_at", "id"),
        )

    return router

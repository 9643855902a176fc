"""The timeline of one shopper over HTTP: all that ever passed between them and the shop, newest first.

In: a shopper's id, a language. Out: touchpoints, page by page; a silence with its reasons in words.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.records import shoppers, touchpoints
from server.records.database import Database
from server.records.keys import Principal
from server.records.touchpoints import Kind, Touchpoint
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.fields import Id
from server.web.guard import Guard
from server.web.shops import Sight
from server.web.supposing import Spoken, WhyReason, reason_in


class TouchpointsAsked(Page):
    language: Spoken = Field("en", description="of the reasons")


class TouchpointShown(BaseModel):
    """One thing that happened. Which of the fields there are depends on its kind."""

    kind: Kind = Field(description="a decision to speak is told of by its offer; `decision` is a silence")
    id: str = Field(
        description="of the visit, decision, offer, order, …; of a receipt its offer and its kind"
    )
    at: datetime
    zone: str | None
    campaign: str | None
    visit: str | None
    offer: str | None
    state: str | None = Field(
        description="how far an offer came, a decision's verdict, what a receipt says, what a reply is, granted or refused, why a use was "
        "taken back, how an order came by its credit"
    )
    words: str | None = Field(description="the offer's title; what a shopper wrote; the purpose of a consent")
    reasons: list[WhyReason] = Field(description="of a decision")
    amount: float | None
    currency: str | None
    until: datetime | None = Field(
        description="the end of a visit; until when an offer or a claimed code holds"
    )

    @classmethod
    def of(cls, each: Touchpoint, language: Spoken) -> Self:
        return cls(
            kind=each.kind,
            id=each.id,
            at=each.at,
            zone=each.zone,
            campaign=each.campaign,
            visit=each.visit,
            offer=each.offer,
            state=each.state,
            words=each.words,
            reasons=[reason_in(dict(kept), language) for kept in each.reasons],
            amount=None if each.amount_milli is None else each.amount_milli / 1000,
            currency=each.currency,
            until=each.until,
        )


class Touchpoints(BaseModel):
    touchpoints: list[TouchpointShown]
    next: Next


def add_touchpoints(router: APIRouter, database: Database, guard: Guard) -> None:
    """`/v1/shoppers/{shopper}/touchpoints`."""

    @router.get("/v1/shoppers/{shopper}/touchpoints", responses={404: {}})
    async def listed(
        shopper: Id,
        asked: Annotated[TouchpointsAsked, Query()],
        caller: Annotated[Principal, guard.host],
    ) -> Touchpoints:
        """Visits, silences, offers, receipts, claims, uses, orders, replies and answers of one shopper, newest first.

        Whoever is of some shops is told what happened in these, and what they agreed to: a page may hold fewer.
        """
        async with database.reading() as connection:
            await shoppers.find(connection, shopper)
            found = await touchpoints.listed(
                connection, shopper, after=read_mark(asked.cursor), limit=asked.limit
            )
            sight = await Sight.of(connection, caller.shops)
        theirs = [
            replace(each, reasons=sight.of_theirs(each.reasons))
            for each in found
            if each.kind == "consent" or caller.shops is None or sight.shows_zone(each.zone)
        ]
        shown = [TouchpointShown.of(each, asked.language) for each in theirs]
        return Touchpoints(touchpoints=shown, next=next_after(found, asked.limit, "at", "key"))

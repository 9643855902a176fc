"""Replies: a shopper books, calls for assistance or says how it was, by an offer's button; staff see the list and see to it.

In: a device's token and an offer of its shopper; or staff, or a server key. Out: the reply as it is kept; or why it is not taken (409, 422), in
words for the shopper. Other systems are told by the webhook events `reply.made` and `reply.taken_back`, without the shopper's own words.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from server.campaigns.action import Reply
from server.records import devices, replies
from server.records.database import Database
from server.records.keys import Principal
from server.records.replies import ReplyQuery, Unfit
from server.records.tables import ReplyRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.fields import Given, Id, OwnId, Time, Word
from server.web.guard import Guard
from server.web.known import whose
from server.web.problem import Fault, Problem

#: A shopper's own words: line breaks are theirs, other control characters nobody's.
Words = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=1000, strip_whitespace=True, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$"
    ),
]
Contact = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


class ReplyGiven(Given):
    """Which parts there are depends on the offer's action: an appointment has `wants_at`, feedback has `stars`."""

    agreed_to: Word = Field(
        description="which text the shopper read and agreed to in sending this: that it is kept and answered"
    )
    wants_at: Time | None = Field(None, description="when they would come")
    stars: Annotated[int, Field(ge=1, le=10)] | None = None
    words: Words | None = Field(None, description="in their own words")
    contact: Contact | None = Field(None, description="where they can be called back, if they wish")

    def reply(self) -> Reply:
        return Reply(self.wants_at, self.stars, self.words, self.contact)


class DoneGiven(Given):
    done: bool


class ReplyKept(BaseModel):
    """What the shopper's app may show."""

    id: str
    offer: str
    kind: str
    at: datetime
    done: bool = Field(description="whether staff have seen to it")

    @classmethod
    def of(cls, row: ReplyRow) -> Self:
        return cls(id=row.id, offer=row.outbox_id, kind=row.kind, at=row.at, done=row.done_at is not None)


class ReplyShown(BaseModel):
    id: str
    kind: str = Field(description="the offer's action: book_appointment, ask_assistance, give_feedback")
    offer: str
    campaign: str
    zone: str = Field(description="where the offer reached them")
    shopper: str
    about: str | None = Field(description="the service or topic, as the campaign names it")
    wants_at: datetime | None
    stars: int | None
    words: str | None
    contact: str | None
    agreed_to: str
    at: datetime
    done_at: datetime | None
    done_by: str | None = Field(description="the id of who of the staff saw to it; null for a server key")

    @classmethod
    def of(cls, row: ReplyRow) -> Self:
        kept = row.model_dump(exclude={"outbox_id", "campaign_id", "zone_id", "shopper_id", "device_id"})
        names = {"offer": row.outbox_id, "campaign": row.campaign_id, "zone": row.zone_id}
        return cls(**kept, **names, shopper=row.shopper_id)


class RepliesAsked(Page):
    kind: Word | None = None
    campaign: Word | None = None
    zone: Word | None = None
    shopper: OwnId | None = Field(None, description="our id, or the shop's own name for them")
    done: bool | None = Field(None, description="false: those that nobody has seen to yet")


class Replies(BaseModel):
    replies: list[ReplyShown]
    next: Next


def reply_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter()
    _for_phones(router, database, guard, clock)
    _for_staff(router, database, guard, clock)
    return router


def _for_phones(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.post(
        "/v1/offers/{offer}/reply", tags=["phones"], response_model=ReplyKept, responses={404: {}, 409: {}}
    )
    async def reply(offer: Id, body: ReplyGiven, asked: Annotated[Asked, asking(guard.device)]) -> Response:
        """Books, calls for assistance or gives feedback, as the offer asks. An offer has one reply; the same one again changes nothing."""

        async def taken() -> ReplyKept:
            device = await devices.find(connection, asked.caller.owner or "")
            return ReplyKept.of(
                await replies.take(
                    connection,
                    offer,
                    body.reply(),
                    body.agreed_to,
                    shopper=device.shopper_id,
                    device=device.id,
                    now=clock(),
                )
            )

        try:
            async with database.writing() as connection:
                return await asked.once(connection, 200, taken)
        except Unfit as unfit:
            fault = Fault(place=f"body.{unfit.misfit.part}", reason=unfit.misfit.reason)
            raise Problem(422, "The reply does not fit the offer", str(unfit), errors=[fault]) from None

    @router.get("/v1/offers/{offer}/reply", tags=["phones"], responses={404: {}})
    async def mine(offer: Id, caller: Annotated[Principal, guard.device]) -> ReplyKept:
        """What this shopper replied to an offer, and whether staff have seen to it."""
        async with database.reading() as connection:
            shopper = (await devices.find(connection, caller.owner or "")).shopper_id
            return ReplyKept.of(await replies.of_shopper(connection, offer, shopper))

    @router.delete("/v1/offers/{offer}/reply", status_code=204, tags=["phones"], responses={404: {}})
    async def take_back(offer: Id, caller: Annotated[Principal, guard.device]) -> None:
        """The shopper takes their reply back. Nothing of it is kept."""
        async with database.writing() as connection:
            shopper = (await devices.find(connection, caller.owner or "")).shopper_id
            await replies.take_back(connection, offer, shopper, clock())


def _for_staff(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/v1/replies", tags=["replies"], responses={404: {}})
    async def listed(
        asked: Annotated[RepliesAsked, Query()], caller: Annotated[Principal, guard.host]
    ) -> Replies:
        """What shoppers asked for or said, newest first."""
        async with database.reading() as connection:
            query = ReplyQuery(
                kind=asked.kind,
                campaign=asked.campaign,
                zone=asked.zone,
                shopper=await whose(connection, asked.shopper),
                done=asked.done,
                shops=caller.shops,
            )
            rows = await replies.listed(connection, query, after=read_mark(asked.cursor), limit=asked.limit)
        return Replies(
            replies=[ReplyShown.of(row) for row in rows], next=next_after(rows, asked.limit, "at", "id")
        )

    @router.get("/v1/replies/{reply}", tags=["replies"], dependencies=[guard.host], responses={404: {}})
    async def get_reply(reply: Id) -> ReplyShown:
        """One reply, as a webhook event names it."""
        async with database.reading() as connection:
            return ReplyShown.of(await replies.find(connection, reply))

    @router.put("/v1/replies/{reply}/done", tags=["replies"], responses={404: {}})
    async def see_to(reply: Id, body: DoneGiven, caller: Annotated[Principal, guard.host]) -> ReplyShown:
        """Marks a reply as seen to, or as not."""
        async with database.writing() as connection:
            row = await replies.see_to(connection, reply, caller.owner, clock(), done=body.done)
        return ReplyShown.of(row)

"""`GET /v1/inbox`: the offers of this phone's shopper that still live, whatever channel brought them. Looking at them marks them as shown.

In: a device's token. Out: offers, the newest first, each with what was told of it before.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.records import devices, inbox, receipts
from server.records.database import Database
from server.records.keys import Principal
from server.records.receipts import Receipt
from server.web.clock import Clock, utc_now
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.guard import Guard


class InboxAsked(Page):
    unseen: bool = Field(False, description="true for an app that only fetches: nothing is marked as shown")


class InboxOffer(BaseModel):
    id: str
    campaign: str
    title: str
    body: str
    data: dict[str, Any] = Field(description="what the app gets: url, image and the campaign's own keys")
    given_at: datetime
    ends_at: datetime
    receipts: list[str] = Field(description="what was told of it before: shown, opened, dismissed")


class Inbox(BaseModel):
    offers: list[InboxOffer]
    next: Next


def inbox_routes(database: Database, guard: Guard, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["phones"])

    @router.get("/v1/inbox")
    async def shown(
        asked: Annotated[InboxAsked, Query()], caller: Annotated[Principal, guard.device]
    ) -> Inbox:
        """The offers that this phone's shopper has now. They count as shown from here on, unless `unseen` is asked for."""
        now = clock()
        async with database.writing() as connection:
            shopper = (await devices.find(connection, caller.owner or "")).shopper_id
            rows = await inbox.listed(
                connection, shopper, now, after=read_mark(asked.cursor), limit=asked.limit
            )
            told = await inbox.receipts_of(connection, [row.id for row in rows])
            if not asked.unseen:
                new = [Receipt(row.id, "shown", now) for row in rows if "shown" not in told[row.id]]
                await receipts.take(connection, shopper, new, now)
        return Inbox(
            offers=[
                InboxOffer(
                    id=row.id,
                    campaign=row.campaign_id,
                    title=row.title,
                    body=row.body,
                    data=row.data,
                    given_at=row.created_at,
                    ends_at=row.expires_at,
                    receipts=sorted(told[row.id]),
                )
                for row in rows
            ],
            next=next_after(rows, asked.limit, "created_at", "id"),
        )

    return router

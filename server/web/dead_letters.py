"""Dead letters, for staff: offers that never reached anybody, why, and another try while they live.

In: which ones. Out: the letters, those that died last first; or how many wait again. What has ended is never sent, whoever asks.
"""

from datetime import datetime
from typing import Annotated, Any, Self

import structlog
from fastapi import APIRouter, Query, Response, Security
from pydantic import BaseModel, Field

from server.records import dead_letters
from server.records.database import Database
from server.records.dead_letters import Death, Which
from server.records.tables import OutboxRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_mark
from server.web.fields import Given, Id, Time, Word
from server.web.guard import Door, Guard

log = structlog.get_logger(__name__)


class LettersWanted(Given):
    """Which dead letters; what is left out is no matter."""

    campaign: Word | None = None
    channel: Word | None = None
    shopper: Id | None = None
    outcome: Death | None = Field(None, description="how it died")
    since: Time | None = Field(None, description="died at or after")
    until: Time | None = Field(None, description="died before")

    def which(self) -> Which:
        return Which(self.campaign, self.channel, self.shopper, self.outcome, self.since, self.until)


class LettersAsked(LettersWanted):
    cursor: Cursor = None
    limit: Limit = 100


class LetterReplayAsked(Given):
    channel: Word | None = Field(None, description="by which channel; where it died if left out")


class DeadLetter(BaseModel):
    id: str = Field(description="the offer's id")
    outcome: str = Field(description="how it died: dead_letter, refused or undeliverable")
    why: str | None
    channel: str = Field(description="the channel that it died on")
    campaign: str
    shopper: str
    title: str
    decided_at: datetime
    died_at: datetime | None
    ends_at: datetime = Field(description="until then it may be sent again")
    lives: bool = Field(description="whether it may be sent again now")

    @classmethod
    def of(cls, row: OutboxRow, now: datetime) -> Self:
        return cls(
            id=row.id,
            outcome=row.outcome or "",
            why=row.last_why,
            channel=row.channel,
            campaign=row.campaign_id,
            shopper=row.shopper_id,
            title=row.title,
            decided_at=row.created_at,
            died_at=row.settled_at,
            ends_at=row.expires_at,
            lives=row.expires_at > now,
        )


class DeadLetters(BaseModel):
    dead_letters: list[DeadLetter]
    next: Next


class LettersReplayed(BaseModel):
    replayed: int = Field(description="how many wait again")
    ended: int = Field(description="how many had ended, and stay as they are")


class Waiting(BaseModel):
    id: str
    channel: str
    due_at: datetime
    ends_at: datetime


def dead_letter_routes(database: Database, guard: Guard, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["dead letters"])
    # For people alone: a letter dies of what somebody has to look at, and a system that replays blindly repeats it.
    looks: Any = Security(Door(guard.keyring, "looks after letters", ("staff",)))
    sends: Any = Security(
        Door(guard.keyring, "sends letters again", ("staff",), ("owner", "manager", "marketer"))
    )

    @router.get("/v1/dead-letters", dependencies=[looks])
    async def listed(asked: Annotated[LettersAsked, Query()]) -> DeadLetters:
        """Offers that never reached anybody, those that died last first."""
        async with database.reading() as connection:
            rows = await dead_letters.listed(
                connection, asked.which(), after=read_mark(asked.cursor), limit=asked.limit
            )
        letters = [DeadLetter.of(row, clock()) for row in rows]
        return DeadLetters(dead_letters=letters, next=next_after(rows, asked.limit, "settled_at", "id"))

    @router.post("/v1/dead-letters/replay", response_model=LettersReplayed)
    async def replay_all(body: LettersWanted, asked: Annotated[Asked, asking(sends)]) -> Response:
        """Sends all of these again that still live; of one purpose the shopper no longer agrees to, none."""

        async def replayed() -> LettersReplayed:
            again, ended = await dead_letters.replay_all(connection, body.which(), clock())
            log.info("dead_letters_replayed", count=again, ended=ended, by=asked.caller.owner)
            return LettersReplayed(replayed=again, ended=ended)

        async with database.writing() as connection:
            return await asked.once(connection, 200, replayed)

    @router.post("/v1/dead-letters/{offer}/replay", response_model=Waiting, responses={404: {}, 409: {}})
    async def replay(
        offer: Id, asked: Annotated[Asked, asking(sends)], body: LetterReplayAsked | None = None
    ) -> Response:
        """Sends one again. Refused (409) for what is no dead letter, and for an offer that has ended."""

        async def waits() -> Waiting:
            channel = body.channel if body else None
            row = await dead_letters.replay(connection, offer, clock(), channel)
            log.info("dead_letters_replayed", count=1, ended=0, by=asked.caller.owner)
            return Waiting(id=row.id, channel=row.channel, due_at=row.due_at, ends_at=row.expires_at)

        async with database.writing() as connection:
            return await asked.once(connection, 200, waits)

    return router

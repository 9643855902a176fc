"""Sessions of staff: one's own, which one may end; and for owners those of anybody.

In: a session. Out: where somebody is logged in, since when, and when they were last seen there (to the minute).
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.records import sessions, staff
from server.records.database import Database
from server.records.keys import Principal
from server.records.tables import KeyRow
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.fields import Id
from server.web.guard import Guard


class OpenSession(BaseModel):
    id: str
    browser: str | None = Field(description="what they logged in with, where the log-in said so")
    since: datetime
    seen_at: datetime | None
    expires_at: datetime | None
    this: bool = Field(description="whether it is the one that asks")

    @classmethod
    def of(cls, row: KeyRow, asks: str) -> Self:
        return cls(
            id=row.id,
            browser=None if row.name == "session" else row.name,
            since=row.created_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            this=row.id == asks,
        )


class OpenSessions(BaseModel):
    sessions: list[OpenSession]


def session_routes(database: Database, guard: Guard, edits: Edits, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["staff"])

    @router.get("/v1/sessions")
    async def mine(caller: Annotated[Principal, guard.session]) -> OpenSessions:
        """Where you are logged in, the newest first."""
        async with database.reading() as connection:
            rows = await sessions.living(connection, caller.owner or "", clock())
        return OpenSessions(sessions=[OpenSession.of(row, caller.key) for row in rows])

    @router.delete("/v1/sessions/{session}", status_code=204, responses={404: {}})
    async def end(session: Id, caller: Annotated[Principal, guard.session]) -> None:
        """Ends one of your sessions."""
        async with edits.of("keys") as connection:
            await sessions.end(connection, caller.owner or "", session, clock())

    @router.delete("/v1/sessions", status_code=204)
    async def end_others(caller: Annotated[Principal, guard.session]) -> None:
        """Ends all your sessions but this one."""
        async with edits.of("keys") as connection:
            await sessions.end_others(connection, caller.owner or "", caller.key, clock())

    @router.get("/v1/staff/{member}/sessions", responses={404: {}})
    async def of_somebody(member: Id, caller: Annotated[Principal, guard.owner]) -> OpenSessions:
        """Where somebody is logged in."""
        async with database.reading() as connection:
            await staff.find(connection, member)
            rows = await sessions.living(connection, member, clock())
        return OpenSessions(sessions=[OpenSession.of(row, caller.key) for row in rows])

    @router.delete(
        "/v1/staff/{member}/sessions", status_code=204, responses={404: {}}, dependencies=[guard.owner]
    )
    async def end_all(member: Id) -> None:
        """Ends all sessions of somebody: they have to log in anew."""
        async with edits.of("keys") as connection:
            await staff.find(connection, member)
            await sessions.end_all(connection, member, clock())

    return router

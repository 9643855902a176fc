"""Testers: staff invite, a phone joins by the code that staff show it (as text or QR), and either may end it.

In: a name; or a device's token and the code. Out: who the testers are, and by which channels each can be reached. Joining is the phone's own
consent to tests, which are sent to it alone (`send_test.py`); it says nothing of offers. Who withdraws location later is a tester no more.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from server.records import devices, testers
from server.records.database import Database
from server.records.keys import Principal
from server.records.tables import TesterRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.fields import Given, Id, Name
from server.web.guard import Guard


class TesterGiven(Given):
    name: Name = Field(description="whose phone it is, for the list")


class JoinGiven(Given):
    code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class Invitation(BaseModel):
    """Shown this once."""

    id: str
    name: str
    code: str = Field(description="what the phone posts to `/v1/devices/me/tester`, best read from a QR")
    ends_at: datetime


class TesterShown(BaseModel):
    """A tester; an invitation that still holds has no `device` yet."""

    id: str
    name: str
    device: str | None
    joined_at: datetime | None
    ends_at: datetime | None = Field(description="until when an invitation holds; null once it was taken up")

    @classmethod
    def of(cls, row: TesterRow) -> Self:
        joined = row.device_id is not None
        return cls(
            id=row.id,
            name=row.name,
            device=row.device_id,
            joined_at=row.joined_at,
            ends_at=None if joined else row.ends_at,
        )


class Testers(BaseModel):
    testers: list[TesterShown]


def routes_for_testers(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter()
    _for_staff(router, database, guard, clock)
    _for_phones(router, database, guard, clock)
    return router


def _for_staff(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/v1/testers", tags=["campaigns"], dependencies=[guard.reader])
    async def listed() -> Testers:
        """The phones that tests may be sent to, and the invitations that still hold."""
        async with database.reading() as connection:
            rows = await testers.listed(connection, clock())
        return Testers(testers=[TesterShown.of(row) for row in rows])

    @router.post("/v1/testers", status_code=201, tags=["campaigns"], response_model=Invitation)
    async def invite(body: TesterGiven, asked: Annotated[Asked, asking(guard.marketer)]) -> Response:
        """Makes an invitation that one phone may take up within a quarter of an hour."""

        async def invited() -> Invitation:
            row, code = await testers.invite(connection, body.name, clock())
            return Invitation(id=row.id, name=row.name, code=code, ends_at=row.ends_at)

        async with database.writing() as connection:
            return await asked.once(connection, 201, invited)

    @router.delete(
        "/v1/testers/{tester}",
        status_code=204,
        tags=["campaigns"],
        dependencies=[guard.marketer],
        responses={404: {}},
    )
    async def remove(tester: Id) -> None:
        """Ends a tester, or takes an invitation back."""
        async with database.writing() as connection:
            await testers.remove(connection, tester)


def _for_phones(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.put("/v1/devices/me/tester", tags=["phones"], responses={404: {}})
    async def join(body: JoinGiven, caller: Annotated[Principal, guard.device]) -> TesterShown:
        """This phone agrees to be sent tests. Its code holds once."""
        async with database.writing() as connection:
            device = await devices.find(connection, caller.owner or "")
            return TesterShown.of(await testers.join(connection, body.code, device, clock()))

    @router.delete("/v1/devices/me/tester", status_code=204, tags=["phones"])
    async def leave(caller: Annotated[Principal, guard.device]) -> None:
        """This phone is sent no tests any more."""
        async with database.writing() as connection:
            await testers.leave(connection, caller.owner or "")

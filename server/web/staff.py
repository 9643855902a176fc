"""The owner's door to staff: who works here, in which role.

In: an owner's session. Out: people, never their passwords.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from server.records import second_factors, sessions, staff
from server.records.database import Connection, Database
from server.records.keys import Role
from server.records.passwords import LEAST_CHARACTERS, Passwords
from server.records.tables import StaffRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Given, Id, Name, PlaceId
from server.web.guard import Guard

#: Which shops somebody is of, by the ids of their sites.
Shops = Annotated[list[PlaceId], Field(min_length=1, max_length=1000)] | None
SHOPS: Any = Field(
    None,
    description="of which shops a manager or cashier is, by their sites' ids: they see nothing of others. Null: of all",
)


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=f"^{staff.EMAIL}$")]


class StaffGiven(Given):
    email: Email
    name: Name
    role: Role
    password: Annotated[str, StringConstraints(min_length=LEAST_CHARACTERS, max_length=200)] = Field(
        description="long: that is what makes a password hard to guess"
    )
    shops: Shops = SHOPS


class ShopsGiven(Given):
    shops: Shops = SHOPS


class StaffShown(BaseModel):
    id: str
    email: str
    name: str
    role: Role
    shops: list[str] | None = Field(description="the sites that they are of; null: all")
    created_at: datetime
    disabled_at: datetime | None


class MemberShown(StaffShown):
    """Somebody, as owners see them."""

    seen_at: datetime | None = Field(description="when they were last here, to the minute")
    two_factor: bool = Field(description="whether their log-in asks for a code too")


class MemberChange(Given):
    """What is left out stays."""

    name: Name | None = None
    role: Role | None = None
    disabled: Literal[False] | None = Field(
        None, description="false: somebody who left is here again, with the password they had"
    )


class Staff(BaseModel):
    staff: list[MemberShown]
    next: Next


def staff_routes(
    database: Database, guard: Guard, edits: Edits, passwords: Passwords, *, clock: Clock = utc_now
) -> APIRouter:
    router = APIRouter(tags=["staff"])

    @router.get("/v1/staff", dependencies=[guard.owner])
    async def listed(
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Staff:
        """Everybody on the staff, those who left too."""
        async with database.reading() as connection:
            rows = await staff.listed(connection, after=read_id(cursor), limit=limit)
            shown = await _members(connection, rows)
        return Staff(
            staff=shown,
            next=next_after(rows, limit),
        )

    @router.post("/v1/staff", status_code=201, response_model=StaffShown, responses={409: {}})
    async def add(body: StaffGiven, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """Somebody new on the staff."""
        password_hash = await passwords.hashed(body.password)  # before the transaction: it is slow on purpose

        async def added() -> StaffShown:
            row = await staff.add(
                connection, body.email, body.name, body.role, password_hash, clock(), shops=body.shops
            )
            return StaffShown.model_validate(row, from_attributes=True)

        async with database.writing() as connection:
            return await asked.once(connection, 201, added)

    @router.put("/v1/staff/{member}/shops", responses={404: {}}, dependencies=[guard.owner])
    async def set_shops(member: Id, body: ShopsGiven) -> StaffShown:
        """Says which shops a manager or cashier is of. Holds at once, in sessions that are open too."""
        async with edits.of("keys") as connection:
            row = await staff.set_shops(connection, member, body.shops)
        return StaffShown.model_validate(row, from_attributes=True)

    @router.patch("/v1/staff/{member}", responses={404: {}}, dependencies=[guard.owner])
    async def change(member: Id, body: MemberChange) -> MemberShown:
        """Another name or role, which holds at once; or takes back somebody who left. The last owner stays one."""
        async with edits.of("keys") as connection:
            if body.disabled is False:
                await staff.take_back(connection, member)
            row = await staff.change(connection, member, name=body.name, role=body.role)
            return (await _members(connection, [row]))[0]

    @router.delete("/v1/staff/{member}", status_code=204, responses={404: {}}, dependencies=[guard.owner])
    async def disable(member: Id) -> None:
        """Somebody left: their sessions end, their name stays beside what they did."""
        async with edits.of("keys") as connection:
            await staff.disable(connection, member, clock())

    return router


async def _members(connection: Connection, rows: Sequence[StaffRow]) -> list[MemberShown]:
    ids = [row.id for row in rows]
    seen_at = await sessions.last_seen(connection, ids)
    with_code = await second_factors.who_have(connection, ids)
    return [
        MemberShown(
            **dict(StaffShown.model_validate(row, from_attributes=True)),
            seen_at=seen_at.get(row.id),
            two_factor=row.id in with_code,
        )
        for row in rows
    ]

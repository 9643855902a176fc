"""Links by which somebody joins the staff, or chooses a new password: made by an owner, shown once, good once, for seven days.

In: who is meant; later the link's token and a password. Out: the token; then somebody who can log in. Nobody but who holds the link ever
knows the password, not the owner either.
"""

from datetime import datetime
from typing import Annotated, Literal, Self, cast

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from starlette.requests import Request

from server.records import sessions, staff, staff_links
from server.records.database import Connection, Database
from server.records.keys import Principal, Role
from server.records.passwords import Passwords
from server.records.refusal import Refusal, Taken
from server.records.tables import StaffLinkRow, StaffRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Given, Id, Name
from server.web.guard import Guard, note
from server.web.limits import Throttle, caller_address
from server.web.own_password import NewPassword
from server.web.staff import SHOPS, Email, Shops, StaffShown

#: Tokens cannot be guessed (256 bits of chance): this keeps strangers from making us look.
_CALLER: tuple[int, float] = (30, 300)

Kind = Literal["invitation", "reset"]
_KINDS: tuple[Kind, ...] = ("invitation", "reset")

Token = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class InvitationGiven(Given):
    email: Email
    name: Name
    role: Role
    shops: Shops = SHOPS


class LinkShown(BaseModel):
    """A link that still holds; `staff` is whose new password it is for."""

    id: str
    kind: Kind
    email: str | None
    name: str | None
    role: Role | None
    shops: list[str] | None
    staff: str | None
    made_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, row: StaffLinkRow) -> Self:
        return cls(**{**row.model_dump(), "staff": row.staff_id})


class LinkMade(LinkShown):
    """A new link with its token, which is shown this once."""

    token: str
    path: str = Field(description="where the console takes it up: behind the address of this server")

    @classmethod
    def with_token(cls, row: StaffLinkRow, token: str) -> Self:
        return cls(**dict(LinkShown.of(row)), token=token, path=f"/invitation/{token}")


class Links(BaseModel):
    invitations: list[LinkShown]
    next: Next


class InvitationShown(BaseModel):
    """What whoever holds a link may know of it."""

    kind: Kind
    email: str
    name: str
    role: Role
    ends_at: datetime


class InvitationTaken(Given):
    password: NewPassword


def invitation_routes(
    database: Database, guard: Guard, edits: Edits, passwords: Passwords, *, clock: Clock = utc_now
) -> APIRouter:
    router = APIRouter(tags=["staff"])
    _for_owners(router, database, guard, edits, clock)
    _for_holders(router, database, edits, passwords, clock)
    return router


def _for_owners(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/staff/invitations", dependencies=[guard.owner])
    async def listed(cursor: Cursor = None, limit: Limit = 100) -> Links:
        """Invitations and links for new passwords that still hold."""
        async with database.reading() as connection:
            rows = await staff_links.waiting(connection, clock(), after=read_id(cursor), limit=limit)
        return Links(invitations=[LinkShown.of(row) for row in rows], next=next_after(rows, limit))

    @router.post("/v1/staff/invitations", status_code=201, response_model=LinkMade, responses={409: {}})
    async def invite(body: InvitationGiven, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """Invites somebody: give them the link, with which they choose a password."""

        async def invited() -> LinkMade:
            if await staff.find_by_email(connection, body.email) is not None:
                raise Taken("somebody on the staff has this e-mail already")
            await staff.refuse_shops(connection, body.role, body.shops)
            made = await staff_links.invite(
                connection,
                staff.as_kept(body.email),
                body.name,
                body.role,
                clock(),
                shops=body.shops,
                made_by=asked.caller.owner,
            )
            return LinkMade.with_token(*made)

        async with database.writing() as connection:
            return await asked.once(connection, 201, invited)

    @router.delete(
        "/v1/staff/invitations/{invitation}",
        status_code=204,
        responses={404: {}},
        dependencies=[guard.owner],
    )
    async def take_back(invitation: Id) -> None:
        """The link holds no longer."""
        async with database.writing() as connection:
            await staff_links.take_back(connection, invitation)

    @router.post("/v1/staff/{member}/reset", status_code=201, response_model=LinkMade, responses={404: {}})
    async def reset(member: Id, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """A link with which somebody chooses a new password. The old one holds no more, and their sessions end."""

        async def made() -> LinkMade:
            row = await staff.find(connection, member)
            if row.disabled_at is not None:
                raise Refusal("they have left: take them back first")
            if member == asked.caller.owner:
                raise Refusal("this is yourself: change your password in your own account")
            now = clock()
            await staff.set_password(connection, member, staff.NO_PASSWORD)
            await sessions.end_all(connection, member, now)
            link = await staff_links.make_for(connection, "reset", member, now, made_by=asked.caller.owner)
            return LinkMade.with_token(*link)

        async with edits.of("keys") as connection:
            return await asked.once(connection, 201, made)


def _for_holders(
    router: APIRouter, database: Database, edits: Edits, passwords: Passwords, clock: Clock
) -> None:
    throttle = Throttle(*_CALLER)

    @router.get("/v1/invitations/{token}", responses={404: {}, 429: {}})
    async def look(token: Token, request: Request) -> InvitationShown:
        """Whom a link is for, as long as it holds."""
        throttle.spend(caller_address(request), "links that do not hold")
        async with database.reading() as connection:
            row = await staff_links.find(connection, token, _KINDS, clock())
            member = await _meant(connection, row)
        throttle.refund(caller_address(request))
        return InvitationShown(
            kind=cast("Kind", row.kind),
            email=(member or row).email or "",
            name=(member or row).name or "",
            role=cast("Role", (member or row).role),
            ends_at=row.ends_at,
        )

    @router.post("/v1/invitations/{token}", responses={404: {}, 409: {}, 429: {}})
    async def take_up(token: Token, body: InvitationTaken, request: Request) -> StaffShown:
        """Chooses the password, and uses the link up."""
        throttle.spend(caller_address(request), "links that do not hold")
        async with database.reading() as connection:  # before a hash is made, which is slow on purpose
            await staff_links.find(connection, token, _KINDS, clock())
        password_hash = await passwords.hashed(body.password)
        async with edits.of("keys") as connection:
            row = await staff_links.use(connection, token, _KINDS, clock())
            member = await _taken_up(connection, row, password_hash, clock())
        throttle.refund(caller_address(request))
        shown = StaffShown.model_validate(member, from_attributes=True)
        note(request, Principal("staff", "", member.id, role=shown.role))
        return shown


async def _meant(connection: Connection, row: StaffLinkRow) -> StaffRow | None:
    return None if row.staff_id is None else await staff.find(connection, row.staff_id)


async def _taken_up(connection: Connection, row: StaffLinkRow, password_hash: str, now: datetime) -> StaffRow:
    member = await _meant(connection, row)
    if member is None:
        return await staff.add(
            connection,
            row.email or "",
            row.name or "",
            cast("Role", row.role),
            password_hash,
            now,
            shops=row.shops,
        )
    await staff.set_password(connection, member.id, password_hash)
    await sessions.end_all(connection, member.id, now)
    return member

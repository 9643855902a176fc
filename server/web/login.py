"""Staff come in and go: a password, and a code where they have asked for one, give a session token; logging out ends it.

In: an e-mail and a password; then, of who has a second step, the ticket that these gave and a code. Out: a token that opens the doors of
the staff's role for some hours. Whoever tries wrong ones is slowed down, by e-mail and caller together and by caller alone, and at the
second step by whose log-in it is; an unknown e-mail takes as long as a wrong password.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from server.records import keys, second_factors, sessions, staff, staff_links
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.passwords import Passwords
from server.records.refusal import NotFound
from server.records.tables import StaffRow
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.fields import Given, Name
from server.web.guard import Guard, note
from server.web.limits import Throttle, caller_address
from server.web.problem import Fault, Problem
from server.web.staff import StaffShown

#: Wrong passwords for one e-mail from one caller: five at once, then one a minute.
_EACH: tuple[int, float] = (5, 300)

#: Wrong passwords from one caller, who may be a whole shop behind one address.
_CALLER: tuple[int, float] = (30, 300)

#: Wrong codes of one member, from wherever: who knows the password guesses one of a million, of which three hold at a time. Five at
#: once, then one in two minutes, so that a day of guessing finds it once in some four hundred.
_CODES: tuple[int, float] = (5, 600)


class LoginGiven(Given):
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]
    password: Annotated[str, StringConstraints(max_length=200)]
    browser: Name | None = Field(None, description="what they log in with, for their list of sessions")


class CodeGiven(Given):
    ticket: Annotated[str, StringConstraints(max_length=200)]
    code: Annotated[str, StringConstraints(max_length=64)] = Field(
        description="of the authenticator app, or a recovery code"
    )


class Session(BaseModel):
    """The token is shown this once."""

    token: str
    expires_at: datetime
    staff: StaffShown


class CodeWanted(BaseModel):
    """The password was right, and a code is wanted too: `POST /v1/login/code`."""

    ticket: str
    ends_at: datetime


class SessionShown(BaseModel):
    expires_at: datetime | None
    staff: StaffShown
    two_factor: bool = Field(description="whether a log-in of theirs needs a code")
    recovery_codes: int = Field(description="how many of their recovery codes are left")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the doors of the log-in share."""

    database: Database
    passwords: Passwords
    session: timedelta
    clock: Clock
    each: Throttle = field(default_factory=lambda: Throttle(*_EACH))
    caller_alone: Throttle = field(default_factory=lambda: Throttle(*_CALLER))
    codes: Throttle = field(default_factory=lambda: Throttle(*_CODES))

    async def open(self, connection: Connection, member: StaffRow, browser: str | None) -> Session:
        now = self.clock()
        expires_at = now + self.session
        key = await keys.issue(
            connection, "staff", browser or "session", now, owner=member.id, expires_at=expires_at
        )
        shown = StaffShown.model_validate(member, from_attributes=True)
        return Session(token=key.token, expires_at=expires_at, staff=shown)


def login_routes(
    database: Database,
    guard: Guard,
    edits: Edits,
    passwords: Passwords,
    *,
    session_hours: float = 12,
    clock: Clock = utc_now,
) -> APIRouter:
    router = APIRouter(tags=["staff"])
    desk = _Desk(database, passwords, timedelta(hours=session_hours), clock)
    _by_password(router, desk)
    _by_code(router, desk)
    _in_session(router, database, guard, edits, clock)
    return router


def _by_password(router: APIRouter, desk: _Desk) -> None:
    @router.post(
        "/v1/login",
        response_model=Session,
        responses={202: {"model": CodeWanted, "description": "A code is wanted too"}, 401: {}, 429: {}},
    )
    async def log_in(body: LoginGiven, request: Request) -> Session | Response:
        """Opens a session; or, for who has set up a second step, answers 202 with a ticket for it."""
        address = caller_address(request)
        who = f"{staff.as_kept(body.email)} {address}"
        desk.caller_alone.spend(address, "tries to log in")
        desk.each.spend(who, "tries to log in")
        async with desk.database.reading() as connection:
            known = await staff.find_by_email(connection, body.email)
        here = known is not None and known.disabled_at is None and known.password_hash != staff.NO_PASSWORD
        fits, renewed = await desk.passwords.fits(
            body.password, known.password_hash if known and here else None
        )
        if known is not None:
            _noted(request, known)
        if known is None or not fits:
            raise Problem(401, None, "E-mail and password do not fit together.")
        desk.caller_alone.refund(address)
        desk.each.refund(who)
        async with desk.database.writing() as connection:
            if renewed is not None:
                await staff.set_password(connection, known.id, renewed)
            if not await second_factors.wanted_of(connection, known.id):
                return await desk.open(connection, known, body.browser)
            row, ticket = await staff_links.make_for(
                connection, "log_in", known.id, desk.clock(), browser=body.browser
            )
        wanted = CodeWanted(ticket=ticket, ends_at=row.ends_at)
        return Response(wanted.model_dump_json(), 202, media_type="application/json")


def _by_code(router: APIRouter, desk: _Desk) -> None:
    @router.post("/v1/login/code", responses={401: {}, 429: {}})
    async def finish(body: CodeGiven, request: Request) -> Session:
        """The second step. A code holds once, and a ticket for some minutes."""
        address = caller_address(request)
        desk.caller_alone.spend(address, "tries to log in")
        now = desk.clock()
        try:
            async with desk.database.reading() as connection:
                link = await staff_links.find(connection, body.ticket, ("log_in",), now)
                member = await staff.find(connection, link.staff_id or "")
        except NotFound:
            raise Problem(401, None, "This took too long: log in with your password anew.") from None
        _noted(request, member)
        desk.codes.spend(member.id, "wrong codes")
        async with desk.database.writing() as connection:
            if member.disabled_at is not None or not await second_factors.holds(
                connection, member.id, body.code, now
            ):
                reason = "this code does not hold: wait for the next one, or use a recovery code"
                raise Problem(
                    401, None, "The code does not hold.", errors=[Fault(place="body.code", reason=reason)]
                )
            await staff_links.take_back(connection, link.id)
            session = await desk.open(connection, member, link.browser)
        desk.codes.refund(member.id)
        desk.caller_alone.refund(address)
        return session


def _in_session(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/session", responses={404: {}})
    async def mine(caller: Annotated[Principal, guard.session]) -> SessionShown:
        """Whose session this is, and until when."""
        async with database.reading() as connection:
            member = await staff.find(connection, caller.owner or "")
            factor = await second_factors.find(connection, member.id)
            seen_at = await sessions.was_seen(connection, caller.key)
        if seen_at is None or clock() - seen_at >= sessions.SEEN_EACH:
            async with database.writing() as connection:
                await sessions.see(connection, caller.key, clock())
        confirmed = factor is not None and factor.confirmed_at is not None
        return SessionShown(
            expires_at=datetime.fromtimestamp(caller.expires_at_s, UTC)
            if caller.expires_at_s < inf
            else None,
            staff=StaffShown.model_validate(member, from_attributes=True),
            two_factor=confirmed,
            recovery_codes=len(factor.recovery) if factor is not None and confirmed else 0,
        )

    @router.post("/v1/logout", status_code=204)
    async def log_out(caller: Annotated[Principal, guard.session]) -> None:
        """Ends this session."""
        async with edits.of("keys") as connection:
            await keys.revoke(connection, caller.key, clock())


def _noted(request: Request, member: StaffRow) -> None:
    """Whose log-in this is, right or wrong, stands in the audit log."""
    role = StaffShown.model_validate(member, from_attributes=True).role
    note(request, Principal("staff", "", member.id, role=role))

"""Staff come in and go: a password gives a session token, and logging out ends it.

In: an e-mail and a password. Out: a token that opens the doors of the staff's role for some hours. Whoever tries wrong
ones is slowed down, by e-mail and caller together and by caller alone; an unknown e-mail takes as long as a wrong password.
"""

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request

from server.records import keys, staff
from server.records.database import Database
from server.records.keys import Principal
from server.records.passwords import Passwords
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.fields import Given
from server.web.guard import Guard, note
from server.web.limits import Throttle, caller_address
from server.web.problem import Problem
from server.web.staff import StaffShown

#: Wrong passwords for one e-mail from one caller: five at once, then one a minute.
_EACH: tuple[int, float] = (5, 300)

#: Wrong passwords from one caller, who may be a whole shop behind one address.
_CALLER: tuple[int, float] = (30, 300)


class LoginGiven(Given):
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]
    password: Annotated[str, StringConstraints(max_length=200)]


class Session(BaseModel):
    """The token is shown this once."""

    token: str
    expires_at: datetime
    staff: StaffShown


class SessionShown(BaseModel):
    expires_at: datetime | None
    staff: StaffShown


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
    each, caller_alone = Throttle(*_EACH), Throttle(*_CALLER)

    @router.post("/v1/login", responses={401: {}, 429: {}})
    async def log_in(body: LoginGiven, request: Request) -> Session:
        """Opens a session."""
        address = caller_address(request)
        who = f"{staff.as_kept(body.email)} {address}"
        caller_alone.spend(address, "tries to log in")
        each.spend(who, "tries to log in")
        async with database.reading() as connection:
            known = await staff.find_by_email(connection, body.email)
        here = known is not None and known.disabled_at is None
        fits, renewed = await passwords.fits(body.password, known.password_hash if known and here else None)
        if known is not None:
            role = StaffShown.model_validate(known, from_attributes=True).role
            note(request, Principal("staff", "", known.id, role=role))
        if known is None or not fits:
            raise Problem(401, None, "E-mail and password do not fit together.")
        caller_alone.refund(address)
        each.refund(who)
        now = clock()
        expires_at = now + timedelta(hours=session_hours)
        async with database.writing() as connection:
            if renewed is not None:
                await staff.set_password(connection, known.id, renewed)
            key = await keys.issue(connection, "staff", "session", now, owner=known.id, expires_at=expires_at)
        shown = StaffShown.model_validate(known, from_attributes=True)
        return Session(token=key.token, expires_at=expires_at, staff=shown)

    @router.get("/v1/session", responses={404: {}})
    async def mine(caller: Annotated[Principal, guard.session]) -> SessionShown:
        """Whose session this is, and until when."""
        async with database.reading() as connection:
            member = await staff.find(connection, caller.owner or "")
        return SessionShown(
            expires_at=datetime.fromtimestamp(caller.expires_at_s, UTC)
            if caller.expires_at_s < inf
            else None,
            staff=StaffShown.model_validate(member, from_attributes=True),
        )

    @router.post("/v1/logout", status_code=204)
    async def log_out(caller: Annotated[Principal, guard.session]) -> None:
        """Ends this session."""
        async with edits.of("keys") as connection:
            await keys.revoke(connection, caller.key, clock())

    return router

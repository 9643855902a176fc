"""Whether somebody who is logged in is who they say: their password is asked again before what guards their log-in is changed.

In: a session and a password. Out: nothing, or 422 at the field; who guesses is slowed down. One's own password is changed here too.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from server.records import sessions, staff, staff_links
from server.records.database import Database
from server.records.keys import Principal
from server.records.passwords import LEAST_CHARACTERS, Passwords
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.fields import Given
from server.web.guard import Guard
from server.web.limits import Throttle
from server.web.problem import Fault, Problem

#: As at the log-in: five wrong ones at once, then one a minute.
_EACH: tuple[int, float] = (5, 300)

#: What is typed is a password, whatever it is.
Password = Annotated[str, StringConstraints(max_length=200)]

NewPassword = Annotated[
    str,
    StringConstraints(min_length=LEAST_CHARACTERS, max_length=200),
    Field(description="long: that is what makes a password hard to guess"),
]


class AskedAgain:
    """Asks members for their own password. One for all doors of a process, so that guesses are counted together."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = Throttle(*_EACH)

    async def of(self, caller: Principal, password: str, place: str) -> None:
        """Raises Problem: 422 at `place` where it does not fit, 429 where it was wrong too often."""
        member = caller.owner or ""
        self._throttle.spend(member, "wrong passwords")
        async with self._database.reading() as connection:
            known = (await staff.find(connection, member)).password_hash
        fits, _ = await self._passwords.fits(password, None if known == staff.NO_PASSWORD else known)
        if not fits:
            raise Problem(
                422,
                None,
                "This is not your password.",
                errors=[Fault(place=place, reason="this is not your password")],
            )
        self._throttle.refund(member)


class PasswordChange(Given):
    old: Password
    new: NewPassword


def own_password_routes(
    guard: Guard, edits: Edits, passwords: Passwords, again: AskedAgain, *, clock: Clock = utc_now
) -> APIRouter:
    router = APIRouter(tags=["staff"])

    @router.put("/v1/session/password", status_code=204, responses={429: {}})
    async def change(body: PasswordChange, caller: Annotated[Principal, guard.session]) -> None:
        """Another password for yourself. Your other sessions end: who knew the old one is out."""
        await again.of(caller, body.old, "body.old")
        member = caller.owner or ""
        password_hash = await passwords.hashed(body.new)
        async with edits.of("keys") as connection:
            await staff.set_password(connection, member, password_hash)
            await staff_links.end_all_of(connection, member)
            await sessions.end_others(connection, member, caller.key, clock())

    return router

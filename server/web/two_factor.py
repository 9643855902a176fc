"""The second step of one's own log-in: set up with an authenticator app, confirmed by its first code, taken off again.

In: a session and one's password. Out: what the app has to know (as a link, and as a QR code to be read from the screen), this once;
then ten recovery codes, this once. An owner may take it off for somebody who has lost both.
"""

from typing import Annotated, Literal

import pyotp
import segno
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints

from server.records import second_factors, staff
from server.records.database import Database
from server.records.keys import Principal
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.fields import Given, Id
from server.web.guard import Guard
from server.web.limits import Throttle
from server.web.own_password import AskedAgain, Password
from server.web.problem import Fault, Problem

#: What the app writes over the codes.
ISSUER = "Soglia"

#: Wrong first codes: whoever sets it up may mistype, and nobody gains by guessing here.
_CODES: tuple[int, float] = (10, 300)


class PasswordAsked(Given):
    password: Password = Field(description="your password, again")


class FirstCode(Given):
    code: Annotated[str, StringConstraints(max_length=64)] = Field(description="of the authenticator app")


class TurnedOff(Given):
    on: Literal[False]
    password: Password = Field(description="your password, again")


class Begun(BaseModel):
    """Shown this once."""

    secret: str = Field(description="to be typed where no camera can read the code")
    uri: str = Field(description="otpauth://: what the QR code holds")
    qr: str = Field(description="the QR code as an image (a data URI of SVG)")


class RecoveryCodes(BaseModel):
    """Shown this once. Each opens one log-in in place of the app's code."""

    recovery_codes: list[str]


def two_factor_routes(
    database: Database, guard: Guard, again: AskedAgain, *, clock: Clock = utc_now
) -> APIRouter:
    router = APIRouter(tags=["staff"])
    _setting_up(router, database, guard, again, clock)
    _taking_off(router, database, guard, again)
    return router


def _setting_up(router: APIRouter, database: Database, guard: Guard, again: AskedAgain, clock: Clock) -> None:
    codes = Throttle(*_CODES)

    @router.post(
        "/v1/session/two-factor", status_code=201, response_model=Begun, responses={409: {}, 429: {}}
    )
    async def begin(body: PasswordAsked, asked: Annotated[Asked, asking(guard.session)]) -> Response:
        """Makes what an authenticator app has to know. Nothing is asked for at the log-in until it is confirmed."""
        await again.of(asked.caller, body.password, "body.password")

        async def begun() -> Begun:
            member = await staff.find(connection, asked.caller.owner or "")
            secret = await second_factors.begin(connection, member.id, clock())
            uri = pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name=ISSUER)
            return Begun(secret=secret, uri=uri, qr=segno.make_qr(uri).svg_data_uri(border=2))

        async with database.writing() as connection:
            return await asked.once(connection, 201, begun)

    @router.post(
        "/v1/session/two-factor/confirmation",
        response_model=RecoveryCodes,
        responses={409: {}, 429: {}},
    )
    async def confirm(body: FirstCode, asked: Annotated[Asked, asking(guard.session)]) -> Response:
        """The app's first code: from now on each log-in asks for one."""
        member = asked.caller.owner or ""
        codes.spend(member, "wrong codes")

        async def confirmed() -> RecoveryCodes:
            made = await second_factors.confirm(connection, member, body.code, clock())
            if made is None:
                reason = "this code does not hold: is the clock of the phone right?"
                raise Problem(
                    422, None, "The code does not hold.", errors=[Fault(place="body.code", reason=reason)]
                )
            return RecoveryCodes(recovery_codes=made)

        async with database.writing() as connection:
            answer = await asked.once(connection, 200, confirmed)
        codes.refund(member)
        return answer

    @router.post("/v1/session/two-factor/recovery-codes", response_model=RecoveryCodes, responses={429: {}})
    async def renew(body: PasswordAsked, asked: Annotated[Asked, asking(guard.session)]) -> Response:
        """Ten new recovery codes; those of before hold no more."""
        await again.of(asked.caller, body.password, "body.password")

        async def renewed() -> RecoveryCodes:
            made = await second_factors.renew_codes(connection, asked.caller.owner or "")
            return RecoveryCodes(recovery_codes=made)

        async with database.writing() as connection:
            return await asked.once(connection, 200, renewed)


def _taking_off(router: APIRouter, database: Database, guard: Guard, again: AskedAgain) -> None:
    @router.put("/v1/session/two-factor", status_code=204, responses={404: {}, 429: {}})
    async def take_off(body: TurnedOff, caller: Annotated[Principal, guard.session]) -> None:
        """No code is asked for at your log-in any more."""
        await again.of(caller, body.password, "body.password")
        await _taken_off(database, caller.owner or "")

    @router.delete(
        "/v1/staff/{member}/two-factor", status_code=204, responses={404: {}}, dependencies=[guard.owner]
    )
    async def take_off_for(member: Id) -> None:
        """For somebody who has lost their phone and the recovery codes: the password alone lets them in again."""
        await _taken_off(database, member)


async def _taken_off(database: Database, member: str) -> None:
    async with database.writing() as connection:
        await staff.find(connection, member)
        await second_factors.take_off(connection, member)

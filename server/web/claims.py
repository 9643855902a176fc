"""The phones' doors for coupons: an offer is turned into a code for the till, shown as text and as QR.

In: a device's token and an offer of its shopper. Out: the code, plain and signed; its QR as SVG or PNG for its owner alone. Who
comes too late is told why (409), in words for the shopper.
"""

import io
from datetime import datetime
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from server.campaigns.coupon import Coupon
from server.campaigns.signed_code import SignedCode, sign
from server.records import coupons, devices, till_keys
from server.records.coupons import Claim
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.fields import Id
from server.web.guard import Guard
from server.web.languages import Tongue

#: A code as somebody types or scans it.
CodePath = Annotated[str, Path(min_length=3, max_length=40, pattern=r"^[A-Za-z0-9 ._-]+$")]

_QR_DOTS = 6  # a side of some 60 modules gives 400 dots: sharp on a phone, small on the line
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


class Claimed(BaseModel):
    """A code that belongs to this device's shopper."""

    offer: str
    coupon: str
    name: str
    code: str = Field(description="to be read out or typed at the till")
    signed: str = Field(description="the same, for a till without a line: what the QR shows")
    claimed_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    worth: float | None
    minimum: float | None
    currency: str | None
    shops: list[str]
    qr_svg: str
    qr_png: str


def claim_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["phones"])

    @router.post("/v1/offers/{offer}/claim", response_model=Claimed, responses={404: {}, 409: {}})
    async def claim(offer: Id, asked: Annotated[Asked, asking(guard.device)], tongue: Tongue) -> Response:
        """Turns an offer into its coupon's code, as long as there are some; asked again, gives the same one."""
        del tongue  # problems read it by themselves

        async def claimed() -> Claimed:
            now, device = clock(), asked.caller.owner or ""
            shopper = (await devices.find(connection, device)).shopper_id
            made = await coupons.claim(connection, offer, shopper, device, now)
            return _shown(offer, made, await _signed(connection, made, now))

        async with database.writing() as connection:
            return await asked.once(connection, 200, claimed)

    @router.get(
        "/v1/coupons/{code}/qr.{form}",
        response_class=Response,
        responses={200: {"content": {kind: {} for kind in _TYPES.values()}}, 404: {}},
    )
    async def qr(
        code: CodePath, form: Literal["svg", "png"], caller: Annotated[Principal, guard.device]
    ) -> Response:
        """The code as a QR for the till, for the shopper who claimed it."""
        async with database.writing() as connection:  # the first signing key is made when it is needed
            shopper = (await devices.find(connection, caller.owner or "")).shopper_id
            claimed = await coupons.claim_of(connection, code, shopper)
            signed = await _signed(connection, claimed, clock())
        headers = {"Cache-Control": "private, no-store"}
        return Response(drawn(signed, form), headers=headers, media_type=_TYPES[form])

    return router


def drawn(text: str, form: Literal["svg", "png"]) -> bytes:
    """A text as a QR. A lower error correction (L) keeps the modules large: a phone's screen has no stains."""
    picture = io.BytesIO()
    options: dict[str, Any] = {"kind": form, "scale": _QR_DOTS}
    segno.make_qr(text, error="l").save(picture, **options)
    return picture.getvalue()


def signed_code(
    coupon: Coupon, code: str, starts_at: datetime | None, ends_at: datetime | None
) -> SignedCode:
    """What a till without a line must know of a code."""
    return SignedCode(code, coupon.id, starts_at, ends_at, coupon.worth, coupon.minimum, coupon.shops)


async def _signed(connection: Connection, claim: Claim, now: datetime) -> str:
    key = await till_keys.signing(connection, now)
    told = signed_code(claim.coupon, claim.code, claim.starts_at, claim.ends_at)
    return sign(told, key.number, key.private_key)


def _shown(offer: str, claim: Claim, signed: str) -> Claimed:
    coupon = claim.coupon
    return Claimed(
        offer=offer,
        coupon=coupon.id,
        name=coupon.name,
        code=claim.shown,
        signed=signed,
        claimed_at=claim.claimed_at,
        starts_at=claim.starts_at,
        ends_at=claim.ends_at,
        worth=coupon.worth,
        minimum=coupon.minimum,
        currency=coupon.currency,
        shops=list(coupon.shops),
        qr_svg=f"/v1/coupons/{claim.code}/qr.svg",
        qr_png=f"/v1/coupons/{claim.code}/qr.png",
    )

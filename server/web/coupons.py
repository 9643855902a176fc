"""Coupons over HTTP: what staff define by their own ids, and the codes that the shop brings or has made.

In: a coupon's document; codes as a list or as CSV. Out: coupons with how many were issued. Codes of shoppers are not shown here.
"""

import csv
import io
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, model_validator

from server.campaigns.actions.claim_coupon import CouponId
from server.campaigns.coupon import Code, Coupon
from server.records import coupons
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.rows import Change
from server.records.tables import CouponRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Given
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.web.shops import Sight

CouponPath = Annotated[CouponId, Path()]

#: In one request: some seconds of work at most.
MOST_CODES = 20_000


class CouponShown(BaseModel):
    """A coupon with how many of it are given out."""

    coupon: Coupon
    issued: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: CouponRow, sight: Sight | None = None) -> Self:
        return cls(
            coupon=Coupon.model_validate(sight.of_theirs(row.coupon) if sight else row.coupon),
            issued=row.issued,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class CouponKept(CouponShown):
    change: Change


class Coupons(BaseModel):
    coupons: list[CouponShown]
    next: Next


class CodesGiven(Given):
    """One of: codes of your own for a pool, as a list or as CSV with a column `code`; or how many are to be made."""

    codes: list[Code] | None = Field(None, min_length=1, max_length=MOST_CODES)
    csv: str | None = Field(None, max_length=1_000_000)
    generate: int | None = Field(None, ge=1, le=MOST_CODES)

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Self:
        if sum(given is not None for given in (self.codes, self.csv, self.generate)) != 1:
            raise ValueError("give one of codes, csv or generate")
        return self


class CodesKept(BaseModel):
    """How many codes are new; of those made here also the codes, which are shown this once."""

    added: int
    known_before: int
    codes: list[str] = []


def coupon_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/coupons`. Campaigns ask how long a coupon still holds: so a change of one is a change of theirs."""
    router = APIRouter(tags=["coupons"])

    @router.get("/v1/coupons")
    async def listed(
        caller: Annotated[Principal, guard.reader], cursor: Cursor = None, limit: Limit = 100
    ) -> Coupons:
        """Coupons, page by page. A page may hold fewer for somebody of some shops: those that hold there."""
        async with database.reading() as connection:
            rows = await coupons.listed(connection, after=read_id(cursor), limit=limit)
            sight = await Sight.of(connection, caller.shops)
        return Coupons(
            coupons=[CouponShown.of(row, sight) for row in rows if sight.shows_coupon(row.coupon)],
            next=next_after(rows, limit),
        )

    @router.get("/v1/coupons/{coupon}", responses={404: {}})
    async def shown(coupon: CouponPath, caller: Annotated[Principal, guard.reader]) -> CouponShown:
        """One coupon."""
        async with database.reading() as connection:
            row = await coupons.find(connection, coupon)
            sight = await Sight.of(connection, caller.shops)
        if not sight.shows_coupon(row.coupon):
            raise NotFound(f"there is no coupon {coupon} in your shops")
        return CouponShown.of(row, sight)

    @router.put("/v1/coupons/{coupon}", responses={409: {}}, dependencies=[guard.marketer])
    async def put(coupon: CouponPath, body: Coupon) -> CouponKept:
        """Creates or changes a coupon. Codes that were claimed keep the times that they were claimed with."""
        if body.id != coupon:
            reason = f"is not the id in the address, {coupon!r}"
            raise Problem(422, "The coupon cannot be taken", errors=[Fault(place="body.id", reason=reason)])
        async with edits.of("campaigns") as connection:
            change, row = await coupons.put(connection, body, clock())
        return CouponKept(**dict(CouponShown.of(row)), change=change)

    @router.post(
        "/v1/coupons/{coupon}/codes",
        status_code=201,
        response_model=CodesKept,
        responses={404: {}, 409: {}},
    )
    async def add(
        coupon: CouponPath, body: CodesGiven, asked: Annotated[Asked, asking(guard.marketer)]
    ) -> Response:
        """Brings codes to a pool, or makes codes to be printed. A code that is known already is passed over."""
        brought = body.codes if body.csv is None else _read_csv(body.csv)
        async with database.writing() as connection:
            return await asked.once(
                connection, 201, lambda: _add(connection, coupon, brought, body.generate or 0, clock())
            )

    return router


async def _add(
    connection: Connection, coupon: str, brought: list[str] | None, count: int, now: datetime
) -> CodesKept:
    if brought is None:
        made = await coupons.generate(connection, coupon, count, now)
        return CodesKept(added=len(made), known_before=0, codes=made)
    added = await coupons.bring(connection, coupon, brought, now)
    return CodesKept(added=added, known_before=len(brought) - added)


class _Line(BaseModel):
    code: Code


def _read_csv(text: str) -> list[str]:
    """The column `code`. Raises Problem (422) with the lines that are wrong."""
    try:
        lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as unreadable:
        raise _unreadable([Fault(place="body.csv", reason=f"is no CSV: {unreadable}")]) from None
    if not lines or "code" not in lines[0]:
        raise _unreadable([Fault(place="body.csv", reason="needs a column `code` and a line below it")])
    if len(lines) > MOST_CODES:
        raise _unreadable([Fault(place="body.csv", reason=f"has more than {MOST_CODES} codes")])
    faults, codes = [], []
    for number, line in enumerate(lines, 2):
        try:
            codes.append(_Line.model_validate({"code": (line["code"] or "").strip()}).code)
        except ValueError:
            reason = "is no code: 3 to 40 letters, digits, spaces, dots, dashes"
            faults.append(Fault(place=f"body.csv line {number}", reason=reason))
    if faults:
        raise _unreadable(faults[:100])
    return codes


def _unreadable(faults: list[Fault]) -> Problem:
    return Problem(422, "The codes cannot be taken", "Nothing was changed: see errors.", errors=faults)

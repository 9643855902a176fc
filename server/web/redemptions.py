"""The till's doors for what shoppers bring: look at a code, use it, use a part of it, take it back; and tills without a line.

In: a server key, and an offer's id or a code as it was typed or scanned. Out: the use and what is left; or why not (404, 409), in
words for the till's display, with the kind of reason as title. What tills did without a line is told later, each with its verdict.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from server.campaigns.coupon import amount, milli, normal
from server.campaigns.redemption import Asked as AskedOfCode
from server.campaigns.redemption import Why
from server.campaigns.signed_code import jwk, public_key, read
from server.records import redemptions, till_keys
from server.records.database import Connection, Database
from server.records.redemptions import AtTill, NotRedeemable, Used
from server.records.refusal import Taken
from server.records.tables import RedemptionRow
from server.web.asked import Asked, asking
from server.web.clock import AHEAD, Clock, utc_now
from server.web.fields import Given, Id, Name, OwnId, PlaceId, Time
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.zones.naming import derived_id

#: As it was typed, or the signed text that a QR holds.
CodeGiven = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x20-\x7e]+$")]
Paid = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]

#: Tills without a line tell at most so much at once: some seconds of work.
MOST_AT_ONCE = 1000

_TITLES: dict[Why, str] = {
    "unknown": "There is no such code",
    "mistyped": "The code was mistyped",
    "forged": "The code is not ours",
    "too_early": "The coupon does not hold yet",
    "expired": "The coupon has expired",
    "used": "The code was used already",
    "wrong_shop": "The coupon does not hold in this shop",
    "minimum": "The purchase is below the coupon's minimum",
    "too_much": "Less than that is left of the code",
}


class UseGiven(Given):
    at: Time | None = Field(None, description="when it was used; now where it is left out")
    amount: Paid | None = Field(None, description="what was paid, in the shop's currency")
    spend: float | None = Field(
        None, gt=0, le=1e9, allow_inf_nan=False, description="so much of a value coupon; else all that fits"
    )
    shop: PlaceId | None = Field(None, description="the site's id, for coupons that hold in some shops only")
    till: Name | None = None
    order: OwnId | None = Field(None, description="your id of the order, which will be credited to the offer")

    def asked(self, now: datetime) -> AskedOfCode:
        return AskedOfCode(
            at=self.at or now,
            shop=self.shop,
            paid_milli=None if self.amount is None else milli(self.amount),
            spend_milli=None if self.spend is None else milli(self.spend),
        )


class RedemptionGiven(UseGiven):
    offer: Id | None = None
    code: CodeGiven | None = Field(None, description="as it was typed, or the signed text of its QR")
    dry: bool = Field(False, description="only look whether it would be taken; a code's, not an offer's")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.offer is None) == (self.code is None):
            raise ValueError("give one of offer and code")
        if self.dry and self.code is None:
            raise ValueError("looking without using takes a code")
        return self


class Redeemed(BaseModel):
    offer: str
    shopper: str
    at: datetime
    amount: float | None
    till: str | None


class CodeRedeemed(BaseModel):
    """A use of a code; `redemption` is its id, for taking it back. When only looked at there is none."""

    redemption: str | None
    code: str
    coupon: str
    offer: str | None
    shopper: str | None
    at: datetime
    amount: float | None
    spent: float = Field(description="how much of the coupon's value was used")
    left: float | None = Field(description="how much is left; null for a coupon without a value of its own")
    shop: str | None
    till: str | None


class Looked(BaseModel):
    """What would happen if the code were used now."""

    code: str
    at: datetime
    would_spend: float
    would_leave: float | None


class RollBackGiven(Given):
    """One of: the id of a code's use, or an offer: all its uses, by itself or by its code."""

    redemption: Id | None = None
    offer: Id | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.redemption is None) == (self.offer is None):
            raise ValueError("give one of redemption and offer")
        return self


class RolledBack(BaseModel):
    redemption: str | None
    offer: str | None
    at: datetime


class OfflineGiven(UseGiven):
    """A use that a till took without a line; `id` is the till's own, so that telling it again is no second use."""

    id: Id
    code: CodeGiven
    at: Time


class ReconcileGiven(Given):
    redemptions: list[Any] = Field(
        max_length=MOST_AT_ONCE,
        json_schema_extra={"items": OfflineGiven.model_json_schema()},  # each is read by itself
    )


Verdict = Literal["accepted", "duplicate", "double_spend", "refused", "in_the_future", "malformed"]


class Reconciled(BaseModel):
    """What became of one use. A double spend is told with when and where the code was used before."""

    index: int
    verdict: Verdict
    redemption: str | None = None
    why: Why | None = None
    field: str | None = None
    reason: str | None = None


class Verdicts(BaseModel):
    accepted: int
    double_spends: int
    verdicts: list[Reconciled]


class TillKeys(BaseModel):
    """Public keys by which a till checks signed codes (JWK, RFC 8037)."""

    keys: list[dict[str, str]]


_offline = TypeAdapter(OfflineGiven)


def redemption_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["till"])
    _using(router, database, guard, clock)
    _without_a_line(router, database, guard, clock)
    return router


def _using(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.post(
        "/v1/redemptions",
        status_code=201,
        response_model=Redeemed | CodeRedeemed | Looked,
        responses={200: {"model": Looked, "description": "Only looked at"}, 404: {}, 409: {}},
    )
    async def redeem(body: RedemptionGiven, asked: Annotated[Asked, asking(guard.server)]) -> Response:
        """Uses an offer or a code at a till. Once: others are told when and where; a retry with its key gets its answer."""
        now = clock()
        if body.at and body.at > now + AHEAD:
            reason = "lies in the future: is the till's clock right?"
            raise Problem(422, None, f"`at` {reason}", errors=[Fault(place="body.at", reason=reason)])
        async with database.writing() as connection:
            return await asked.once(
                connection, 200 if body.dry else 201, lambda: _redeem(connection, body, now)
            )

    @router.post("/v1/redemptions/rollback", response_model=RolledBack, responses={404: {}})
    async def roll_back(body: RollBackGiven, asked: Annotated[Asked, asking(guard.server)]) -> Response:
        """Takes a use back: it may be used again. Taking it back twice is no error."""

        async def done() -> RolledBack:
            if body.redemption is not None:
                use = await redemptions.roll_back(connection, body.redemption, clock())
                return RolledBack(redemption=use.id, offer=use.outbox_id, at=use.void_at or clock())
            await redemptions.roll_back_offer(connection, body.offer or "", clock())
            return RolledBack(redemption=None, offer=body.offer, at=clock())

        async with database.writing() as connection:
            return await asked.once(connection, 200, done)


async def _redeem(
    connection: Connection, body: RedemptionGiven, now: datetime
) -> Redeemed | CodeRedeemed | Looked:
    asked, at_till = body.asked(now), AtTill(now, till=body.till, order=body.order)
    try:
        if body.code is None:
            return _shown(await redemptions.use_offer(connection, body.offer or "", asked, at_till))
        code = _plain(body.code, await _public_keys(connection))
        if code is None:
            raise NotRedeemable.of("forged")
        if not body.dry:
            return _shown(await redemptions.use_code(connection, code, asked, at_till))
        found = await redemptions.look(connection, code, asked)
    except NotRedeemable as no:
        raise _told(no, "body.code" if body.code else "body.offer") from None
    left = None if found.left_milli is None else amount(found.left_milli)
    return Looked(code=code, at=asked.at, would_spend=amount(found.spend_milli), would_leave=left)


def _without_a_line(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/v1/till/keys")
    async def keys(caller: Annotated[Any, guard.server]) -> TillKeys:
        """The public keys of signed codes: with them a till checks a QR without a line (Ed25519, JWS)."""
        del caller
        async with database.writing() as connection:  # the first key is made when it is asked for
            await till_keys.signing(connection, clock())
            every = await till_keys.every(connection)
        return TillKeys(keys=[jwk(key.number, key.private_key) for key in every])

    @router.post("/v1/till/keys", status_code=201, response_model=TillKeys)
    async def renew(asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Signs with a new key from now on. Codes signed before stay good, and tills need both keys."""

        async def renewed() -> TillKeys:
            key = await till_keys.renew(connection, clock())
            return TillKeys(keys=[jwk(key.number, key.private_key)])

        async with database.writing() as connection:
            return await asked.once(connection, 201, renewed)

    @router.post("/v1/redemptions/reconcile", response_model=Verdicts)
    async def reconcile(body: ReconcileGiven, asked: Annotated[Asked, asking(guard.server)]) -> Response:
        """Takes what tills did without a line. Each has its verdict; of two uses of one code the first told counts."""
        async with database.writing() as connection:
            return await asked.once(
                connection, 200, lambda: _reconcile(connection, body.redemptions, clock())
            )


async def _reconcile(connection: Connection, given: list[Any], now: datetime) -> Verdicts:
    told: dict[int, Reconciled] = {}
    good: dict[int, OfflineGiven] = {}
    for index, item in enumerate(given):
        try:
            good[index] = _offline.validate_python(item)
        except ValidationError as invalid:
            first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
            field = ".".join(str(step) for step in first["loc"])
            reason = first["msg"].removeprefix("Value error, ")
            told[index] = Reconciled(index=index, verdict="malformed", field=field, reason=reason)
    keys = await _public_keys(connection)
    codes = {index: normal(_plain(use.code, keys) or "") for index, use in good.items()}
    # By code, so that two batches at once lock codes in one order; and of one code in the order of time.
    for index in sorted(good, key=lambda index: (codes[index], good[index].at, index)):
        told[index] = await _reconciled(connection, index, good[index], codes[index], now)
    verdicts = [told[index] for index in range(len(given))]
    return Verdicts(
        accepted=sum(each.verdict == "accepted" for each in verdicts),
        double_spends=sum(each.verdict == "double_spend" for each in verdicts),
        verdicts=verdicts,
    )


async def _reconciled(
    connection: Connection, index: int, given: OfflineGiven, code: str, now: datetime
) -> Reconciled:
    if given.at > now + AHEAD:
        reason = "lies in the future: is the till's clock right?"
        return Reconciled(index=index, verdict="in_the_future", field="at", reason=reason)
    use = derived_id("rd", "offline", given.till or "", given.id)
    at_till = AtTill(now, till=given.till, order=given.order, offline=True, use=use)
    asked = given.asked(now)
    before = await redemptions.find_use(connection, use)
    if before is not None:
        verdict: Verdict = "double_spend" if before.void_why == "double_spend" else "duplicate"
        return Reconciled(index=index, verdict=verdict, redemption=use, reason="it was told before")
    try:
        if not code:
            raise NotRedeemable.of("forged")
        await redemptions.use_code(connection, code, asked, at_till)
    except NotRedeemable as no:
        refused = no.refused
        if refused.why != "used":
            return Reconciled(index=index, verdict="refused", why=refused.why, reason=refused.words)
        await redemptions.note_double(connection, code, asked, at_till, "double_spend")
        return Reconciled(
            index=index, verdict="double_spend", redemption=use, why="used", reason=refused.words
        )
    except Taken as taken:
        return Reconciled(index=index, verdict="refused", field="id", reason=str(taken))
    return Reconciled(index=index, verdict="accepted", redemption=use)


async def _public_keys(connection: Connection) -> dict[str, bytes]:
    return {str(key.number): public_key(key.private_key) for key in await till_keys.every(connection)}


def _plain(code: str, keys: Mapping[str, bytes]) -> str | None:
    """The code that a signed text vouches for, None where the signature is not ours; any other text as it is."""
    if code.count(".") != 2 or len(code) < 100:  # shorter than any signature: a code of the shop's own
        return code
    signed = read(code, keys)
    return signed.code if signed else None


def _told(no: NotRedeemable, place: str) -> Problem:
    status = 404 if no.refused.why in {"unknown", "mistyped", "forged"} else 409
    return Problem(
        status, _TITLES[no.refused.why], str(no), errors=[Fault(place=place, reason=no.refused.why)]
    )


def _shown(done: RedemptionRow | Used) -> Redeemed | CodeRedeemed:
    if isinstance(done, RedemptionRow):
        return Redeemed(
            offer=done.outbox_id, shopper=done.shopper_id, at=done.at, amount=done.amount, till=done.till
        )
    use = done.use
    return CodeRedeemed(
        redemption=use.id,
        code=use.code or "",
        coupon=use.coupon_id or "",
        offer=use.outbox_id,
        shopper=use.shopper_id,
        at=use.at,
        amount=None if use.amount_milli is None else amount(use.amount_milli),
        spent=amount(use.spent_milli),
        left=None if done.left_milli is None else amount(done.left_milli),
        shop=use.shop,
        till=use.till,
    )

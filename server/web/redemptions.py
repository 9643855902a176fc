"""The till's doors for what shoppers bring: look at a code, use it, use a part of it, take it back; and tills without a line.

In: a server key or a cashier's session, and an offer's id or a code as it was typed or scanned. Out: the use and what is left; or why not (404, 409), in
words for the till's display, with the kind of reason as title. What tills did without a line is told later, each with its verdict.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from server.campaigns.coupon import amount, milli, normal
from server.campaigns.redemption import Asked as AskedOfCode
from server.campaigns.redemption import Why
from server.campaigns.signed_code import jwk, public_key, read
from server.campaigns.words import Phrases, say
from server.records import redemptions, till_keys
from server.records.database import Connection, Database
from server.records.evidence import time_zone_of
from server.records.keys import Principal
from server.records.redemptions import AtTill, NotRedeemable, Used
from server.records.refusal import NotFound, Taken
from server.records.tables import RedemptionRow, UseRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, objection_to, refuse_the_future, utc_now
from server.web.fields import Given, Id, Money, Name, OwnId, PlaceId, SomeMoney, Time
from server.web.guard import Guard, about
from server.web.languages import Tongue
from server.web.problem import Fault, Problem, first_of, said_in
from server.web.shops import refuse_other_shops
from server.zones.naming import derived_id

#: As it was typed, or the signed text that a QR holds.
CodeGiven = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x20-\x7e]+$")]

#: Tills without a line tell at most so much at once: some seconds of work.
MOST_AT_ONCE = 1000

#: A till that has a line tells a use at once, or the shop's server hands on its day after closing. What is older was done without a line and
#: is to be reconciled; here it would only make good what has expired since.
OLDEST: Final = timedelta(hours=24)

_TITLES: Final[Phrases] = {
    "en": {
        "unknown": "There is no such code",
        "mistyped": "The code was mistyped",
        "forged": "The code is not ours",
        "unclaimed": "The offer's coupon was not claimed yet",
        "too_early": "The coupon does not hold yet",
        "expired": "The coupon has expired",
        "used": "The code was used already",
        "wrong_shop": "The coupon does not hold in this shop",
        "minimum": "The purchase is below the coupon's minimum",
        "too_much": "Less than that is left of the code",
        "nothing": "Nothing of the code would be used",
    },
    "it": {
        "unknown": "Questo codice non esiste",
        "mistyped": "Il codice è stato digitato male",
        "forged": "Il codice non è nostro",
        "unclaimed": "Il buono dell'offerta non è ancora stato ritirato",
        "too_early": "Il buono non vale ancora",
        "expired": "Il buono è scaduto",
        "used": "Il codice è già stato usato",
        "wrong_shop": "Il buono non vale in questo negozio",
        "minimum": "La spesa è sotto il minimo del buono",
        "too_much": "Del codice resta meno di così",
        "nothing": "Del codice non si userebbe nulla",
    },
}

_PHRASES: Final[Phrases] = {
    "en": {
        "told_before": "it was told before",
        "other_use": "another use was told by this id before: number uses anew, and name the till in each",
        "too_old": "`at` is more than a day ago: what was done without a line is told to /v1/redemptions/reconcile",
        "ahead": "lies in the future: is the till's clock right?",
    },
    "it": {
        "told_before": "è già stato comunicato",
        "other_use": "con questo id è già stato comunicato un altro uso: numera ogni uso e indica la cassa in ognuno",
        "too_old": "`at` è di oltre un giorno fa: ciò che è stato fatto senza linea si comunica a /v1/redemptions/reconcile",
        "ahead": "è nel futuro: l'orologio della cassa è giusto?",
    },
}


class UseGiven(Given):
    at: Time | None = Field(None, description="when it was used; now where it is left out")
    amount: Money | None = Field(None, description="what was paid, in the shop's currency")
    spend: SomeMoney | None = Field(None, description="so much of a value coupon; else all that fits")
    shop: PlaceId | None = Field(None, description="the site's id, for coupons that hold in some shops only")
    till: Name | None = None
    order: OwnId | None = Field(None, description="your id of the order, which will be credited to the offer")

    def asked(self, now: datetime, clock: tzinfo) -> AskedOfCode:
        return AskedOfCode(
            at=self.at or now,
            shop=self.shop,
            paid_milli=None if self.amount is None else milli(self.amount),
            spend_milli=None if self.spend is None else milli(self.spend),
            clock=clock,
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
    """What would happen if the code were used now, and what it is."""

    code: str
    at: datetime
    would_spend: float
    would_leave: float | None
    coupon: str
    name: str = Field(description="of the coupon, as staff call it")
    worth: float | None = Field(description="of a value coupon, when it was whole; null for any other")
    currency: str | None
    minimum: float | None = Field(description="of the purchase")
    ends_at: datetime | None = Field(description="until when this code holds; null: without end")


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


class ReconcileVerdicts(BaseModel):
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
    async def redeem(
        body: RedemptionGiven, asked: Annotated[Asked, asking(guard.till)], tongue: Tongue
    ) -> Response:
        """Uses an offer or a code at a till. Once: others are told when and where; a retry with its key gets its answer.

        Refusals come in the till's language and by its shop's clock, where it named them. Staff who name no till are told of by their id.
        """
        del tongue  # problems read it by themselves
        now = clock()
        refuse_the_future(body.at, now, "the till's")
        refuse_other_shops(asked.caller, body.shop)
        if asked.caller.kind == "staff" and body.till is None:
            body.till = asked.caller.owner
        async with database.writing() as connection:
            return await asked.once(
                connection, 200 if body.dry else 201, lambda: _redeem(connection, body, now)
            )

    @router.post("/v1/redemptions/rollback", response_model=RolledBack, responses={404: {}})
    async def roll_back(
        body: RollBackGiven, asked: Annotated[Asked, asking(guard.till)], tongue: Tongue
    ) -> Response:
        """Takes a use back: it may be used again. Taking it back twice is no error."""
        del tongue  # as above

        async def done() -> RolledBack:
            await _refuse_uses_elsewhere(connection, asked.caller, body)
            if body.redemption is not None:
                use = await redemptions.roll_back(connection, body.redemption, clock())
                about("redemption", use.id)
                return RolledBack(redemption=use.id, offer=use.outbox_id, at=use.void_at or clock())
            await redemptions.roll_back_offer(connection, body.offer or "", clock())
            return RolledBack(redemption=None, offer=body.offer, at=clock())

        async with database.writing() as connection:
            return await asked.once(connection, 200, done)


async def _redeem(
    connection: Connection, body: RedemptionGiven, now: datetime
) -> Redeemed | CodeRedeemed | Looked:
    if body.at is not None and body.at < now - OLDEST:
        words = say(_PHRASES, "too_old")
        raise Problem(422, None, words, errors=[Fault(place="body.at", reason=str(words))])
    asked = body.asked(now, await _clock_of(connection, body.shop))
    at_till = AtTill(now, till=body.till, order=body.order)
    try:
        if body.code is None:
            return _shown(await redemptions.use_offer(connection, body.offer or "", asked, at_till))
        code = _plain(body.code, await _public_keys(connection))
        if code is None:
            raise NotRedeemable.of("forged")
        if not body.dry:
            return _shown(await redemptions.use_code(connection, code, asked, at_till))
        looked = await redemptions.look(connection, code, asked)
    except NotRedeemable as no:
        raise _told(no, "body.code" if body.code else "body.offer") from None
    return _looked(looked, code, asked)


def _looked(looked: redemptions.Looked, code: str, asked: AskedOfCode) -> Looked:
    found, coupon = looked.found, looked.coupon
    about("coupon", coupon.id)
    return Looked(
        code=code,
        at=asked.at,
        would_spend=amount(found.spend_milli),
        would_leave=None if found.left_milli is None else amount(found.left_milli),
        coupon=coupon.id,
        name=coupon.name,
        worth=coupon.worth,
        currency=coupon.currency,
        minimum=coupon.minimum,
        ends_at=looked.ends_at,
    )


async def _refuse_uses_elsewhere(connection: Connection, caller: Principal, body: RollBackGiven) -> None:
    """What was used in others' shops is nothing that somebody of some shops knows of. Raises NotFound."""
    if caller.shops is None:
        return
    where = await redemptions.shops_of(connection, use=body.redemption, offer=body.offer)
    if not where <= caller.shops:
        raise NotFound(f"there is no use {body.redemption or body.offer} in your shops")


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

    @router.post("/v1/redemptions/reconcile", response_model=ReconcileVerdicts)
    async def reconcile(
        body: ReconcileGiven, asked: Annotated[Asked, asking(guard.server)], tongue: Tongue
    ) -> Response:
        """Takes what tills did without a line. Each has its verdict; of two uses of one code the first told counts."""
        async with database.writing() as connection:
            return await asked.once(
                connection, 200, lambda: _reconcile(connection, body.redemptions, clock(), tongue)
            )


async def _reconcile(
    connection: Connection, given: list[Any], now: datetime, tongue: str
) -> ReconcileVerdicts:
    told: dict[int, Reconciled] = {}
    good: dict[int, OfflineGiven] = {}
    for index, item in enumerate(given):
        try:
            good[index] = _offline.validate_python(item)
        except ValidationError as invalid:
            field, reason = first_of(invalid)
            told[index] = Reconciled(index=index, verdict="malformed", field=field, reason=reason)
    keys = await _public_keys(connection)
    codes = {index: normal(_plain(use.code, keys) or "") for index, use in good.items()}
    clocks = {shop: await _clock_of(connection, shop) for shop in {use.shop for use in good.values()}}
    # By code, so that two batches at once lock codes in one order; and of one code in the order of time.
    for index in sorted(good, key=lambda index: (codes[index], good[index].at, index)):
        asked = good[index].asked(now, clocks[good[index].shop])
        told[index] = await _reconciled(connection, index, good[index], codes[index], asked, now, tongue)
    verdicts = [told[index] for index in range(len(given))]
    return ReconcileVerdicts(
        accepted=sum(each.verdict == "accepted" for each in verdicts),
        double_spends=sum(each.verdict == "double_spend" for each in verdicts),
        verdicts=verdicts,
    )


async def _reconciled(
    connection: Connection,
    index: int,
    given: OfflineGiven,
    code: str,
    asked: AskedOfCode,
    now: datetime,
    tongue: str,
) -> Reconciled:
    if objection_to(given.at, now, "the till's"):
        reason = said_in(tongue, say(_PHRASES, "ahead"))
        return Reconciled(index=index, verdict="in_the_future", field="at", reason=reason)
    use = derived_id("rd", "offline", given.till or "", given.id)
    at_till = AtTill(now, till=given.till, order=given.order, offline=True, use=use)
    before = await redemptions.find_use(connection, use)
    if before is not None:
        return _told_before(index, before, code, asked, tongue)
    try:
        if not code:
            raise NotRedeemable.of("forged")
        await redemptions.use_code(connection, code, asked, at_till)
    except NotRedeemable as no:
        why, reason = no.refused.why, said_in(tongue, no)
        if why != "used":
            return Reconciled(index=index, verdict="refused", why=why, reason=reason)
        await redemptions.note_double(connection, code, asked, at_till, "double_spend")
        return Reconciled(index=index, verdict="double_spend", redemption=use, why="used", reason=reason)
    except Taken as taken:
        return Reconciled(index=index, verdict="refused", field="id", reason=said_in(tongue, taken))
    return Reconciled(index=index, verdict="accepted", redemption=use)


def _told_before(index: int, before: UseRow, code: str, asked: AskedOfCode, tongue: str) -> Reconciled:
    """A retry is no second use; another use by the same id is not lost without a word: two tills without a name count alike."""
    if not redemptions.is_the_same(before, code, asked):
        reason = said_in(tongue, say(_PHRASES, "other_use"))
        return Reconciled(index=index, verdict="refused", field="id", reason=reason)
    verdict: Verdict = "double_spend" if before.void_why == "double_spend" else "duplicate"
    reason = said_in(tongue, say(_PHRASES, "told_before"))
    return Reconciled(index=index, verdict=verdict, redemption=before.id, reason=reason)


async def _clock_of(connection: Connection, shop: str | None) -> tzinfo:
    """The clock that hangs in the till's shop; UTC where the till did not name it, or nobody knows its time zone."""
    time_zone = await time_zone_of(connection, shop)
    return ZoneInfo(time_zone) if time_zone else UTC


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
    why, title = no.refused.why, say(_TITLES, no.refused.why)
    return Problem(status, title, no.refused.words, errors=[Fault(place=place, reason=why)])


def _shown(done: RedemptionRow | Used) -> Redeemed | CodeRedeemed:
    if isinstance(done, RedemptionRow):
        about("offer", done.outbox_id)
        return Redeemed(
            offer=done.outbox_id, shopper=done.shopper_id, at=done.at, amount=done.amount, till=done.till
        )
    use = done.use
    about("redemption", use.id)
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

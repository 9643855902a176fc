"""The phones' door for receipts: what became of an offer on the phone. Each gets its own verdict; good ones go through.

In: receipts of one device, as JSON. Out: verdicts in order, and for what is malformed the field and the reason.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from server.records import devices, receipts
from server.records.database import Connection, Database
from server.records.receipts import Kind, Receipt
from server.web.asked import Asked, asking
from server.web.clock import Clock, objection_to, utc_now
from server.web.fields import Given, Id, Time
from server.web.guard import Guard
from server.web.problem import first_of

Verdict = Literal["accepted", "duplicate", "unknown_offer", "in_the_future", "malformed"]


class ReceiptGiven(Given):
    """What happened to an offer on the phone."""

    offer: Id
    kind: Kind
    at: Time


class ReceiptsGiven(Given):
    receipts: list[Any] = Field(
        max_length=1000,
        json_schema_extra={"items": ReceiptGiven.model_json_schema()},  # each is read by itself
        description="each is {offer, kind: shown | opened | dismissed, at}",
    )


class Trouble(BaseModel):
    """Why one receipt was not taken."""

    index: int
    verdict: Verdict
    field: str
    reason: str


class ReceiptVerdicts(BaseModel):
    accepted: int
    verdicts: list[Verdict]
    problems: list[Trouble]


_receipt = TypeAdapter(ReceiptGiven)


def receipt_routes(database: Database, guard: Guard, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["phones"])

    @router.post("/v1/receipts", response_model=ReceiptVerdicts)
    async def take(body: ReceiptsGiven, asked: Annotated[Asked, asking(guard.device)]) -> Response:
        """Keeps what became of offers; saying it again is no error."""
        async with database.writing() as connection:
            return await asked.once(
                connection, 200, lambda: _take(connection, asked.caller.owner or "", body.receipts, clock)
            )

    return router


async def _take(connection: Connection, device: str, given: list[Any], clock: Clock) -> ReceiptVerdicts:
    now = clock()
    troubles: dict[int, Trouble] = {}
    good: dict[int, Receipt] = {}
    for index, item in enumerate(given):
        try:
            read = _receipt.validate_python(item)
        except ValidationError as invalid:
            field, reason = first_of(invalid)
            troubles[index] = Trouble(index=index, verdict="malformed", field=field, reason=reason)
            continue
        if ahead := objection_to(read.at, now, "the phone's"):
            troubles[index] = Trouble(index=index, verdict="in_the_future", field="at", reason=ahead)
            continue
        good[index] = Receipt(read.offer, read.kind, read.at)
    shopper = (await devices.find(connection, device)).shopper_id
    taken: list[Verdict] = list(await receipts.take(connection, shopper, list(good.values()), now))
    for index, verdict in zip(good, taken, strict=True):
        if verdict == "unknown_offer":
            reason = "no offer of this id was given to this device's shopper"
            troubles[index] = Trouble(index=index, verdict=verdict, field="offer", reason=reason)
    verdicts = dict(zip(good, taken, strict=True)) | {index: t.verdict for index, t in troubles.items()}
    return ReceiptVerdicts(
        accepted=taken.count("accepted"),
        verdicts=[verdicts[index] for index in range(len(given))],
        problems=[troubles[index] for index in sorted(troubles)],
    )

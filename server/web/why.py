"""Why: what was decided for whom, and for what reasons, silence included; and the visits that it came from.

In: a shopper (by our id or the shop's own), a campaign, a device, a verdict, a time. Out: decisions, newest first, each with its reasons
in a shop manager's words and with what it saw; of one decision also what became of its offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.records import decisions, visits
from server.records.database import Database
from server.records.decisions import DecisionQuery, Story
from server.records.keys import Principal
from server.records.tables import AttemptRow, DecisionRow, OutboxRow, VisitRow
from server.records.visits import VisitQuery
from server.web.clock import Clock, utc_now
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.evidence import add_evidence
from server.web.fields import Id, OwnId, Time, Word
from server.web.guard import Guard
from server.web.known import whose
from server.web.presence import add_presence
from server.web.shops import Sight
from server.web.supposing import (
    USUAL_MANNERS,
    Manners,
    Spoken,
    WhyReason,
    add_supposing,
    reason_in,
)


class DecisionsAsked(Page):
    shopper: OwnId | None = Field(None, description="our id, or the shop's own name for them")
    campaign: Word | None = None
    device: Id | None = None
    visit: Id | None = None
    verdict: Literal["send", "withhold", "hold", "hold_out"] | None = None
    gate: Word | None = Field(None, description="of which gate or condition a reason is")
    since: Time | None = Field(None, description="decided at or after")
    until: Time | None = Field(None, description="decided before")
    language: Spoken = Field("en", description="of the reasons")


class VisitsAsked(Page):
    shopper: OwnId | None = Field(None, description="our id, or the shop's own name for them")
    device: Id | None = None
    zone: Word | None = None
    open: bool | None = Field(None, description="true: those that have no end yet; false: those that have")
    since: Time | None = Field(None, description="entered at or after")
    until: Time | None = Field(None, description="entered before")


class AttemptShown(BaseModel):
    at: datetime
    channel: str | None = Field(
        description="through which it was tried, or which was passed over; null in what was kept before channels were"
    )
    outcome: str
    why: str | None = Field(description="what stood against it; null where it was sent")
    receipt: str | None = Field(description="the channel's own name for the message, where it was sent")

    @classmethod
    def of(cls, row: AttemptRow) -> Self:
        sent = row.outcome == "sent"
        return cls(
            at=row.at,
            channel=row.channel,
            outcome=row.outcome,
            why=None if sent else row.why,
            receipt=row.why if sent else None,
        )


class OfferState(BaseModel):
    """How far an offer has come: waiting, or what it was settled as (sent, refused, expired, undeliverable, withdrawn)."""

    id: str
    state: str
    channel: str = Field(description="whose turn it is, or was last")
    last_why: str | None = Field(
        description="why it is not sent, as the channel last said; null once it is sent"
    )
    receipt: str | None = Field(
        description="the channel's own name for the message (FCM: projects/…), once it is sent"
    )
    attempts: list[AttemptShown] = Field(description="every try, and every channel that was passed over")


class DecisionShown(BaseModel):
    id: str
    verdict: str
    campaign: str
    campaign_version: int
    event: str
    zone: str
    visit: str
    device: str
    shopper: str | None
    happened_at: datetime
    decided_at: datetime
    variant: str | None = Field(description="the text that they got or would have got; null without variants")
    step: int = Field(description="which of the campaign's follow-ups it is about; 0 is the offer itself")
    due_at: datetime | None = Field(description="of a held decision: when everything is looked at again")
    held: str | None = Field(
        description="the held decision, or the waiting step, that this one followed from"
    )
    reasons: list[WhyReason]
    saw: dict[str, Any]
    offer: OfferState | None

    @classmethod
    def of(
        cls, row: DecisionRow, offer: OutboxRow | None, attempts: Sequence[AttemptRow], language: Spoken
    ) -> Self:
        state = OfferState(**_state(offer, attempts)) if offer else None
        return cls(**_decision(row, language), offer=state)


class ReceiptShown(BaseModel):
    kind: str
    at: datetime
    received_at: datetime


class RedemptionShown(BaseModel):
    at: datetime
    till: str | None
    amount: float | None


class OfferStory(OfferState):
    """An offer and all that became of it."""

    title: str
    body: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    receipts: list[ReceiptShown]
    redemption: RedemptionShown | None


class DecisionStory(DecisionShown):
    """A decision and what followed from it."""

    offer: OfferStory | None


class Decisions(BaseModel):
    decisions: list[DecisionShown]
    next: Next


class VisitShown(BaseModel):
    id: str
    shopper: str | None
    device: str
    zone: str
    entered_at: datetime
    exited_at: datetime | None
    stayed_s: float | None = Field(
        description="the length of the stay, from entered_at to exited_at, in seconds; null while it lasts"
    )
    dwelled_s: float = Field(
        description="the longest dwell that a campaign waited for and got, in seconds: no measure of the stay"
    )
    late: bool = Field(description="put in its place after the fact")

    @classmethod
    def of(cls, row: VisitRow) -> Self:
        return cls(
            id=row.id,
            shopper=row.shopper_id,
            device=row.device_id,
            zone=row.zone_id,
            entered_at=row.entered_at,
            exited_at=row.exited_at,
            stayed_s=None if row.exited_at is None else (row.exited_at - row.entered_at).total_seconds(),
            dwelled_s=row.dwelled_s,
            late=row.late,
        )


class Visits(BaseModel):
    visits: list[VisitShown]
    next: Next


def why_routes(
    database: Database, guard: Guard, clock: Clock = utc_now, manners: Manners = USUAL_MANNERS
) -> APIRouter:
    """`/v1/decisions` and `/v1/visits`, with the evidence of each; and where a device is believed to be now."""
    router = APIRouter(tags=["why"], dependencies=[guard.reader])
    add_supposing(
        router, database, guard, manners, clock
    )  # before /v1/decisions/{id}, which would take "why" for one
    _add_decisions(router, database, guard)
    _add_visits(router, database, guard)
    add_evidence(router, database, guard)
    add_presence(router, database, guard, clock)
    return router


def _add_decisions(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/decisions", responses={404: {"description": "There is no such shopper"}})
    async def list_decisions(
        asked: Annotated[DecisionsAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Decisions:
        """What was decided and why, newest first; silence included."""
        async with database.reading() as connection:
            query = DecisionQuery(
                **{
                    **asked.model_dump(exclude={"cursor", "limit", "language"}),
                    "shopper": await whose(connection, asked.shopper),
                    "shops": caller.shops,
                }
            )
            sight = await Sight.of(connection, caller.shops)
            rows = await decisions.listed(connection, query, after=read_mark(asked.cursor), limit=asked.limit)
            offers = await decisions.offers_of(connection, [row.id for row in rows])
            tried = await decisions.attempts_at(connection, [offer.id for offer in offers.values()])
        more = next_after(rows, asked.limit, "decided_at", "id")
        shown = []
        for row in rows:
            offer = offers.get(row.id)
            tries = tried[offer.id] if offer else ()
            shown.append(DecisionShown.of(_of_theirs(row, sight), offer, tries, asked.language))
        return Decisions(decisions=shown, next=more)

    @router.get("/v1/decisions/{decision}", responses={404: {}})
    async def get_decision(
        decision: Id, caller: Annotated[Principal, guard.reader], language: Spoken = "en"
    ) -> DecisionStory:
        """One decision, and what became of its offer: attempts, receipts, redemption."""
        async with database.reading() as connection:
            story = await decisions.story(connection, decision)
            sight = await Sight.of(connection, caller.shops)
        return _told(replace(story, decision=_of_theirs(story.decision, sight)), language)


def _add_visits(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/visits", responses={404: {"description": "There is no such shopper"}})
    async def list_visits(
        asked: Annotated[VisitsAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Visits:
        """Visits, newest first."""
        async with database.reading() as connection:
            query = VisitQuery(
                shopper=await whose(connection, asked.shopper),
                device=asked.device,
                zone=asked.zone,
                since=asked.since,
                until=asked.until,
                is_open=asked.open,
                shops=caller.shops,
            )
            rows = await visits.listed(connection, query, after=read_mark(asked.cursor), limit=asked.limit)
        more = next_after(rows, asked.limit, "entered_at", "id")
        return Visits(visits=[VisitShown.of(row) for row in rows], next=more)

    @router.get("/v1/visits/{visit}", responses={404: {}})
    async def get_visit(visit: Id) -> VisitShown:
        """One visit."""
        async with database.reading() as connection:
            return VisitShown.of(await visits.find(connection, visit))


def _of_theirs(row: DecisionRow, sight: Sight) -> DecisionRow:
    """A decision without what it saw of shops that are not the reader's."""
    seen = {"saw": sight.of_theirs(row.saw), "reasons": sight.of_theirs(row.reasons)}
    return DecisionRow(**{**row.model_dump(), **seen})


def _decision(row: DecisionRow, language: Spoken) -> Mapping[str, Any]:
    return {
        "id": row.id,
        "verdict": row.verdict,
        "campaign": row.campaign_id,
        "campaign_version": row.campaign_version,
        "event": row.event,
        "zone": row.zone_id,
        "visit": row.visit_id,
        "device": row.device_id,
        "shopper": row.shopper_id,
        "happened_at": row.happened_at,
        "decided_at": row.decided_at,
        "variant": row.variant,
        "step": row.step,
        "due_at": row.due_at,
        "held": row.held_id,
        "reasons": [reason_in(kept, language) for kept in row.reasons],
        "saw": row.saw,
    }


def _state(offer: OutboxRow, attempts: Sequence[AttemptRow]) -> Mapping[str, Any]:
    sent = offer.outcome == "sent"
    return {
        "id": offer.id,
        "state": offer.outcome or "waiting",
        "channel": offer.channel,
        "last_why": None if sent else offer.last_why,
        "receipt": offer.last_why if sent else None,
        "attempts": [AttemptShown.of(attempt) for attempt in attempts],
    }


def _told(story: Story, language: Spoken) -> DecisionStory:
    offer = story.offer
    if offer is None:
        return DecisionStory(**_decision(story.decision, language), offer=None)
    used = story.redemption
    return DecisionStory(
        **_decision(story.decision, language),
        offer=OfferStory(
            **_state(offer, story.attempts),
            title=offer.title,
            body=offer.body,
            created_at=offer.created_at,
            due_at=offer.due_at,
            expires_at=offer.expires_at,
            settled_at=offer.settled_at,
            receipts=[ReceiptShown(kind=r.kind, at=r.at, received_at=r.received_at) for r in story.receipts],
            redemption=RedemptionShown(at=used.at, till=used.till, amount=used.amount) if used else None,
        ),
    )

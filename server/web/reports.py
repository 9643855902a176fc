"""Reports over HTTP: funnel, visits, stays, flow, footfall, lift, revenue. For any staff, analysts first, and the shop's systems.

In: days by the clocks of the shops, a campaign or a zone, and the form that is wanted (JSON, CSV, Parquet). Out: lines of counts; nobody
is named in them.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.campaigns.gate_names import gate_name
from server.campaigns.lift import CONFIDENCE, METHOD, Waiting, lift_of
from server.campaigns.offer import LONGEST_ATTRIBUTION_S, USUAL_ATTRIBUTION_S
from server.records import campaigns, reports, silences
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.reports import (
    Compared,
    Days,
    FunnelLine,
    PlaceDay,
    PlaceHour,
    Sold,
    StayLength,
    Takings,
    VisitCounts,
    Way,
)
from server.records.silences import Silence
from server.web.clock import Clock, utc_now
from server.web.fields import Language, PlaceId, Word
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.web.tabular import IN_ANY_FORM, Form, Report, form_of, written

#: Where no days are asked for: four whole weeks, so that each weekday counts as often.
USUAL_DAYS: Final = 28
#: A year and its leap day: more lines than that nobody reads, and a longer question takes several.
MOST_DAYS: Final = 366
#: The clock of a shop may be ahead of UTC by this much: its today is not to be missed.
_FURTHEST_AHEAD: Final = timedelta(hours=14)

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]

Line = TypeVar("Line", bound=BaseModel)


class ReportAsked(BaseModel):
    """Which days, by the clock of each shop, and in what form; as query parameters."""

    model_config = ConfigDict(extra="forbid")

    first_day: Day | None = Field(None, description="27 days before the last where it is not given")
    last_day: Day | None = Field(None, description="included; today where it is not given")
    format: Form | None = Field(None, description="goes before the `Accept` header")


class OfCampaign(ReportAsked):
    campaign: Word | None = None


class OfZone(ReportAsked):
    zone: PlaceId | None = None


class LiftAsked(ReportAsked):
    """Without days: all that is kept."""

    first_day: Day | None = Field(None, description="of a shopper's first exposure")
    last_day: Day | None = Field(None, description="included")
    campaign: Word | None = Field(
        None,
        description="left out: all campaigns together, against those whom none speaks to (the global hold-out)",
    )
    variant: Word | None = Field(None, description="of the campaign")
    within_days: float | None = Field(
        None,
        gt=0,
        le=LONGEST_ATTRIBUTION_S / 86_400,
        description="how long after their first exposure a shopper counts as come; where it is not given the offer's attribution window, "
        "a week for all campaigns together",
    )
    language: Language = "en"

    @model_validator(mode="after")
    def _a_variant_of_something(self) -> Self:
        if self.variant is not None and self.campaign is None:
            raise ValueError("a variant is that of a campaign: name it too")
        return self


class FunnelShown(BaseModel):
    """How far offers came. `shown`: the phone told of it in any way; `held_out` are beside `decided`, not among them."""

    campaign: str
    version: int
    variant: str | None
    step: int = Field(description="0, or which of the campaign's follow-ups")
    day: date
    decided: int
    sent: int
    shown: int
    opened: int
    claimed: int
    redeemed: int
    held_out: int

    @classmethod
    def of(cls, line: FunnelLine) -> Self:
        return cls(**line._asdict())


class VisitsShown(BaseModel):
    """Visits that began on a day. `new`: the shopper's first in this zone, of all that are kept; nobody knows it of visits without one."""

    zone: str
    day: date
    visits: int
    new: int
    returning: int
    over: int = Field(description="those that have ended: stays are of these")
    mean_stay_s: float | None
    longest_stay_s: float | None

    @classmethod
    def of(cls, place: PlaceDay, counts: VisitCounts) -> Self:
        return cls(
            zone=place.zone,
            day=place.day,
            visits=counts.visits,
            new=counts.new,
            returning=counts.returning,
            over=counts.over,
            mean_stay_s=round(counts.stayed_s / counts.over, 1) if counts.over else None,
            longest_stay_s=round(counts.longest_s, 1) if counts.over else None,
        )


class FootfallShown(BaseModel):
    """How many entered in an hour of the week: altogether, and on each such weekday of the days asked for, on average."""

    zone: str
    weekday: int = Field(description="Monday is 1, Sunday 7 (ISO 8601)")
    hour: int = Field(description="0 to 23, by the shop's clock")
    entered: int
    mean_entered: float

    @classmethod
    def of(cls, place: PlaceHour, entered: int, weekdays: int) -> Self:
        mean = round(entered / weekdays, 2)
        return cls(
            zone=place.zone, weekday=place.weekday, hour=place.hour, entered=entered, mean_entered=mean
        )


class StaysShown(BaseModel):
    """Visits that are over, by how long they were."""

    zone: str
    from_s: int
    until_s: int | None = Field(description="shorter than this; null for the longest")
    visits: int

    @classmethod
    def of(cls, length: StayLength, visits: int) -> Self:
        return cls(**length._asdict(), visits=visits)


class FlowShown(BaseModel):
    """How often somebody went from one zone straight to another beside it, within one visit to what both lie in."""

    zone: str = Field(description="the one that was left")
    next_zone: str
    went: int

    @classmethod
    def of(cls, way: Way, went: int) -> Self:
        return cls(zone=way.left, next_zone=way.entered, went=went)


class SilencesAsked(OfCampaign):
    language: Language = "en"


class SilenceShown(BaseModel):
    """How many of a campaign's decisions were of a verdict; and how many of those that sent nothing because of a gate."""

    campaign: str
    verdict: str = Field(description="send, withhold, hold or hold_out")
    gate: str | None = Field(
        description="which gate or condition spoke; null: all of this verdict. A decision with several reasons counts at each of its gates"
    )
    name: str | None = Field(description="what people call the gate, in the language asked for")
    decisions: int

    @classmethod
    def of(cls, each: Silence, decisions: int, language: str) -> Self:
        return cls(
            **each._asdict(), name=gate_name(each.gate, language) if each.gate else None, decisions=decisions
        )


class RevenueShown(BaseModel):
    """Orders credited to a campaign: one order, one credit. `net` is what was paid less what was given back."""

    campaign: str
    version: int | None = Field(description="null where the offer's own record is no longer kept")
    variant: str | None
    day: date
    currency: str | None
    orders: int
    redeemed: int = Field(
        description="of these, the offer was used in the order; the others fell into its window"
    )
    paid: float
    refunded: float
    net: float

    @classmethod
    def of(cls, sold: Sold, takings: Takings) -> Self:
        return cls(
            **sold._asdict(),
            orders=takings.orders,
            redeemed=takings.redeemed,
            paid=takings.paid_milli / 1000,
            refunded=takings.refunded_milli / 1000,
            net=(takings.paid_milli - takings.refunded_milli) / 1000,
        )


class LiftShown(BaseModel):
    """What a campaign did, or all of them together (`campaign` is null). Bounds are null where too few were exposed to conclude anything; `words` then says so."""

    campaign: str | None
    variant: str | None
    within_days: float
    treated: int
    treated_came: int
    control: int
    control_came: int
    too_early: int = Field(description="exposed so lately that they may still come: they are not counted")
    more_of_100: float | None
    low_of_100: float | None
    high_of_100: float | None
    confidence: float
    method: str
    words: str

    @classmethod
    def of(cls, asked: LiftAsked, within: timedelta, found: Compared) -> Self:
        waiting = Waiting(found.too_early, found.too_early_control, within)
        lift = lift_of(found.treated, found.control, waiting=waiting)
        bounds = lift.interval
        more, low, high = (bounds.difference, bounds.low, bounds.high) if bounds else (None, None, None)
        return cls(
            campaign=asked.campaign,
            variant=asked.variant,
            within_days=within / timedelta(days=1),
            treated=found.treated.exposed,
            treated_came=found.treated.came,
            control=found.control.exposed,
            control_came=found.control.came,
            too_early=found.too_early,
            more_of_100=_of_100(more),
            low_of_100=_of_100(low),
            high_of_100=_of_100(high),
            confidence=CONFIDENCE,
            method=METHOD,
            words=lift.words.in_language(asked.language),
        )


def report_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    """`/v1/reports/*`."""
    router = APIRouter(
        prefix="/v1/reports", tags=["reports"], dependencies=[guard.reader], responses=IN_ANY_FORM
    )
    _add_offers(router, database, guard, clock)
    _add_places(router, database, guard, clock)
    _add_stays(router, database, guard, clock)
    _add_lift(router, database, clock)
    _add_silences(router, database, guard, clock)
    return router


def _add_offers(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/funnel", response_model=Report[FunnelShown])
    async def funnel(
        request: Request, asked: Annotated[OfCampaign, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """How far offers came: decided, sent, shown, opened, claimed, redeemed; by campaign, version, variant and day."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.funnel(connection, days, campaign=asked.campaign, shops=caller.shops)
        return await _told(request, asked, "funnel", FunnelShown, [FunnelShown.of(line) for line in found])

    @router.get("/revenue", response_model=Report[RevenueShown])
    async def revenue(
        request: Request, asked: Annotated[OfCampaign, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """What was bought because of campaigns, refunds off; by campaign, version, variant, currency and day of the purchase."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.revenue(connection, days, campaign=asked.campaign, shops=caller.shops)
        lines = [RevenueShown.of(sold, takings) for sold, takings in found.items()]
        return await _told(request, asked, "revenue", RevenueShown, lines)


def _add_places(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/visits", response_model=Report[VisitsShown])
    async def visits(
        request: Request, asked: Annotated[OfZone, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """Visits and how long they were, new and returning; by zone and day."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.visits(connection, days, zone=asked.zone, shops=caller.shops)
        lines = [VisitsShown.of(place, counts) for place, counts in found.items()]
        return await _told(request, asked, "visits", VisitsShown, lines)

    @router.get("/footfall", response_model=Report[FootfallShown])
    async def footfall(
        request: Request, asked: Annotated[OfZone, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """How many entered, by zone, weekday and hour of the shop's clock."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.footfall(connection, days, zone=asked.zone, shops=caller.shops)
        lines = [
            FootfallShown.of(place, entered, _weekdays(days, place.weekday))
            for place, entered in found.items()
        ]
        return await _told(request, asked, "footfall", FootfallShown, lines)


def _add_stays(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/stays", response_model=Report[StaysShown])
    async def stays(
        request: Request, asked: Annotated[OfZone, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """How many visits were how long, by zone: a histogram of those that are over."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.stays(connection, days, zone=asked.zone, shops=caller.shops)
        lines = [StaysShown.of(length, visits) for length, visits in found.items()]
        return await _told(request, asked, "stays", StaysShown, lines)

    @router.get("/flow", response_model=Report[FlowShown])
    async def flow(
        request: Request, asked: Annotated[OfZone, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """Which zone people went to from which, within one stay; the commonest first, 1,000 at most.

        With `zone`, the ways that begin or end there, and those between the zones that lie in it.
        """
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await reports.ways(connection, days, zone=asked.zone, shops=caller.shops)
        lines = [FlowShown.of(way, went) for way, went in found.items()]
        return await _told(request, asked, "flow", FlowShown, lines)


def _add_lift(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/lift", response_model=Report[LiftShown], responses={404: {}})
    async def lift(request: Request, asked: Annotated[LiftAsked, Query()]) -> Response:
        """How many more of 100 came to the till than of the hold-out, with the bounds of a 95 % interval: of a campaign, or of all.

        A shopper came if the till told of an order of theirs. So the till has to name the shopper (a loyalty number) in all orders
        alike: one that only learns who buys from the offer's own code would find more of the treated than of the control group.
        """
        now = clock()
        is_all = asked.first_day is None and asked.last_day is None
        days = None if is_all else _days(asked, now)
        async with database.reading() as connection:
            within = await _within(connection, asked)
            if asked.campaign is None:
                found = await reports.compared_for_all(connection, within, now, days=days)
            else:
                found = await reports.compared(
                    connection, asked.campaign, within, now, days=days, variant=asked.variant
                )
        return await _told(request, asked, "lift", LiftShown, [LiftShown.of(asked, within, found)])


def _add_silences(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/silences", response_model=Report[SilenceShown])
    async def silent(
        request: Request, asked: Annotated[SilencesAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """How often each campaign spoke, and which gates kept it silent how often: a mis-set campaign at a glance."""
        days = _days(asked, clock())
        async with database.reading() as connection:
            found = await silences.silences(connection, days, campaign=asked.campaign, shops=caller.shops)
        lines = [SilenceShown.of(each, decisions, asked.language) for each, decisions in found.items()]
        return await _told(request, asked, "silences", SilenceShown, lines)


async def _told(
    request: Request, asked: ReportAsked, name: str, line: type[Line], lines: Sequence[Line]
) -> Response:
    """On a thread: many lines take a while to write, and the path goes on meanwhile."""
    return await asyncio.to_thread(written, lines, line, form_of(request, asked.format), name)


def _days(asked: ReportAsked, now: datetime) -> Days:
    """Raises Problem (422) for days in the wrong order, or too many of them."""
    last = asked.last_day or (now.astimezone(UTC) + _FURTHEST_AHEAD).date()
    first = asked.first_day or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise _unlikely(f"is after the last day, {last.isoformat()}")
    if (last - first).days >= MOST_DAYS:
        raise _unlikely(f"is more than {MOST_DAYS} days before the last day: ask for a part at a time")
    return Days(first, last)


def _unlikely(reason: str) -> Problem:
    return Problem(422, "The report cannot be made", errors=[Fault(place="query.first_day", reason=reason)])


def _weekdays(days: Days, weekday: int) -> int:
    """How often a weekday is among the days: at least once where somebody entered on it."""
    number = (days.last - days.first).days + 1
    until_then = (weekday - days.first.isoweekday()) % 7
    return max(1, (number - until_then + 6) // 7)


async def _within(connection: Connection, asked: LiftAsked) -> timedelta:
    """What was asked for, else the attribution window of the campaign's offer, else a week. Raises NotFound."""
    campaign = await campaigns.find(connection, asked.campaign) if asked.campaign else None
    if asked.within_days is not None:
        return timedelta(days=asked.within_days)
    offer = (campaign.campaign.get("offer") or {}) if campaign else {}
    return timedelta(seconds=offer.get("attribution_s", USUAL_ATTRIBUTION_S))


def _of_100(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 3)

"""How it goes just now, as reports: who is where, what happened last, how far today has come. For any staff, and the shop's systems.

In: a moment, a language. Out: lines of counts and of happenings; nobody is named in them. Screens ask for them every second, many at once:
an answer serves all who ask within a second of it, so that ten screens cost what one does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal, Self, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from server.records import now as just_now
from server.records.database import Database
from server.records.keys import Principal
from server.records.now import Crowd, Figures, Happening, Stretch
from server.records.shops import zones_elsewhere
from server.web.clock import Clock, utc_now
from server.web.guard import Guard
from server.web.shops import without
from server.web.supposing import Spoken, reason_in
from server.web.tabular import IN_ANY_FORM, Form, Report, form_of, written

#: How old an answer may be that somebody else asked for: what happens to people on foot is no faster.
_KEPT: Final = timedelta(seconds=1)
#: The figures of two days cost more, and change less.
_FIGURES_KEPT: Final = timedelta(seconds=10)
_MOST: Final = 100

Answer = TypeVar("Answer")
Line = TypeVar("Line", bound=BaseModel)


class NowAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Form | None = Field(None, description="goes before the `Accept` header")


class LatelyAsked(NowAsked):
    language: Spoken = Field("en", description="of the reasons")
    limit: int = Field(50, ge=1, le=_MOST)


class PresentShown(BaseModel):
    """How many people are in a zone; who carries two devices counts once. Whom nobody knows counts by the device."""

    zone: str
    name: str
    people: int
    as_of: datetime

    @classmethod
    def of(cls, crowd: Crowd, as_of: datetime) -> Self:
        return cls(zone=crowd.zone, name=crowd.name, people=crowd.people, as_of=as_of)


class HappeningShown(BaseModel):
    """Somebody came or went, or a campaign decided."""

    at: datetime
    kind: Literal["entered", "exited", "send", "withhold", "hold", "hold_out"]
    zone: str
    campaign: str | None
    why: str | None = Field(description="of a decision, in words; null of a visit")

    @classmethod
    def of(cls, found: Happening, language: Spoken) -> Self:
        said = [reason_in(dict(kept), language).words for kept in found.reasons]
        why = "; ".join(said) if found.campaign else None
        return cls(at=found.at, kind=found.kind, zone=found.zone, campaign=found.campaign, why=why)


class SoFarShown(BaseModel):
    """One figure of a day until `until`. Visits are those to sites, or where there are none to zones that lie in no other."""

    day: date
    until: datetime
    figure: Literal["visits", "sent", "opened", "redeemed", "revenue"]
    value: float
    currency: str | None = Field(description="of revenue, which is told by currency")
    clock: str = Field(description="by which the day began: that of most zones")


def now_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    """`/v1/reports/present`, `/lately`, `/so-far`."""
    router = APIRouter(
        prefix="/v1/reports", tags=["reports"], dependencies=[guard.reader], responses=IN_ANY_FORM
    )
    shared = _Shared(clock)

    @router.get("/present", response_model=Report[PresentShown])
    async def present(
        request: Request, asked: Annotated[NowAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """How many people are in each zone now."""

        async def counted() -> list[PresentShown]:
            as_of = clock()
            async with database.reading() as connection:
                return [
                    PresentShown.of(crowd, as_of)
                    for crowd in await just_now.present(connection, caller.shops)
                ]

        lines = await shared.answer(("present", caller.shops), _KEPT, counted)
        return written(lines, PresentShown, form_of(request, asked.format), "present")

    @router.get("/lately", response_model=Report[HappeningShown])
    async def lately(
        request: Request, asked: Annotated[LatelyAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """What happened last, the newest first: visits that began or ended, decisions with their reasons. Of visits those that began last."""

        async def looked_up() -> list[HappeningShown]:
            async with database.reading() as connection:
                found = await just_now.lately(connection, asked.limit, caller.shops)
                others = await zones_elsewhere(connection, caller.shops)
            return [
                HappeningShown.of(each._replace(reasons=without(each.reasons, others)), asked.language)
                for each in found
            ]

        lines = await shared.answer(("lately", asked.language, asked.limit, caller.shops), _KEPT, looked_up)
        return written(lines, HappeningShown, form_of(request, asked.format), "lately")

    @router.get("/so-far", response_model=Report[SoFarShown])
    async def so_far(
        request: Request, asked: Annotated[NowAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """Today until now, and the same weekday a week before until the same hour: visits, offers sent, opened and redeemed, revenue."""

        async def counted() -> list[SoFarShown]:
            async with database.reading() as connection:
                name, *days = await just_now.stretches(connection, clock(), caller.shops)
                found = [(day, await just_now.figures(connection, day, caller.shops)) for day in days]
            return [line for day, figures in found for line in _lines(day, figures, name)]

        lines = await shared.answer(("so-far", caller.shops), _FIGURES_KEPT, counted)
        return written(lines, SoFarShown, form_of(request, asked.format), "so-far")

    return router


def _lines(stretch: Stretch, figures: Figures, clock: str) -> list[SoFarShown]:
    def line(figure: str, value: float, currency: str | None = None) -> SoFarShown:
        return SoFarShown(
            day=stretch.day,
            until=stretch.until,
            figure=figure,
            value=value,
            currency=currency,
            clock=clock,
        )

    counts = (line(name, getattr(figures, name)) for name in ("visits", "sent", "opened", "redeemed"))
    taken = (line("revenue", milli / 1000, currency) for currency, milli in figures.revenue.items())
    return [*counts, *taken]


class _Shared:
    """Answers that serve everybody who asks soon after; whoever asks meanwhile waits for the same one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[Hashable, tuple[datetime, object]] = {}
        self._turns: dict[Hashable, asyncio.Lock] = {}

    async def answer(self, name: Hashable, kept: timedelta, make: Callable[[], Awaitable[Answer]]) -> Answer:
        async with self._turns.setdefault(name, asyncio.Lock()):
            at, known = self._known.get(name, (None, None))
            if at is None or not timedelta(0) <= self._clock() - at < kept:
                at, known = self._clock(), await make()
                self._known[name] = (at, known)
            return known  # type: ignore[return-value]

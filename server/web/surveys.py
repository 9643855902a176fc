"""Site surveys over HTTP: a walk with a fob is learned from, kept as a draft with what it would gain, put to use, and taken back.

In: packets with the place of each. Out: surveys by id; their figures; for one, its spots. A body is taken whole or not at all.
Learning takes a core for seconds: one walk at a time, beside the path, and who comes meanwhile is asked to come again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

import numpy as np
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.presence.surveying import Figures, Learned, NothingLearned, learn
from server.records import anchors, floor_plans, surveys, zones
from server.records.database import Database
from server.records.keys import Principal
from server.records.surveys import Kept, State
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Given, Id, Name, PlaceId
from server.web.floor_plans import Metres
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.web.shops import refuse_named_elsewhere
from server.zones.survey import Labelled, Spot

#: An hour's walk among a dozen anchors; a body has about as much room. A longer one goes through `soglia survey learn`.
MOST_PACKETS = 50_000

#: What Bluetooth can report (Core 5.4, vol 4, part E, 7.7.65.2); 127 means unknown.
Rssi = Annotated[float, Field(ge=-126, le=20, allow_inf_nan=False)]
EpochSeconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Packet = tuple[EpochSeconds, PlaceId, Rssi, Metres, Metres]


class WalkGiven(Given):
    """A walk on one floor plan: what its anchors heard of one fob, and where the fob was."""

    plan: PlaceId
    source: Name = Field("a walk", description="who walked, and when: for whoever looks at it later")
    packets: list[Packet] = Field(
        min_length=1,
        max_length=MOST_PACKETS,
        description="[at, anchor, rssi, x, y] each: UTC epoch seconds, the anchor's id, dBm, metres on the plan",
        examples=[[[1781092800.25, "an_door", -64, 4.5, 2.0]]],
    )

    def value(self) -> Labelled:
        at, anchor, rssi, x_m, y_m = zip(*self.packets, strict=True)
        return Labelled(np.array(at), np.array(x_m), np.array(y_m), anchor, np.array(rssi))


class PlanNamed(Given):
    plan: PlaceId


class SurveyShown(BaseModel):
    """A survey but for its spots. `figures` tell what it stands on and, tried where it was not taught, what it would gain."""

    id: str
    plan: str
    version: int
    made_at: datetime
    made_by: str
    source: str
    state: State
    used_at: datetime | None
    figures: Figures

    @classmethod
    def of(cls, kept: Kept) -> Self:
        return cls.model_validate(asdict(kept))


class StrengthShown(BaseModel):
    mean_dbm: float
    sd_db: float
    packets: int


class SpotShown(BaseModel):
    """One place of a walk, and how strong each anchor heard there."""

    x_m: float
    y_m: float
    seconds: float
    heard: dict[str, StrengthShown]


class SurveyWithSpots(SurveyShown):
    spots: list[SpotShown]

    @classmethod
    def whole(cls, kept: Kept, spots: Sequence[Spot]) -> Self:
        return cls.model_validate({**asdict(kept), "spots": [asdict(spot) for spot in spots]})


class Surveys(BaseModel):
    surveys: list[SurveyShown]
    next: Next


class Reverted(BaseModel):
    in_use: SurveyShown | None = Field(description="the version that counts now; null where distances do")


def survey_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/surveys`."""
    router = APIRouter(tags=["zones"])
    _add_reading(router, database, guard)
    _add_choosing(router, guard, edits, clock)
    one_at_a_time = asyncio.Lock()

    @router.post(
        "/v1/surveys",
        status_code=201,
        response_model=SurveyShown,
        responses={404: {}, 503: {"description": "Another walk is being learned from"}},
    )
    async def learn_from_walk(body: WalkGiven, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Learns from a walk, and keeps it as a draft: nothing changes until it is put to use."""
        if one_at_a_time.locked():
            # Nobody waits in line: each has megabytes of packets in hand.
            raise Problem(
                503, None, "Another walk is being learned from: try again.", headers={"Retry-After": "10"}
            )
        async with database.reading() as connection:
            await refuse_named_elsewhere(connection, asked.caller.shops, [("plan", body.plan)])
        async with one_at_a_time:
            learned = await _learned(database, body)

        async def added() -> SurveyShown:
            kept = await surveys.add(
                connection,
                learned.survey,
                asdict(learned.figures),
                made_by=asked.caller.owner or asked.caller.key,
                source=body.source,
                now=clock(),
            )
            return SurveyShown.of(kept)

        async with database.writing() as connection:
            return await asked.once(connection, 201, added)

    return router


def _add_choosing(router: APIRouter, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.post("/v1/surveys/{survey}/use", response_model=SurveyShown, responses={404: {}})
    async def use(survey: Id, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Puts a survey to use, in the place of any other of its floor plan."""

        async def used() -> SurveyShown:
            return SurveyShown.of(await surveys.use(connection, survey, clock()))

        async with edits.of("zones") as connection:
            return await asked.once(connection, 200, used)

    @router.post("/v1/surveys/revert", response_model=Reverted, responses={404: {}})
    async def revert(body: PlanNamed, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Goes back to the version of a floor plan's survey that was in use before, or to none."""

        async def reverted() -> Reverted:
            await refuse_named_elsewhere(connection, asked.caller.shops, [("plan", body.plan)])
            before = await surveys.revert(connection, body.plan, clock())
            return Reverted(in_use=SurveyShown.of(before) if before else None)

        async with edits.of("zones") as connection:
            return await asked.once(connection, 200, reverted)


def _add_reading(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/surveys")
    async def list_surveys(
        caller: Annotated[Principal, guard.reader],
        plan: PlaceId | None = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Surveys:
        """Surveys by id, of one floor plan or of all."""
        async with database.reading() as connection:
            found = await surveys.listed(
                connection, plan=plan, shops=caller.shops, after=read_id(cursor), limit=limit
            )
        return Surveys(surveys=[SurveyShown.of(kept) for kept in found], next=next_after(found, limit))

    @router.get("/v1/surveys/{survey}", dependencies=[guard.reader], responses={404: {}})
    async def get_survey(survey: Id) -> SurveyWithSpots:
        """One survey, spot by spot."""
        async with database.reading() as connection:
            kept = await surveys.find(connection, survey)
            return SurveyWithSpots.whole(kept, (await surveys.read(connection, survey)).spots)


async def _learned(database: Database, body: WalkGiven) -> Learned:
    """Raises Problem (422) where the walk tells nothing of the plan, NotFound where there is no such plan."""
    async with database.reading() as connection:
        plan = await floor_plans.find(connection, body.plan)
        all_zones, all_anchors = await zones.load(connection), await anchors.load(connection)
    try:
        return await asyncio.to_thread(learn, body.value(), plan, all_zones, all_anchors)
    except NothingLearned as nothing:
        reason = str(nothing)
        raise Problem(
            422, "Nothing can be learned", reason, errors=[Fault(place="body.packets", reason=reason)]
        ) from None

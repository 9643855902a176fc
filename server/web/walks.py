"""A walk for a site survey, as it happens: what the gateways hear of one fob while somebody carries it through the shop.

In: a floor plan and the beacon id of a fob that is nobody's, or a tester's own. Out: what was heard so far, packet by packet; whoever walks adds
where they stood, and posts both to `/v1/surveys`. Kept in memory by the process that was asked, until the walk is ended or two hours
have passed.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from server.bus.walks import MOST_HEARD, TooManyWalks, Walk, Walks
from server.records import floor_plans
from server.records.database import Database
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.walking import may_walk
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.fields import BeaconId, Given, Id, PlaceId
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.web.shops import refuse_named_elsewhere


class WalkBegun(Given):
    plan: PlaceId
    beacon: BeaconId = Field(description="of the fob that is carried: nobody's, or a tester's own")


class WalkShown(BaseModel):
    id: str
    plan: str
    beacon: str
    begun_at: datetime
    ends_at: datetime = Field(description="when it ends by itself")

    @classmethod
    def of(cls, walk: Walk) -> Self:
        return cls(
            id=walk.id, plan=walk.plan, beacon=walk.beacon, begun_at=walk.begun_at, ends_at=walk.ends_at
        )


class WalkHeard(WalkShown):
    heard: list[tuple[float, str, float]] = Field(
        description="[at, anchor, rssi] each, from the asked one on: UTC epoch seconds, the anchor's id, dBm"
    )
    next: int = Field(description="what to ask from next time")

    @classmethod
    def since(cls, walk: Walk, first: int) -> Self:
        shown = WalkShown.of(walk).model_dump()
        return cls(**shown, heard=walk.heard[first:], next=max(first, len(walk.heard)))


def walk_routes(database: Database, guard: Guard, walks: Walks, clock: Clock = utc_now) -> APIRouter:
    """`/v1/surveys/walks`."""
    router = APIRouter(tags=["zones"])

    @router.post(
        "/v1/surveys/walks",
        status_code=201,
        response_model=WalkShown,
        responses={404: {}, 409: {"description": "The fob is a shopper's"}, 503: {}},
    )
    async def begin(body: WalkBegun, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Begins a walk: from now on it is remembered who hears this fob. A walk with the same fob that was under way ends."""

        async def begun() -> WalkShown:
            await refuse_named_elsewhere(connection, asked.caller.shops, [("plan", body.plan)])
            await floor_plans.find(connection, body.plan)
            if not await may_walk(connection, body.beacon):
                reason = "this beacon is a shopper's or is fixed to a place: take a fob that is nobody's, or a tester's own"
                raise Problem(
                    409,
                    "Nobody may walk with this fob",
                    reason,
                    errors=[Fault(place="body.beacon", reason=reason)],
                )
            try:
                return WalkShown.of(walks.begin(body.plan, body.beacon, clock()))
            except TooManyWalks as many:
                raise Problem(503, None, f"{many}: end one first.", headers={"Retry-After": "60"}) from None

        async with database.writing() as connection:
            return await asked.once(connection, 201, begun)

    @router.get("/v1/surveys/walks/{walk}", responses={404: {}})
    async def look(
        walk: Id,
        caller: Annotated[Principal, guard.manager],
        since: Annotated[int, Query(ge=0, le=MOST_HEARD)] = 0,
    ) -> WalkHeard:
        """What was heard of the fob, from packet `since` on."""
        return WalkHeard.since(await _under_way(walk, caller), since)

    @router.delete("/v1/surveys/walks/{walk}", status_code=204, responses={404: {}})
    async def end(walk: Id, caller: Annotated[Principal, guard.manager]) -> None:
        """Ends a walk, and forgets what was heard."""
        walks.end((await _under_way(walk, caller)).id)

    async def _under_way(walk: str, caller: Principal) -> Walk:
        found = walks.find(walk, clock())
        if found is None:
            raise NotFound(f"no walk {walk} is under way here: it was ended, or two hours have passed")
        async with database.reading() as connection:
            await refuse_named_elsewhere(connection, caller.shops, [("plan", found.plan)])
        return found

    return router

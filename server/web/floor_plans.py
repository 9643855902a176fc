"""Floor plans over HTTP: one floor of a site each, in metres from its lower left corner (x right, y up).

In: width, height and walls as polylines; the picture that it was drawn after. Out: the same. Zones and anchors name a plan to lie on it.
"""

import hashlib
from typing import Annotated, Literal, Self, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.presence.surveying import off_plan
from server.records import floor_plans, references, surveys, zones
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.rows import Change
from server.records.shops import Shops
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.etag import etag_of, has_it_already, refuse_lost_update
from server.web.fields import Given, Name, PlaceId
from server.web.guard import Guard
from server.web.picture import SAFELY, BadPicture, Kind, read_picture
from server.web.problem import Fault, Problem
from server.web.shops import refuse_placed_elsewhere
from server.zones import FloorPlan
from server.zones.off_plan import check_on_plan

#: A fairground; beyond it, millimetres were sent for metres.
MOST_M = 10_000.0
#: A department store has some hundreds. Each straight piece is looked at from each cell to each anchor: with 100 anchors 10,000 pieces
#: cost some seconds.
MOST_WALLS, MOST_PIECES = 2_000, 10_000

Metres = Annotated[float, Field(ge=-MOST_M, le=MOST_M, allow_inf_nan=False)]
Extent = Annotated[float, Field(gt=0, le=MOST_M, allow_inf_nan=False)]
Wall = Annotated[list[tuple[Metres, Metres]], Field(min_length=2, max_length=10_000)]


class PlanGiven(Given):
    """A floor plan. Walls are polylines of [x, y] in metres."""

    name: Name
    site: PlaceId | None = None
    width_m: Extent
    height_m: Extent
    walls: list[Wall] = Field(default=[], max_length=MOST_WALLS)

    @model_validator(mode="after")
    def _has_few_enough_pieces(self) -> Self:
        pieces = sum(len(wall) - 1 for wall in self.walls)
        if pieces > MOST_PIECES:
            raise ValueError(
                f"the walls have {pieces:,} straight pieces together, and {MOST_PIECES:,} are the most: simplify them"
            )
        return self

    @model_validator(mode="after")
    def _has_its_walls_on_it(self) -> Self:
        for index, wall in enumerate(self.walls):
            # A metre beyond is a thick outer wall or a porch; more is another unit, or another plan.
            if any(not (-1 <= x <= self.width_m + 1 and -1 <= y <= self.height_m + 1) for x, y in wall):
                raise ValueError(
                    f"walls[{index}] leaves the plan, which is {self.width_m} m by {self.height_m} m"
                )
        return self

    def value(self, plan: str) -> FloorPlan:
        walls = tuple(tuple((x, y) for x, y in wall) for wall in self.walls)
        return FloorPlan(plan, self.name, self.site, self.width_m, self.height_m, walls)


class PlanShown(BaseModel):
    """A floor plan as it is kept."""

    id: str
    name: str
    site: str | None
    width_m: float
    height_m: float
    walls: list[list[tuple[float, float]]]

    @classmethod
    def of(cls, plan: FloorPlan) -> Self:
        return cls(
            id=plan.id,
            name=plan.name,
            site=plan.site,
            width_m=plan.width_m,
            height_m=plan.height_m,
            walls=[list(wall) for wall in plan.walls],
        )


class Plans(BaseModel):
    floor_plans: list[PlanShown]
    next: Next


class PlanPicture(BaseModel):
    """A picture as it was taken. It covers the whole plan, edge to edge."""

    kind: Literal["image/png", "image/svg+xml"]
    width_px: float
    height_px: float


class PlanChange(BaseModel):
    """What became of a floor plan."""

    id: str
    change: Change
    warnings: list[Fault] = Field(description="what is odd and was taken as it is")


def floor_plan_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/floor-plans`."""
    router = APIRouter(tags=["zones"])
    _add_reading(router, database, guard)

    @router.put("/v1/floor-plans/{plan}", responses={404: {}, 412: {}})
    async def put_plan(
        plan: PlaceId, body: PlanGiven, request: Request, caller: Annotated[Principal, guard.manager]
    ) -> PlanChange:
        """Creates or changes a floor plan. With `If-Match`, only the version that it names."""
        warnings = await _oddities(database, body.value(plan), caller.shops)
        async with edits.of("zones") as connection:
            await refuse_placed_elsewhere(connection, caller.shops, body.site)
            await _refuse_lost_update(connection, request, plan)
            await refuse_unknown_site(connection, body.site)
            change = await floor_plans.put(connection, body.value(plan), clock())
            return PlanChange(id=plan, change=change, warnings=warnings)

    @router.delete(
        "/v1/floor-plans/{plan}",
        status_code=204,
        dependencies=[guard.manager],
        responses={404: {}, 409: {"description": "Zones or anchors lie on the plan"}, 412: {}},
    )
    async def remove_plan(plan: PlaceId, request: Request) -> None:
        """Removes a floor plan on which nothing lies any more."""
        async with edits.of("zones") as connection:
            await _refuse_lost_update(connection, request, plan)
            await floor_plans.remove(connection, plan)

    _add_pictures(router, database, guard)
    return router


def _add_pictures(router: APIRouter, database: Database, guard: Guard) -> None:
    drawn = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in get_args(Kind)}

    @router.put(
        "/v1/floor-plans/{plan}/picture",
        dependencies=[guard.manager],
        responses={404: {}, 422: {"description": "It is no picture that can be kept"}},
        openapi_extra={"requestBody": {"required": True, "content": drawn}},
    )
    async def put_picture(plan: PlaceId, request: Request) -> PlanPicture:
        """Keeps the picture that lies under a plan: PNG or SVG, of at most 4 MiB and as much as any body may have."""
        content = await request.body()
        try:
            picture = read_picture(content)
        except BadPicture as bad:
            fault = Fault(place="body", reason=str(bad))
            raise Problem(422, "The picture cannot be taken", f"{bad}.", errors=[fault]) from None
        async with database.writing() as connection:
            await floor_plans.put_picture(connection, plan, picture.kind, content)
        return PlanPicture(kind=picture.kind, width_px=picture.width_px, height_px=picture.height_px)

    @router.delete(
        "/v1/floor-plans/{plan}/picture",
        status_code=204,
        dependencies=[guard.manager],
        responses={404: {}},
    )
    async def remove_picture(plan: PlaceId) -> None:
        """Takes the picture away from under a plan."""
        async with database.writing() as connection:
            await floor_plans.put_picture(connection, plan, "", None)

    @router.get(
        "/v1/floor-plans/{plan}/picture",
        dependencies=[guard.reader],
        response_class=Response,
        responses={200: {"content": drawn}, 304: {"description": "It has not changed"}, 404: {}},
    )
    async def get_picture(plan: PlaceId, request: Request) -> Response:
        """The picture as it was given."""
        async with database.reading() as connection:
            kind, content = await floor_plans.picture(connection, plan)
        etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return Response(content, media_type=kind, headers={**SAFELY, "ETag": etag})


def _add_reading(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/floor-plans")
    async def list_plans(
        caller: Annotated[Principal, guard.reader], limit: Limit = 100, cursor: Cursor = None
    ) -> Plans:
        """Floor plans by id."""
        async with database.reading() as connection:
            plans = await floor_plans.listed(
                connection, shops=caller.shops, after=read_id(cursor), limit=limit
            )
        return Plans(floor_plans=[PlanShown.of(plan) for plan in plans], next=next_after(plans, limit))

    @router.get(
        "/v1/floor-plans/{plan}",
        dependencies=[guard.reader],
        response_model=PlanShown,
        responses={304: {"description": "It has not changed"}, 404: {}},
    )
    async def get_plan(plan: PlaceId, request: Request) -> Response:
        """One floor plan."""
        async with database.reading() as connection:
            shown = PlanShown.of(await floor_plans.find(connection, plan)).model_dump(mode="json")
        etag = etag_of(shown)
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse(shown, headers={"ETag": etag})


async def refuse_unknown_site(connection: Connection, site: str | None, place: str = "body.site") -> None:
    """Raises Problem (422) where the site is no zone that is kept."""
    if site is not None and await references.unknown(connection, "zones", [site]):
        reason = f"there is no zone {site!r}"
        raise Problem(422, "The site is not known", reason, errors=[Fault(place=place, reason=reason)])


async def _oddities(database: Database, plan: FloorPlan, shops: Shops) -> list[Fault]:
    """What was drawn or walked on the plan as it was before, and does not lie on it any more."""
    async with database.reading() as connection:
        used = await surveys.used_on(connection, plan.id)
        found = check_on_plan(await zones.load(connection, shops), {plan.id: plan})
    faults = [Fault(place=place, reason=reason) for place, reason in (*found.complaints, *found.warnings)]
    if used and (off := off_plan(used[1], plan)):
        kept, survey = used
        reason = (
            f"{off:,} of the {len(survey.spots):,} spots of survey {kept.id}, which is in use, lie off the plan as it is now: "
            "walk it again, or take the survey back"
        )
        faults.append(Fault(place="body", reason=reason))
    return faults


async def _refuse_lost_update(connection: Connection, request: Request, plan: str) -> None:
    if "If-Match" in request.headers:
        shown = PlanShown.of(await floor_plans.find(connection, plan)).model_dump(mode="json")
        refuse_lost_update(request, etag_of(shown))

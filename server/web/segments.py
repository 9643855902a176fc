"""Named segments over HTTP: who is meant, said once for many campaigns, and how many that are now.

In: a segment's document (`server/campaigns/segment_rule.py`). Out: the same; a live count, and the ids of some who belong for those of
the staff who may see shoppers.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, Field

from server.campaigns.campaign import Id
from server.campaigns.reading import BadSegment, read_segment
from server.campaigns.segment_rule import NamedSegment, SegmentRule
from server.records import segments
from server.records.database import Database
from server.records.keys import Principal
from server.records.rows import Change
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.guard import Guard
from server.web.plain import refuse_unkeepable
from server.web.problem import Fault, Problem
from server.web.shown import ShownAs

SegmentPath = Annotated[Id, Path()]
Document = Annotated[
    dict[str, Any],
    ShownAs(NamedSegment, may_lack="id"),
    Body(
        description="A segment's document.",
        examples=[
            {
                "id": "regulars",
                "name": "Regulars",
                "conditions": [{"kind": "was_in_zone", "zone": "brera", "at_least": 3}],
            }
        ],
    ),
]

Unkept = Annotated[
    dict[str, Any],
    ShownAs(SegmentRule),
    Body(
        description="The conditions of a segment.",
        examples=[{"conditions": [{"kind": "segment", "has_tags": ["gold"]}]}],
    ),
]

#: What a segment is called that nobody keeps.
_UNKEPT = "unkept"

#: More are a list, not a look at whom it would reach.
MOST_SHOWN = 100


class SegmentKept(BaseModel):
    id: str
    change: Change


class Segments(BaseModel):
    segments: list[dict[str, Any]]
    next: Next


class SegmentCount(BaseModel):
    """How many belong now, of all shoppers that we know; with the ids of some where they were asked for."""

    belong: int
    shoppers: int
    preview: list[str] = Field(description="ids of shoppers; empty unless asked for")


def segment_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/segments`."""
    router = APIRouter(tags=["campaigns"])

    @router.get("/v1/segments", dependencies=[guard.reader])
    async def list_segments(cursor: Cursor = None, limit: Limit = 100) -> Segments:
        """Segments by id."""
        async with database.reading() as connection:
            rows = await segments.listed(connection, after=read_id(cursor), limit=limit)
        return Segments(segments=[row.rule for row in rows], next=next_after(rows, limit))

    @router.get("/v1/segments/{segment}", dependencies=[guard.reader], responses={404: {}})
    async def get_segment(segment: SegmentPath) -> dict[str, Any]:
        """One segment's document."""
        async with database.reading() as connection:
            return (await segments.find(connection, segment)).rule

    @router.put("/v1/segments/{segment}", dependencies=[guard.marketer])
    async def put(segment: SegmentPath, body: Document) -> SegmentKept:
        """Creates or changes a segment. Campaigns that name it ask for what it says from now on."""
        given = _read(segment, body)
        async with edits.of("campaigns") as connection:
            change, row = await segments.put(connection, given, clock())
        return SegmentKept(id=row.id, change=change)

    @router.delete(
        "/v1/segments/{segment}",
        status_code=204,
        dependencies=[guard.marketer],
        responses={404: {}, 409: {"description": "A campaign that has not ended names it"}},
    )
    async def remove(segment: SegmentPath) -> None:
        """Removes a segment that no campaign names any more."""
        async with edits.of("campaigns") as connection:
            await segments.remove(connection, segment)

    @router.post("/v1/segments/count", dependencies=[guard.marketer])
    async def count_unkept(body: Unkept) -> SegmentCount:
        """How many would belong to a segment that is not kept (yet): for whoever is writing one. Nothing is changed."""
        given = _read(_UNKEPT, {"name": _UNKEPT, **body})
        async with database.reading() as connection:
            counted = await segments.count(connection, given, clock())
        return SegmentCount(belong=counted.belong, shoppers=counted.shoppers, preview=[])

    @router.get("/v1/segments/{segment}/count", responses={404: {}})
    async def count(
        segment: SegmentPath,
        caller: Annotated[Principal, guard.reader],
        preview: Annotated[int, Query(ge=0, le=MOST_SHOWN)] = 0,
    ) -> SegmentCount:
        """How many belong now; and who, for all but analysts."""
        if preview and caller.role == "analyst":
            raise Problem(
                403, None, "Analysts count shoppers and do not see who they are: leave out `preview`."
            )
        async with database.reading() as connection:
            kept = read_segment((await segments.find(connection, segment)).rule)
            counted = await segments.count(connection, kept, clock(), show=preview)
        return SegmentCount(belong=counted.belong, shoppers=counted.shoppers, preview=list(counted.some))

    return router


def _read(segment: str, body: dict[str, Any]) -> NamedSegment:
    refuse_unkeepable(body)
    if body.get("id", segment) != segment:
        raise _refused([Fault(place="body.id", reason=f"is not the id in the address, {segment!r}")])
    try:
        return read_segment({**body, "id": segment})
    except BadSegment as bad:
        raise _refused(
            [Fault(place=f"body.{found.place}".rstrip("."), reason=found.reason) for found in bad.faults]
        ) from None


def _refused(faults: list[Fault]) -> Problem:
    return Problem(422, "The segment cannot be taken", "See errors. Nothing was changed.", errors=faults)

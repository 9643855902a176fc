"""Anchors over HTTP: gateways' ears and fixed beacons, by the owner's own ids, many at once.

In: where each stands, and the id text of the beacon that one may be. Out: the same; of a change, what became of each. A body is
taken whole or not at all.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from server.records import anchors, references
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.rows import Change
from server.records.tables import AnchorRow
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import BeaconId, Given, Name, PlaceId
from server.web.floor_plans import Metres
from server.web.guard import Guard
from server.web.problem import Fault, Problem
from server.web.shops import refuse_named_elsewhere, refuse_placed_elsewhere
from server.zones import Anchor

#: What any radio hears at a metre lies between these; outside of them a sign or a unit is wrong.
Dbm = Annotated[float, Field(ge=-120, le=20, allow_inf_nan=False)]


class AnchorPlaced(Given):
    """Where an anchor stands and how well it hears: all but its id."""

    name: Name
    site: PlaceId | None = None
    plan: PlaceId | None = Field(None, description="the floor plan that x_m and y_m are on")
    x_m: Metres | None = None
    y_m: Metres | None = None
    z_m: Annotated[float, Field(ge=-10, le=100, allow_inf_nan=False)] | None = Field(
        None, description="metres above the plan's floor"
    )
    reference_dbm_at_1m: Dbm | None = Field(None, description="where it was measured")
    bias_db: Annotated[float, Field(ge=-60, le=60, allow_inf_nan=False)] = Field(
        0.0, description="added to what it hears, to make it comparable with the others"
    )
    beacon: BeaconId | None = Field(None, description="the id text that phones hear of it")

    @model_validator(mode="after")
    def _has_a_whole_position(self) -> Self:
        if (self.x_m is None) != (self.y_m is None):
            raise ValueError("x_m and y_m go together")
        if self.x_m is not None and self.plan is None:
            raise ValueError("a position needs the plan that it is on")
        return self

    def value(self, anchor: str) -> anchors.Given:
        fields = self.model_dump(exclude={"id", "beacon"})
        return anchors.Given(Anchor(id=anchor, **fields), self.beacon)


class AnchorGiven(AnchorPlaced):
    """An anchor with the owner's own id."""

    id: PlaceId


class AnchorsGiven(Given):
    anchors: list[AnchorGiven] = Field(min_length=1, max_length=10_000)


class AnchorShown(BaseModel):
    """An anchor as it is kept."""

    id: str
    name: str
    site: str | None
    plan: str | None
    x_m: float | None
    y_m: float | None
    z_m: float | None
    reference_dbm_at_1m: float | None
    bias_db: float
    beacon: str | None

    @classmethod
    def of(cls, row: AnchorRow) -> Self:
        value = anchors.value_of(row)
        return cls(
            beacon=row.beacon, **{name: getattr(value, name) for name in cls.model_fields if name != "beacon"}
        )


class Anchors(BaseModel):
    anchors: list[AnchorShown]
    next: Next


class AnchorChange(BaseModel):
    id: str
    change: Change


class AnchorChanges(BaseModel):
    anchors: list[AnchorChange]


def anchor_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/anchors`."""
    router = APIRouter(tags=["anchors and gateways"])
    _add_reading(router, database, guard)

    @router.put(
        "/v1/anchors",
        responses={409: {"description": "A beacon belongs elsewhere"}},
    )
    async def put_anchors(body: AnchorsGiven, caller: Annotated[Principal, guard.manager]) -> AnchorChanges:
        """Creates and changes anchors by their own ids; those that the body does not name stay as they are."""
        _refuse_double(body.anchors)
        async with edits.of("anchors") as connection:
            await refuse_named_elsewhere(
                connection, caller.shops, (("anchor", each.id) for each in body.anchors)
            )
            for each in body.anchors:
                await refuse_placed_elsewhere(connection, caller.shops, each.site, each.plan)
            await refuse_unplaced(
                connection, body.anchors, [f"body.anchors[{i}]" for i in range(len(body.anchors))]
            )
            changes = await anchors.put(connection, [each.value(each.id) for each in body.anchors], clock())
        return AnchorChanges(
            anchors=[AnchorChange(id=anchor, change=change) for anchor, change in changes.items()]
        )

    @router.put("/v1/anchors/{anchor}", responses={409: {}})
    async def put_anchor(
        anchor: PlaceId, body: AnchorPlaced, caller: Annotated[Principal, guard.manager]
    ) -> AnchorChange:
        """Creates or changes one anchor."""
        async with edits.of("anchors") as connection:
            await refuse_placed_elsewhere(connection, caller.shops, body.site, body.plan)
            await refuse_unplaced(connection, [body], ["body"])
            changes = await anchors.put(connection, [body.value(anchor)], clock())
        return AnchorChange(id=anchor, change=changes[anchor])

    @router.delete(
        "/v1/anchors/{anchor}",
        status_code=204,
        dependencies=[guard.manager],
        responses={404: {}, 409: {"description": "Zones or a gateway still name the anchor"}},
    )
    async def remove_anchor(anchor: PlaceId) -> None:
        """Removes an anchor that nothing names any more."""
        async with edits.of("anchors") as connection:
            await anchors.remove(connection, anchor)

    return router


def _add_reading(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/anchors")
    async def list_anchors(
        caller: Annotated[Principal, guard.reader], limit: Limit = 100, cursor: Cursor = None
    ) -> Anchors:
        """Anchors by id."""
        async with database.reading() as connection:
            rows = await anchors.listed(connection, shops=caller.shops, after=read_id(cursor), limit=limit)
        return Anchors(anchors=[AnchorShown.of(row) for row in rows], next=next_after(rows, limit))

    @router.get("/v1/anchors/{anchor}", dependencies=[guard.reader], responses={404: {}})
    async def get_anchor(anchor: PlaceId) -> AnchorShown:
        """One anchor."""
        async with database.reading() as connection:
            return AnchorShown.of(await anchors.find(connection, anchor))


async def refuse_unplaced(
    connection: Connection, given: Sequence[AnchorPlaced], places: Sequence[str]
) -> None:
    """Raises Problem (422) where an anchor names a site or a floor plan that is not there."""
    no_sites = await references.unknown(connection, "zones", [a.site for a in given if a.site])
    no_plans = await references.unknown(connection, "floor_plans", [a.plan for a in given if a.plan])
    faults = [
        Fault(place=f"{place}.{key}", reason=f"there is no {what} {name!r}")
        for each, place in zip(given, places, strict=True)
        for key, what, name, missing in (
            ("site", "zone", each.site, no_sites),
            ("plan", "floor plan", each.plan, no_plans),
        )
        if name in missing
    ]
    if faults:
        raise Problem(
            422,
            "The anchors cannot be placed",
            "They name what is not there. Nothing was changed.",
            errors=faults,
        )


def _refuse_double(given: Sequence[AnchorGiven]) -> None:
    times = Counter(each.id for each in given)
    faults = [
        Fault(place=f"body.anchors[{index}].id", reason=f"there is another anchor {each.id!r} in the body")
        for index, each in enumerate(given)
        if times[each.id] > 1
    ]
    if faults:
        raise Problem(422, "Anchors are given twice", "Each anchor may stand in a body once.", errors=faults)

"""Zones over HTTP: GeoJSON in and out, by their owner's own ids; and for phones the geofences nearest to them.

In: a FeatureCollection or a Feature (`server/zones/geojson.py` says what a zone may be). Out: the same; of a change, what became of
each feature, what was mended in it and what is odd about it. A body is taken whole or not at all: with any fault
nothing changes, and every fault is told with its place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from server.records import floor_plans, references, zones
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.rows import Change
from server.records.shops import Shops
from server.records.zones import Given
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, next_after, read_id
from server.web.edits import Edits
from server.web.etag import etag_of, has_it_already, refuse_lost_update
from server.web.fields import PlaceId
from server.web.guard import Guard
from server.web.plain import refuse_unkeepable
from server.web.problem import Fault, Problem
from server.web.shops import refuse_named_elsewhere, refuse_own_site, refuse_zones_elsewhere
from server.web.shown import ShownAs
from server.web.zone_form import ZoneCollection, ZoneFeature
from server.zones import (
    AnchorSet,
    Disc,
    Nesting,
    Reading,
    Remark,
    Zone,
    ZonesComplaint,
    check_nesting,
    check_order,
    read_zones,
)
from server.zones.geojson import MOST_FEATURES
from server.zones.off_plan import check_on_plan
from server.zones.zone import FloorPlan, FloorShape

#: Every time that others changed zones while a body was looked at, it is looked at again; so often, and then never mind.
_LOOKS = 5

#: How a place begins that is not in the body, but in a zone that is kept.
_OF_A_KEPT_ZONE = "zone "

#: The one id that a zone cannot have, since a door stands at its address.
_DOOR = "nearby"

GeoJson = Annotated[
    dict[str, Any],
    ShownAs(ZoneCollection | ZoneFeature),
    Body(
        media_type="application/json",
        description="A GeoJSON FeatureCollection, or one Feature (RFC 7946).",
        examples=[
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "geometry": {"type": "Point", "coordinates": [9.1895, 45.4695]},
                        "properties": {
                            "id": "brera",
                            "name": "Via Brera",
                            "level": "site",
                            "radius": 80,
                            "time_zone": "Europe/Rome",
                        },
                    }
                ],
            }
        ],
    ),
]


OneFeature = Annotated[
    dict[str, Any],
    ShownAs(ZoneFeature),
    Body(
        media_type="application/json", description="One GeoJSON Feature (RFC 7946); its id may be left out."
    ),
]


Do = Annotated[
    Literal["show", "keep"],
    Query(description="show: only say what would become of the body; nothing changes"),
]


class GeoJsonResponse(JSONResponse):
    media_type = "application/geo+json"


class ZoneChange(BaseModel):
    """What became of one feature of a body."""

    id: str
    place: str = Field(description="where it stood in the body")
    change: Change


class Arranged(BaseModel):
    """What became of a body of zones."""

    zones: list[ZoneChange]
    mended: list[Fault] = Field(description="what was put right, since it could mean one thing only")
    warnings: list[Fault] = Field(description="what is odd and was taken as it is")


#: Keeps a body within its transaction, and says what became of it.
Keep = Callable[[], Awaitable[Arranged]]

Answer = TypeVar("Answer")


class _ChangedMeanwhile(Exception):
    """Others changed zones since the body was held against them."""


def zone_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/zones` and `/v1/zones/{id}`."""
    router = APIRouter(tags=["zones"])
    arranger = Arranger(database, edits, clock)
    _add_reading(router, database, guard)
    _add_one(router, guard, edits, arranger)

    @router.put("/v1/zones")
    async def put_zones(
        body: GeoJson, caller: Annotated[Principal, guard.manager], do: Do = "keep"
    ) -> Arranged:
        """Creates and changes zones by their own ids; zones that the body does not name stay as they are."""
        if do == "show":
            return await arranger.suppose(body, caller.shops)
        return await arranger.arrange(body, _simply, caller.shops)

    @router.post(
        "/v1/zones",
        status_code=201,
        response_model=Arranged,
        responses={409: {"description": "An id is taken"}},
    )
    async def create_zones(body: GeoJson, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Creates zones; where one of them is there already, none is created."""

        async def once(connection: Connection, keep: Keep) -> Response:
            return await asked.once(connection, 201, lambda: _all_new(keep))

        return await arranger.arrange(body, once, asked.caller.shops)

    return router


def _add_one(router: APIRouter, guard: Guard, edits: Edits, arranger: "Arranger") -> None:
    @router.put("/v1/zones/{zone}", responses={404: {}, 412: {}})
    async def put_zone(
        zone: PlaceId,
        body: OneFeature,
        request: Request,
        caller: Annotated[Principal, guard.manager],
        do: Do = "keep",
    ) -> Arranged:
        """Creates or changes one zone from a Feature. With `If-Match`, only the version that it names."""
        if do == "show":
            return await arranger.suppose(_feature_of(zone, body), caller.shops)

        async def unless_changed(connection: Connection, keep: Keep) -> Arranged:
            await _refuse_lost_update(connection, request, zone)
            return await keep()

        return await arranger.arrange(_feature_of(zone, body), unless_changed, caller.shops)

    @router.delete(
        "/v1/zones/{zone}",
        status_code=204,
        responses={404: {}, 409: {"description": "Other things still name the zone"}, 412: {}},
    )
    async def remove_zone(
        zone: PlaceId, request: Request, caller: Annotated[Principal, guard.manager]
    ) -> None:
        """Removes a zone that nothing names any more; whoever is in it leaves it."""
        refuse_own_site(caller, zone)
        async with edits.of("zones") as connection:
            await zones.version(connection, lock=True)
            await _refuse_lost_update(connection, request, zone)
            await zones.remove(connection, zone)


def _add_reading(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/zones", response_class=GeoJsonResponse)
    async def list_zones(
        caller: Annotated[Principal, guard.reader],
        limit: Annotated[int, Query(ge=1, le=MOST_FEATURES)] = MOST_FEATURES,
        cursor: Cursor = None,
    ) -> Response:
        """All zones as a FeatureCollection, by id. Where there are more, the `Link` header leads to the next page."""
        async with database.reading() as connection:
            rows = await zones.listed(connection, shops=caller.shops, after=read_id(cursor), limit=limit)
        headers = {}
        if more := next_after(rows, limit):
            headers["Link"] = f'</v1/zones?limit={limit}&cursor={more}>; rel="next"'
        return GeoJsonResponse(
            {"type": "FeatureCollection", "features": [row.feature for row in rows]}, headers=headers
        )

    @router.get(
        "/v1/zones/{zone}",
        dependencies=[guard.reader],
        response_class=GeoJsonResponse,
        responses={304: {}, 404: {}},
    )
    async def get_zone(zone: PlaceId, request: Request) -> Response:
        """One zone as a Feature."""
        async with database.reading() as connection:
            row = await zones.find(connection, zone)
        etag = etag_of(row.feature)
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return GeoJsonResponse(row.feature, headers={"ETag": etag})


class Arranger:
    """Holds bodies of zones against all that are kept, and keeps them where everything fits."""

    def __init__(self, database: Database, edits: Edits, clock: Clock) -> None:
        self._database = database
        self._edits = edits
        self._clock = clock

    async def arrange(
        self,
        body: dict[str, Any],
        act: Callable[[Connection, Keep], Awaitable[Answer]],
        shops: Shops = None,
    ) -> Answer:
        """Looks at a body, then gives `act` an open transaction and the verb that keeps the body in it.

        Raises Problem: 422 with every fault and its place, 403 for what is not in `shops`, 503 where others are too busy with zones.
        """
        refuse_unkeepable(body)
        reading = await _read(body)
        for _ in range(_LOOKS):
            version, warnings = await self._look(reading, shops)
            try:
                async with self._edits.of("zones") as connection:
                    return await act(connection, partial(self._keep, connection, reading, version, warnings))
            except _ChangedMeanwhile:
                continue
        raise Problem(503, None, "Others keep changing zones: try again.", headers={"Retry-After": "1"})

    async def suppose(self, body: dict[str, Any], shops: Shops = None) -> Arranged:
        """What would become of a body; nothing changes. Raises Problem (422) as `arrange` does."""
        refuse_unkeepable(body)
        reading = await _read(body)
        _, warnings = await self._look(reading, shops)
        async with self._database.reading() as connection:
            return await self._put(connection, reading, warnings, dry=True)

    async def _look(self, reading: Reading, shops: Shops) -> tuple[int, Sequence[Remark]]:
        """The version of zones that the body was held against, and what is odd about it there. Nobody is told of zones of others' shops.

        Outside of the transaction that keeps it: thousands of outlines take a second, and shoppers do not wait.
        """
        async with self._database.reading() as connection:
            version = await zones.version(connection)
            await refuse_zones_elsewhere(connection, shops, reading.zones)
            await refuse_named_elsewhere(
                connection, shops, (mention[::2] for zone in reading.zones for mention in _mentions(zone))
            )
            kept = await zones.load(connection, shops)
            plans = {plan.id: plan for plan in await floor_plans.load(connection)}
        together = {zone.id: zone for zone in (*kept, *reading.zones)}
        found = await asyncio.to_thread(_held_together, list(together.values()), plans, reading.places)
        if found.complaints:
            raise _refused(found.complaints)
        return version, [remark for remark in found.warnings if not remark.place.startswith(_OF_A_KEPT_ZONE)]

    async def _keep(
        self, connection: Connection, reading: Reading, version: int, warnings: Sequence[Remark]
    ) -> Arranged:
        if await zones.version(connection, lock=True) != version:
            raise _ChangedMeanwhile
        return await self._put(connection, reading, warnings)

    async def _put(
        self, connection: Connection, reading: Reading, warnings: Sequence[Remark], *, dry: bool = False
    ) -> Arranged:
        missing = await _missing(connection, reading)
        if missing:
            raise _refused(missing)
        given = [Given(zone, reading.extras.get(zone.id)) for zone in reading.zones]
        changes = await zones.put(connection, given, self._clock(), dry=dry)
        return Arranged(
            zones=[
                ZoneChange(id=zone, place=_in_body(reading.places[zone]), change=change)
                for zone, change in changes.items()
            ],
            mended=_faults(reading.mended),
            warnings=_faults(warnings),
        )


def _held_together(
    zones: Sequence[Zone], plans: Mapping[str, FloorPlan], places: Mapping[str, str]
) -> Nesting:
    """What is wrong and what is odd with zones that stand together: how they lie in each other, on the map and on their plans."""
    sent = [zone for zone in zones if zone.id in places]
    nesting, order = check_nesting(zones, places), check_order(zones, places)
    drawn = check_on_plan(sent, plans, places)
    return Nesting(
        (*nesting.complaints, *order.complaints, *drawn.complaints),
        (*nesting.warnings, *order.warnings, *drawn.warnings),
    )


async def _read(body: dict[str, Any]) -> Reading:
    try:
        reading = await asyncio.to_thread(read_zones, body)
    except ZonesComplaint as complaint:
        raise _refused(complaint.remarks) from None
    if _DOOR in reading.places:
        place = f"{reading.places[_DOOR]}.properties.id".lstrip(".")
        raise _refused(
            [Remark(place, f"{_DOOR!r} is where phones ask (/v1/zones/{_DOOR}): choose another id")]
        )
    return reading


async def _missing(connection: Connection, reading: Reading) -> list[Remark]:
    """What the zones of a body name and is not there: anchors and floor plans."""
    named = [(zone, *mention) for zone in reading.zones for mention in _mentions(zone)]
    no_anchors = await references.unknown(
        connection, "anchors", (i for _, kind, _, i in named if kind == "anchor")
    )
    no_plans = await references.unknown(
        connection, "floor_plans", (i for _, kind, _, i in named if kind == "plan")
    )
    return [
        Remark(
            f"{reading.places[zone.id]}.properties.{key}".lstrip("."),
            f"there is no {'anchor' if kind == 'anchor' else 'floor plan'} {name!r}",
        )
        for zone, kind, key, name in named
        if name in (no_anchors if kind == "anchor" else no_plans)
    ]


def _mentions(zone: Zone) -> Iterator[tuple[Literal["anchor", "plan"], str, str]]:
    """What a zone's place names: its kind, the property that names it, its id."""
    match zone.place:
        case AnchorSet(anchors):
            yield from (("anchor", f"anchors[{i}]", anchor) for i, anchor in enumerate(anchors))
        case Disc(anchor=anchor):
            yield "anchor", "disc.anchor", anchor
        case FloorShape(plan=plan):
            yield "plan", "plan.id", plan


def _feature_of(zone: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body as the Feature of this zone: its id may be left out, and may not be another."""
    if body.get("type") != "Feature":
        raise _refused([Remark("type", "one zone comes as one Feature")])
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return body  # what is wrong with it is told by who reads it
    said = properties.get("id", body.get("id"))
    if said is None:
        return {**body, "properties": {**properties, "id": zone}}
    if str(said) != zone:
        raise _refused([Remark("properties.id", f"is not the id in the address, {zone!r}")])
    return body


async def _refuse_lost_update(connection: Connection, request: Request, zone: str) -> None:
    if "If-Match" in request.headers:
        row = await zones.find(connection, zone)
        refuse_lost_update(request, etag_of(row.feature))


async def _simply(_connection: Connection, keep: Keep) -> Arranged:
    return await keep()


async def _all_new(keep: Keep) -> Arranged:
    """Raises Problem (409) where a zone was there before: what was kept is undone with the transaction."""
    arranged = await keep()
    taken = [each for each in arranged.zones if each.change != "created"]
    if taken:
        raise Problem(
            409,
            "There are such zones already",
            "Nothing was created. To change zones, PUT them.",
            errors=[Fault(place=each.place, reason=f"there is a zone {each.id} already") for each in taken],
        )
    return arranged


def _refused(remarks: Sequence[Remark]) -> Problem:
    count = "1 thing is" if len(remarks) == 1 else f"{len(remarks)} things are"
    return Problem(
        422,
        "The zones cannot be taken",
        f"{count} wrong: see errors. Nothing was changed.",
        errors=_faults(remarks),
    )


def _faults(remarks: Sequence[Remark]) -> list[Fault]:
    return [Fault(place=_in_body(remark.place), reason=remark.reason) for remark in remarks]


def _in_body(place: str) -> str:
    """A place of a body among the places of a request. What is wrong with a zone that is kept has a place of its own."""
    return place if place.startswith(_OF_A_KEPT_ZONE) else f"body.{place}".rstrip(".")

"""`GET /v1/zones/nearby`: the geofences nearest to a phone, for its operating system to watch while the app sleeps.

In: where the phone is. Out: circles, nearest edge first. The position is used and dropped: nothing is kept of it.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.records import zones
from server.records.database import Database
from server.web.etag import etag_of, has_it_already
from server.web.guard import Guard
from server.zones.nearby import Enclosures, compile_enclosures


class NearbyZone(BaseModel):
    """A geofence, as the circle that encloses it: degrees (WGS84) and metres."""

    id: str
    name: str
    lat: float
    lon: float
    radius: float = Field(description="metres")


class NearbyZones(BaseModel):
    zones: list[NearbyZone]


class _Newest:
    """The enclosures of the newest zones: compiled once for each version that the catalogue goes through."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = -1
        self._regions = compile_enclosures([])
        self._turn = asyncio.Lock()

    async def enclosures(self) -> Enclosures:
        async with self._turn:  # a thousand phones that ask after a change wait for one compilation
            async with self._database.reading() as connection:
                version = await zones.version(connection)
                if version != self._version:
                    kept = await zones.load(connection)
                    self._regions = await asyncio.to_thread(compile_enclosures, kept)
                    self._version = version
            return self._regions


def nearby_routes(database: Database, guard: Guard) -> APIRouter:
    """To be included before the routes of `/v1/zones/{id}`; no zone can have the id `nearby`."""
    router = APIRouter(tags=["zones"])
    newest = _Newest(database)

    @router.get(
        "/v1/zones/nearby",
        dependencies=[guard.device],
        response_model=NearbyZones,
        responses={304: {"description": "The phone has them already"}},
    )
    async def nearby_zones(
        request: Request,
        lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
        lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
        limit: Annotated[int, Query(ge=1, le=100, description="20 for iOS, 100 for Android")] = 20,
    ) -> Response:
        """The geofences nearest to a phone, nearest edge first. Ask again when the phone has moved past the farthest."""
        nearest = (await newest.enclosures()).nearest(lat, lon, limit)
        found = NearbyZones(
            zones=[
                # A hundred-thousandth of a degree is a metre, a tenth of what a phone's own circle can tell.
                NearbyZone(
                    id=r.zone,
                    name=r.name,
                    lat=round(r.lat, 6),
                    lon=round(r.lon, 6),
                    radius=round(r.radius_m, 1),
                )
                for r in nearest
            ]
        ).model_dump()
        etag = etag_of(found)
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse(found, headers={"ETag": etag, "Cache-Control": "private, no-cache"})

    return router

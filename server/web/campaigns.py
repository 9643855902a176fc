"""Campaigns over HTTP: what to say where, when and to whom, by the owner's own ids.

In: a campaign's document (`server/campaigns/campaign.py`). Out: the same, so that what was read can be changed and sent back. What is
wrong is told all at once, each thing with its place, so that a form can show it beside the field.
"""

from datetime import datetime
from typing import Annotated, Any, Self, cast

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from server.campaigns.campaign import Campaign, State
from server.campaigns.campaign import Id as CampaignId
from server.campaigns.reading import BadCampaign, read_campaign
from server.records import campaign_files, campaigns
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Taken
from server.records.rows import Change
from server.records.tables import CampaignVersionRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.etag import etag_of, has_it_already, refuse_lost_update
from server.web.fields import CampaignPath, Given, Name
from server.web.guard import Guard
from server.web.plain import refuse_unkeepable
from server.web.problem import Fault, Problem
from server.web.shops import Sight
from server.web.shown import ShownAs

#: The largest number that a column of versions holds.
LARGEST = 2**31 - 1
Document = Annotated[
    dict[str, Any],
    ShownAs(Campaign, may_lack="id"),
    Body(
        description="A campaign's document.",
        examples=[
            {
                "id": "spring-shoes",
                "name": "Spring shoes",
                "state": "live",
                "trigger": {"on": "entered", "where": {"zones": ["shoes"]}},
                "conditions": [{"kind": "frequency_cap", "at_most": 2, "window": "7d"}],
                "offer": {"title": {"en": "20 % off shoes"}, "body": {"en": "Today only."}, "life_s": 1800},
            }
        ],
    ),
]


class CampaignKept(BaseModel):
    """What became of a campaign's document."""

    id: str
    version: int = Field(
        description="grows with each change; decisions name the version that they were made by"
    )
    state: State
    change: Change


class Campaigns(BaseModel):
    campaigns: list[dict[str, Any]]
    next: Next


class VersionShown(BaseModel):
    """One version of a campaign: what it was from `made_at` on."""

    version: int
    state: State
    made_at: datetime
    campaign: dict[str, Any]

    @classmethod
    def of(cls, row: CampaignVersionRow) -> Self:
        return cls(
            version=row.version, state=cast("State", row.state), made_at=row.made_at, campaign=row.campaign
        )


class CampaignVersions(BaseModel):
    versions: list[VersionShown]
    next: int | None = Field(
        description="give it as `before` to get those before; null where these are the first"
    )


class CloneGiven(Given):
    """What the copy is called; without an id it gets one."""

    id: CampaignId | None = None
    name: Name | None = None


def campaign_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/campaigns`."""
    router = APIRouter(tags=["campaigns"])
    _add_reading(router, database, guard)
    _add_versions(router, database, guard)
    _add_cloning(router, guard, edits, clock)

    @router.post(
        "/v1/campaigns",
        status_code=201,
        response_model=CampaignKept,
        responses={409: {"description": "There is such a campaign already"}},
    )
    async def create(body: Document, asked: Annotated[Asked, asking(guard.marketer)]) -> Response:
        """Creates a campaign; without an id it gets one."""
        campaign = _read_new(body)

        async with edits.of("campaigns") as connection:
            return await asked.once(connection, 201, lambda: _keep_new(connection, campaign, clock))

    @router.put(
        "/v1/campaigns/{campaign}", dependencies=[guard.marketer], responses={404: {}, 409: {}, 412: {}}
    )
    async def put(campaign: CampaignPath, body: Document, request: Request) -> CampaignKept:
        """Creates or changes a campaign; a change makes its next version. With `If-Match`, only what it names."""
        given = read_document(campaign, body)
        async with edits.of("campaigns") as connection:
            await _refuse_lost_update(connection, request, campaign)
            return await _keep(connection, given, clock)

    @router.delete(
        "/v1/campaigns/{campaign}",
        status_code=204,
        dependencies=[guard.marketer],
        responses={404: {}, 409: {"description": "It may have spoken: end it instead"}, 412: {}},
    )
    async def remove(campaign: CampaignPath, request: Request) -> None:
        """Removes a draft. Any other campaign is ended by a change of its state, and explains its decisions for ever."""
        async with edits.of("campaigns") as connection:
            await _refuse_lost_update(connection, request, campaign)
            await campaigns.remove(connection, campaign)

    return router


def _add_reading(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/campaigns")
    async def list_campaigns(
        caller: Annotated[Principal, guard.reader],
        state: State | None = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Campaigns:
        """Campaigns by id. A page may hold fewer for somebody of some shops: those that listen there."""
        async with database.reading() as connection:
            rows = await campaigns.listed(connection, state=state, after=read_id(cursor), limit=limit)
            sight = await Sight.of(connection, caller.shops)
        shown = [sight.of_theirs(row.campaign) for row in rows if sight.shows_campaign(row.campaign)]
        return Campaigns(campaigns=shown, next=next_after(rows, limit))

    @router.get(
        "/v1/campaigns/{campaign}",
        responses={304: {"description": "It has not changed"}, 404: {}},
    )
    async def get_campaign(
        campaign: CampaignPath, request: Request, caller: Annotated[Principal, guard.reader]
    ) -> Response:
        """One campaign's document; for somebody of some shops without the others that it names."""
        async with database.reading() as connection:
            row = await campaigns.find(connection, campaign)
            sight = await Sight.of(connection, caller.shops)
        if not sight.shows_campaign(row.campaign):
            raise NotFound(f"there is no campaign {campaign} in your shops")
        shown = sight.of_theirs(row.campaign)
        etag = etag_of(shown)
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse(shown, headers={"ETag": etag})


def _add_versions(router: APIRouter, database: Database, guard: Guard) -> None:
    @router.get("/v1/campaigns/{campaign}/versions", dependencies=[guard.reader], responses={404: {}})
    async def list_versions(
        campaign: CampaignPath,
        limit: Limit = 100,
        before: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    ) -> CampaignVersions:
        """All that a campaign was, the newest first."""
        async with database.reading() as connection:
            rows = await campaigns.versions(connection, campaign, before=before, limit=limit)
        more = rows[-1].version if len(rows) == limit and rows[-1].version > 1 else None
        return CampaignVersions(versions=[VersionShown.of(row) for row in rows], next=more)

    @router.get(
        "/v1/campaigns/{campaign}/versions/{version}", dependencies=[guard.reader], responses={404: {}}
    )
    async def get_version(
        campaign: CampaignPath, version: Annotated[int, Path(ge=1, le=LARGEST)]
    ) -> VersionShown:
        """One version, as decisions name it."""
        async with database.reading() as connection:
            return VersionShown.of(await campaigns.version(connection, campaign, version))


def _add_cloning(router: APIRouter, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.post(
        "/v1/campaigns/{campaign}/clone",
        status_code=201,
        response_model=CampaignKept,
        responses={404: {}, 409: {"description": "There is such a campaign already"}},
    )
    async def clone(
        campaign: CampaignPath, body: CloneGiven, asked: Annotated[Asked, asking(guard.marketer)]
    ) -> Response:
        """Makes a draft that says the same, under another id. Its times are not copied: they were the other's."""

        async def copy(connection: Connection) -> CampaignKept:
            kept = read_campaign((await campaigns.find(connection, campaign)).campaign)
            return await _keep_new(connection, _copy(kept, body), clock)

        async with edits.of("campaigns") as connection:
            return await asked.once(connection, 201, lambda: copy(connection))


def _copy(campaign: Campaign, given: CloneGiven) -> Campaign:
    name = given.name or f"{campaign.name[:190]} (copy)"
    own = {"id": given.id or fresh_id("c"), "name": name, "state": "draft", "version": 1}
    return campaign.model_copy(update={**own, "starts_at": None, "ends_at": None})


def _read_new(body: dict[str, Any]) -> Campaign:
    given = body if "id" in body else {**body, "id": fresh_id("c")}
    return read_document(given["id"], given)


def read_document(campaign: str, body: dict[str, Any], within: str = "body") -> Campaign:
    """A body as the document of this campaign: its id may be left out, and may not be another. Raises Problem; faults are told `within`."""
    if body.get("id", campaign) != campaign:
        raise _refused([Fault(place=f"{within}.id", reason=f"is not the id in the address, {campaign!r}")])
    refuse_unkeepable(body)
    try:
        return read_campaign({**body, "id": campaign})
    except BadCampaign as bad:
        raise _refused(
            [Fault(place=_within(within, found.place), reason=found.reason) for found in bad.faults]
        ) from None


async def _keep(connection: Connection, campaign: Campaign, clock: Clock) -> CampaignKept:
    faults = [
        Fault(place=_within("body", fault.place), reason=fault.reason)
        async for fault in campaign_files.missing(connection, campaign)
    ]
    if faults:
        raise _refused(faults)
    change, row = await campaigns.put(connection, campaign, clock())
    return CampaignKept(id=row.id, version=row.version, state=campaign.state, change=change)


async def _keep_new(connection: Connection, campaign: Campaign, clock: Clock) -> CampaignKept:
    try:
        await campaigns.find(connection, campaign.id)
    except NotFound:
        return await _keep(connection, campaign, clock)
    raise Taken(f"there is a campaign {campaign.id} already: to change it, PUT it")


async def _refuse_lost_update(connection: Connection, request: Request, campaign: str) -> None:
    if "If-Match" in request.headers:
        row = await campaigns.find(connection, campaign)
        refuse_lost_update(request, etag_of(row.campaign))


def _refused(faults: list[Fault]) -> Problem:
    count = "1 thing is" if len(faults) == 1 else f"{len(faults)} things are"
    return Problem(
        422, "The campaign cannot be taken", f"{count} wrong: see errors. Nothing was changed.", errors=faults
    )


def _within(whole: str, place: str) -> str:
    return f"{whole}.{place}" if place else whole

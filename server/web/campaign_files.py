"""A shop's campaigns as one TOML file over HTTP: taken out for git, brought back after what would change was shown.

In: TOML with `[[campaigns]]`, each a campaign's document. Out: the same; and what keeping it changes.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from server.campaigns import BadCampaign, Campaign, Fault, read_campaigns
from server.campaigns.toml import campaigns_as_toml, toml_document
from server.records import campaign_files
from server.records.database import Database
from server.records.rows import Change
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.guard import Guard
from server.web.plain import refuse_unkeepable
from server.web.problem import Fault as Told
from server.web.problem import Problem

TOML = "application/toml"
#: Told as plain text, which every client can send: what is in it is TOML whatever it is called.
BODY = {"requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}}


class PlannedChange(BaseModel):
    id: str
    change: Change
    fields: list[str] = Field(description="of the campaign's document, that change")


class FileKept(BaseModel):
    """What the file changes; `kept` says whether it was changed or only shown."""

    kept: bool
    campaigns: list[PlannedChange]


def campaign_file_routes(database: Database, guard: Guard, edits: Edits, clock: Clock = utc_now) -> APIRouter:
    """`/v1/campaigns.toml`."""
    router = APIRouter(tags=["campaigns"])

    @router.get(
        "/v1/campaigns.toml",
        dependencies=[guard.reader],
        response_class=Response,
        responses={200: {"content": {TOML: {"schema": {"type": "string"}}}}},
    )
    async def export() -> Response:
        """All campaigns that have not ended, as a TOML file that can be brought back."""
        async with database.reading() as connection:
            kept = await campaign_files.all_kept(connection)
        return Response(campaigns_as_toml(kept), media_type=TOML)

    @router.put(
        "/v1/campaigns.toml", dependencies=[guard.marketer], responses={409: {}, 422: {}}, openapi_extra=BODY
    )
    async def bring(request: Request, do: Literal["show", "keep"] = "show") -> FileKept:
        """Shows what the file would change; with `do=keep` changes it, all or nothing. Others stay as they are."""
        # In a thread: a file of thousands of campaigns takes seconds to read, and others are answered meanwhile.
        given = await asyncio.to_thread(_read, await request.body())
        if do == "show":
            async with database.reading() as connection:
                _refuse(await campaign_files.missing_of_all(connection, given))
                planned = await campaign_files.plan(connection, given)
        else:
            async with edits.of("campaigns") as connection:
                _refuse(await campaign_files.missing_of_all(connection, given))
                planned = await campaign_files.keep(connection, given, clock())
        changes = [
            PlannedChange(id=each.id, change=each.change, fields=list(each.fields)) for each in planned
        ]
        return FileKept(kept=do == "keep", campaigns=changes)

    return router


def _read(body: bytes) -> tuple[Campaign, ...]:
    try:
        document = toml_document(body)
        refuse_unkeepable(document)
        return read_campaigns(document)
    except BadCampaign as bad:
        raise _refused(bad.faults) from None


def _refuse(faults: Sequence[Fault]) -> None:
    """Raises Problem where there are any."""
    if faults:
        raise _refused(faults)


def _refused(faults: Sequence[Fault]) -> Problem:
    told = [Told(place=f"body.{fault.place}".rstrip("."), reason=fault.reason) for fault in faults]
    return Problem(422, "The file cannot be taken", "See errors. Nothing was changed.", errors=told)

"""Gateways over HTTP: staff set them up and see how they are; the machines say how they are and ask what to listen for.

In: a name and the anchor that a gateway hears for; heartbeats, packed and signed as gateways do. Out: a token, shown once; how each
gateway is, in words; the short list of what is ours, so that a gateway forgets all else that it hears on the spot.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.records import anchors, catalogue, gateways, keys
from server.records.database import Connection, Database
from server.records.gateway_health import State, clock_ahead, health, told
from server.records.keys import Principal
from server.records.naming import fresh_id
from server.records.refusal import NotFound, Taken
from server.records.tables import GatewayRow
from server.web.anchors import AnchorPlaced, refuse_unplaced
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.etag import etag_of, has_it_already
from server.web.fields import Given, Language, Name, PlaceId
from server.web.guard import Guard
from server.web.packed import plain_body
from server.web.shops import refuse_named_elsewhere, refuse_placed_elsewhere

Spoken = Annotated[Language, Query(description="the language of the words: en or it")]

#: Many times what a heartbeat is (400 bytes); its reason is a sentence.
MOST_HEARTBEAT_BYTES = 16_384


def _epoch_s(said: float | datetime) -> float:
    return said if isinstance(said, float) else said.timestamp()


#: A gateway's word for a time: any time at all, since a machine that lost its clock must still be heard to say so.
Stamp = Annotated[float | AwareDatetime, AfterValidator(_epoch_s)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Rate = Annotated[float, Field(ge=0, le=1e9)]


class Heartbeat(BaseModel):
    """How a gateway is. Newer ones may say more than we understand: machines in shops are not updated on one day."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    sent_at: Stamp
    started_at: Stamp
    version: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
    radio: Literal["hearing", "silent", "off", "failed"]
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None
    heard_per_s: Rate
    kept_per_s: Rate
    spool_batches: Count
    spool_oldest_at: Stamp | None = None
    dropped: Count = 0
    restarts: Count = 0
    last_heard_at: Stamp | None = None


class Beaten(BaseModel):
    server_time: float = Field(description="UTC epoch seconds: how far off is your clock?")


class AnchorOfGateway(AnchorPlaced):
    """The anchor that a new gateway hears for, created with it."""

    id: PlaceId | None = None


class GatewayGiven(Given):
    """A gateway to be set up, with its anchor: a new one, or the id of one that is there."""

    id: PlaceId | None = None
    name: Name
    # Told apart by what they are, so that a fault in one is not told of the other too.
    anchor: Annotated[
        Annotated[AnchorOfGateway, Tag("new")] | Annotated[PlaceId, Tag("id")],
        Discriminator(lambda given: "id" if isinstance(given, str) else "new"),
    ]


class GatewayNamed(Given):
    name: Name


class GatewayIssued(BaseModel):
    """A gateway and its token, which is shown this once."""

    gateway: str
    anchor: str
    key: str
    token: str


class HealthShown(BaseModel):
    state: State
    words: list[str]


class HeartbeatShown(BaseModel):
    """What a gateway last said of itself."""

    started_at: datetime | None
    version: str
    radio: str
    reason: str | None
    heard_per_s: float
    kept_per_s: float
    spool_batches: int
    spool_oldest_at: datetime | None
    dropped: int
    restarts: int
    last_heard_at: datetime | None
    clock_ahead_s: float | None = Field(
        description="by our clock, when the heartbeat came: less than 0 where its clock is behind"
    )

    @classmethod
    def of(cls, said: dict[str, Any], ahead: timedelta | None) -> Self:
        ahead_s = None if ahead is None else round(ahead.total_seconds(), 3)
        times = {name: _time(said.get(name)) for name in ("started_at", "spool_oldest_at", "last_heard_at")}
        return cls(**{**said, **times, "clock_ahead_s": ahead_s})


class GatewayShown(BaseModel):
    id: str
    name: str
    anchor: str
    created_at: datetime
    heartbeat_at: datetime | None
    health: HealthShown
    heartbeat: HeartbeatShown | None

    @classmethod
    def of(cls, row: GatewayRow, now: datetime, language: str = "en") -> Self:
        how = health(row, now)
        return cls(
            id=row.id,
            name=row.name,
            anchor=row.anchor_id,
            created_at=row.created_at,
            heartbeat_at=row.heartbeat_at,
            health=HealthShown(state=how.state, words=[told(each, language) for each in how.words]),
            heartbeat=HeartbeatShown.of(row.heartbeat, clock_ahead(row)) if row.heartbeat else None,
        )


class Gateways(BaseModel):
    gateways: list[GatewayShown]
    next: Next


class OursShown(BaseModel):
    """What a gateway is to keep of all that it hears."""

    ibeacon_uuids: list[str]
    altbeacon_ids: list[str]
    eddystone_namespaces: list[str]
    eddystone_eid: bool


class GatewaySettings(BaseModel):
    gateway: str
    ours: OursShown
    window_s: float
    version: str


async def _nobody_waits() -> None:
    """For doors without a path behind them."""


def gateway_routes(
    database: Database,
    guard: Guard,
    edits: Edits,
    clock: Clock = utc_now,
    *,
    window_s: float = 1.0,
    on_word: Callable[[], Awaitable[None]] = _nobody_waits,
) -> APIRouter:
    """`/v1/gateways`. `window_s`: over how many seconds a gateway sums what it hears of one device.

    `on_word` is called when a gateway's word is kept, before it is answered: what it brings next is taken in the light of that.
    """
    router = APIRouter(tags=["anchors and gateways"])
    # Before `/{id}`, which `me` would otherwise be.
    _add_heartbeat(router, database, guard, clock, on_word)
    _add_settings(router, database, guard, window_s)
    _add_setting_up(router, guard, edits, clock)
    _add_looking(router, database, guard, edits, clock)
    return router


def _add_heartbeat(
    router: APIRouter, database: Database, guard: Guard, clock: Clock, on_word: Callable[[], Awaitable[None]]
) -> None:
    @router.post(
        "/v1/gateways/me/heartbeat",
        responses={404: {"description": "The gateway was removed"}, 413: {}, 415: {}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Heartbeat.model_json_schema()}},
            }
        },
    )
    async def beat(request: Request, caller: Annotated[Principal, guard.gateway]) -> Beaten:
        """A gateway says how it is; the body may be packed with gzip and signed."""
        body = await plain_body(request, caller, MOST_HEARTBEAT_BYTES)
        try:
            said = Heartbeat.model_validate_json(body)
        except ValidationError as wrong:
            raise RequestValidationError(
                [{**error, "loc": ("body", *error["loc"])} for error in wrong.errors(include_url=False)]
            ) from None
        now = clock()
        async with database.writing() as connection:
            await gateways.heard_from(connection, caller.owner or "", said.model_dump(), now)
        await on_word()
        return Beaten(server_time=now.timestamp())


def _add_settings(router: APIRouter, database: Database, guard: Guard, window_s: float) -> None:
    what_is_ours = _WhatIsOurs()

    @router.get(
        "/v1/gateways/me/settings",
        response_model=GatewaySettings,
        responses={304: {"description": "They have not changed"}, 404: {}},
    )
    async def settings(request: Request, caller: Annotated[Principal, guard.gateway]) -> Response:
        """What a gateway is to listen for."""
        async with database.reading() as connection:
            gateway = await gateways.find(connection, caller.owner or "")
            ours = await what_is_ours.now(connection)
        content = {"gateway": gateway.id, "ours": asdict(ours), "window_s": window_s}
        etag = etag_of(content)
        if has_it_already(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse({**content, "version": etag.strip('"')}, headers={"ETag": etag})


def _add_setting_up(router: APIRouter, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.post(
        "/v1/gateways",
        status_code=201,
        response_model=GatewayIssued,
        responses={404: {}, 409: {"description": "Id, anchor or beacon is taken"}},
    )
    async def create(body: GatewayGiven, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Sets up a gateway: its anchor, and a token for its scanner, shown this once."""
        async with edits.of("anchors") as connection:
            if isinstance(body.anchor, str):
                await refuse_named_elsewhere(connection, asked.caller.shops, [("anchor", body.anchor)])
            else:
                await refuse_placed_elsewhere(
                    connection, asked.caller.shops, body.anchor.site, body.anchor.plan
                )
            return await asked.once(connection, 201, lambda: _set_up(connection, body, clock()))

    @router.post(
        "/v1/gateways/{gateway}/token", status_code=201, response_model=GatewayIssued, responses={404: {}}
    )
    async def renew(gateway: PlaceId, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Ends a gateway's tokens and gives it a new one: for a machine that was replaced or stolen."""
        async with edits.of("keys") as connection:
            return await asked.once(connection, 201, lambda: _renew(connection, gateway, clock()))

    @router.delete(
        "/v1/gateways/{gateway}", status_code=204, dependencies=[guard.manager], responses={404: {}}
    )
    async def remove(gateway: PlaceId) -> None:
        """Removes a gateway and ends its tokens; its anchor stays, for the machine that takes its place."""
        async with edits.of("anchors", "keys") as connection:
            await gateways.remove(connection, gateway, clock())


def _add_looking(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/gateways")
    async def list_gateways(
        caller: Annotated[Principal, guard.reader],
        limit: Limit = 100,
        cursor: Cursor = None,
        language: Spoken = "en",
    ) -> Gateways:
        """Gateways by id, and how each is."""
        async with database.reading() as connection:
            rows = await gateways.listed(connection, shops=caller.shops, after=read_id(cursor), limit=limit)
        now = clock()
        return Gateways(
            gateways=[GatewayShown.of(row, now, language) for row in rows], next=next_after(rows, limit)
        )

    @router.get("/v1/gateways/{gateway}", dependencies=[guard.reader], responses={404: {}})
    async def get_gateway(gateway: PlaceId, language: Spoken = "en") -> GatewayShown:
        """One gateway, and how it is."""
        async with database.reading() as connection:
            return GatewayShown.of(await gateways.find(connection, gateway), clock(), language)

    @router.put("/v1/gateways/{gateway}", dependencies=[guard.manager], responses={404: {}})
    async def rename(gateway: PlaceId, body: GatewayNamed) -> GatewayShown:
        """Gives a gateway another name."""
        async with edits.of("anchors") as connection:
            return GatewayShown.of(await gateways.rename(connection, gateway, body.name), clock())


async def _set_up(connection: Connection, body: GatewayGiven, now: datetime) -> GatewayIssued:
    gateway = body.id or fresh_id("gw")
    if isinstance(body.anchor, str):
        anchor = body.anchor
    else:
        anchor = body.anchor.id or fresh_id("an")
        await _refuse_taken_anchor(connection, anchor)
        await refuse_unplaced(connection, [body.anchor], ["body.anchor"])
        await anchors.put(connection, [body.anchor.value(anchor)], now)
    await gateways.add(connection, gateway, body.name, anchor, now)
    issued = await keys.issue(connection, "gateway", body.name, now, owner=gateway)
    return GatewayIssued(gateway=gateway, anchor=anchor, key=issued.key, token=issued.token)


async def _renew(connection: Connection, gateway: str, now: datetime) -> GatewayIssued:
    row = await gateways.find(connection, gateway)
    await keys.revoke_of(connection, gateway, now)
    issued = await keys.issue(connection, "gateway", row.name, now, owner=gateway)
    return GatewayIssued(gateway=gateway, anchor=row.anchor_id, key=issued.key, token=issued.token)


async def _refuse_taken_anchor(connection: Connection, anchor: str) -> None:
    try:
        await anchors.find(connection, anchor)
    except NotFound:
        return
    raise Taken(f"there is an anchor {anchor} already: give its id alone to hear for it")


class _WhatIsOurs:
    """The list for all gateways, read anew when devices or anchors have changed: many ask, and rarely does it change."""

    def __init__(self) -> None:
        self._versions: tuple[int, int] | None = None
        self._ours = gateways.Ours()

    async def now(self, connection: Connection) -> gateways.Ours:
        newest = await catalogue.versions(connection)
        versions = (newest.get("devices", 0), newest.get("anchors", 0))
        if versions != self._versions:
            self._ours, self._versions = await gateways.ours(connection), versions
        return self._ours


def _time(epoch_s: Any) -> datetime | None:
    """None for what no calendar holds: a gateway that lost its clock."""
    try:
        return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)
    except (OverflowError, ValueError, OSError):
        return None

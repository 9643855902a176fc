"""Webhooks over HTTP, for owners: where other systems are told what happened, and what became of it.

In: a URL and types of events, by the shop's own id; later which deliveries to send again. Out: webhooks with how they stand, deliveries
with why they failed. A secret is shown once, when it is made. Whoever holds one of these learns who was where: no server key may make them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from server.public_addresses import Network, may_be_reached
from server.records import webhook_deliveries, webhook_doors, webhooks
from server.records.database import Connection, Database
from server.records.naming import fresh_id
from server.records.rows import Change
from server.records.tables import WebhookRow
from server.records.webhook_deliveries import Shown, State
from server.records.webhook_doors import Standing
from server.records.webhooks import EventType, Happened
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, Page, next_after, read_id, read_mark, write_cursor
from server.web.fields import Given, Id, Name, PlaceId, Time
from server.web.guard import Guard
from server.web.problem import Fault, Problem

log = structlog.get_logger(__name__)

#: How long the last secret signs beside a new one, where nobody says: a day to deploy it.
OVERLAP_HOURS = 24.0


def _plain_url(given: str) -> str:
    try:
        parts = urlsplit(given)
        parts.port  # noqa: B018 - a port that is none is found only by asking
    except ValueError:
        raise ValueError("must be a URL such as https://crm.shop.example/soglia") from None
    if not parts.hostname:
        raise ValueError("must be a URL such as https://crm.shop.example/soglia")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no name or password: posts are signed")
    return given


Url = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^https?://[!-~]+$"),
    AfterValidator(_plain_url),
]


class WebhookGiven(Given):
    """A webhook. Left without `types` it is told of everything, of what later versions tell too."""

    name: Name
    url: Url
    types: list[EventType] | None = Field(None, min_length=1, max_length=100)
    on: bool = Field(True, description="false: nothing is sent and nothing new is queued")


class WebhookShown(BaseModel):
    """A webhook and how it stands."""

    id: str
    name: str
    url: str
    types: list[str] | None
    on: bool
    off_since: datetime | None
    off_because: str | None
    secrets: int = Field(description="how many sign now: more than one while they rotate")
    waiting: int = Field(description="deliveries that wait for a first or another try")
    dead: int = Field(description="deliveries that were given up, and may be sent again")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: WebhookRow, standing: Standing, now: datetime) -> Self:
        return cls(
            id=row.id,
            name=row.name,
            url=row.url,
            types=row.types,
            on=row.disabled_at is None,
            off_since=row.disabled_at,
            off_because=row.disabled_why,
            secrets=len(webhook_doors.signing(row.secrets, now)),
            waiting=standing.waiting,
            dead=standing.dead,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class WebhookKept(WebhookShown):
    change: Change
    secret: str | None = Field(description="of a new webhook: shown this once")


class Webhooks(BaseModel):
    webhooks: list[WebhookShown]
    next: Next


class RotationAsked(Given):
    overlap_hours: float = Field(
        OVERLAP_HOURS, ge=0, le=24 * 30, description="how long the secret before signs too"
    )


class Rotated(BaseModel):
    secret: str = Field(description="shown this once")
    old_until: datetime = Field(description="until then the one before signs too")


class EventQueued(BaseModel):
    event: str


class DeliveryShown(BaseModel):
    """An event on its way to a webhook, or what became of it."""

    event: str
    type: str
    happened_at: datetime
    queued_at: datetime
    state: State
    attempts: int
    due_at: datetime | None = Field(description="when it is tried next; null where it is settled")
    tried_at: datetime | None
    status: int | None = Field(description="what the webhook answered last")
    why: str | None

    @classmethod
    def of(cls, shown: Shown) -> Self:
        row = shown.row
        return cls(
            event=row.event_id,
            type=shown.type,
            happened_at=shown.at,
            queued_at=row.queued_at,
            state=shown.state,
            attempts=row.attempts,
            due_at=None if row.settled_at else row.due_at,
            tried_at=row.last_tried_at,
            status=row.last_status,
            why=row.last_why,
        )


class Deliveries(BaseModel):
    deliveries: list[DeliveryShown]
    next: Next


class DeliveriesAsked(Page):
    state: State | None = None


class DeliveriesReplayAsked(Given):
    since: Time = Field(description="what happened at or after")
    delivered_too: bool = Field(
        False, description="also what arrived, and what the webhook missed because it was off or new"
    )


class DeliveriesReplayed(BaseModel):
    replayed: int


def webhook_routes(
    database: Database, guard: Guard, *, allowed: Sequence[Network] = (), clock: Clock = utc_now
) -> APIRouter:
    """`/v1/webhooks`. `allowed` are the private networks that a URL may lead into."""
    router = APIRouter(tags=["webhooks"])
    _keeping(router, database, guard, allowed, clock)
    _delivering(router, database, guard, clock)
    return router


def _keeping(
    router: APIRouter, database: Database, guard: Guard, allowed: Sequence[Network], clock: Clock
) -> None:
    @router.get("/v1/webhooks", dependencies=[guard.owner])
    async def listed(cursor: Cursor = None, limit: Limit = 100) -> Webhooks:
        """Webhooks, page by page."""
        async with database.reading() as connection:
            rows = await webhook_doors.listed(connection, after=read_id(cursor), limit=limit)
            standing = await webhook_doors.standing(connection, [row.id for row in rows])
        shown = [WebhookShown.of(row, standing[row.id], clock()) for row in rows]
        return Webhooks(webhooks=shown, next=next_after(rows, limit))

    @router.get("/v1/webhooks/{webhook}", responses={404: {}}, dependencies=[guard.owner])
    async def shown(webhook: PlaceId) -> WebhookShown:
        """One webhook."""
        async with database.reading() as connection:
            row = await webhook_doors.find(connection, webhook)
            return await _shown(connection, row, clock())

    @router.put("/v1/webhooks/{webhook}", dependencies=[guard.owner])
    async def put(webhook: PlaceId, body: WebhookGiven) -> WebhookKept:
        """Creates or changes a webhook. Putting one that was turned off by a 410 turns it on again."""
        _refuse_inside(body.url, allowed)
        types = None if body.types is None else tuple(body.types)
        given = webhook_doors.Given(webhook, body.name, body.url, types, body.on)
        async with database.writing() as connection:
            change, row, secret = await webhook_doors.put(connection, given, clock())
            kept = await _shown(connection, row, clock())
        return WebhookKept(**dict(kept), change=change, secret=secret)

    @router.delete("/v1/webhooks/{webhook}", status_code=204, responses={404: {}}, dependencies=[guard.owner])
    async def remove(webhook: PlaceId) -> None:
        """Deletes a webhook and all its deliveries."""
        async with database.writing() as connection:
            await webhook_doors.remove(connection, webhook)

    @router.post("/v1/webhooks/{webhook}/secret", response_model=Rotated, responses={404: {}})
    async def rotate(
        webhook: PlaceId, asked: Annotated[Asked, asking(guard.owner)], body: RotationAsked | None = None
    ) -> Response:
        """A new secret. The one before signs too for a while, so that the other side may change over."""

        async def rotated() -> Rotated:
            now = clock()
            until = now + timedelta(hours=(body or RotationAsked(overlap_hours=OVERLAP_HOURS)).overlap_hours)
            _, secret = await webhook_doors.rotate(connection, webhook, now, until)
            log.info("webhook_secret_rotated", webhook=webhook, by=asked.caller.owner)
            return Rotated(secret=secret, old_until=until)

        async with database.writing() as connection:
            return await asked.once(connection, 200, rotated)


def _delivering(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.post(
        "/v1/webhooks/{webhook}/test", status_code=202, response_model=EventQueued, responses={404: {}}
    )
    async def test(webhook: PlaceId, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """Sends it an event of type webhook.test, whatever it listens to; the list of deliveries tells what came of it."""

        async def queued() -> EventQueued:
            await webhook_doors.find(connection, webhook)
            event = Happened("webhook.test", (fresh_id("test"),), None, {"webhook": webhook}, clock())
            return EventQueued(event=await webhooks.queue_for(connection, webhook, event, clock()))

        async with database.writing() as connection:
            return await asked.once(connection, 202, queued)

    @router.get("/v1/webhooks/{webhook}/deliveries", responses={404: {}}, dependencies=[guard.owner])
    async def deliveries(webhook: PlaceId, asked: Annotated[DeliveriesAsked, Query()]) -> Deliveries:
        """What it was told and what became of it, what was queued last first."""
        async with database.reading() as connection:
            await webhook_doors.find(connection, webhook)
            found = await webhook_deliveries.listed(
                connection, webhook, asked.state, after=read_mark(asked.cursor), limit=asked.limit
            )
        full = len(found) == asked.limit
        last = write_cursor(found[-1].row.queued_at, found[-1].row.event_id) if full else None
        return Deliveries(deliveries=[DeliveryShown.of(each) for each in found], next=last)

    @router.post(
        "/v1/webhooks/{webhook}/deliveries/{event}/replay",
        response_model=DeliveriesReplayed,
        responses={404: {}, 409: {}},
    )
    async def replay(webhook: PlaceId, event: Id, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """Sends one event again, under the same id; refused (409) while it waits anyway."""

        async def replayed() -> DeliveriesReplayed:
            await webhook_deliveries.replay(connection, webhook, event, clock())
            return DeliveriesReplayed(replayed=1)

        async with database.writing() as connection:
            return await asked.once(connection, 200, replayed)

    @router.post("/v1/webhooks/{webhook}/replay", response_model=DeliveriesReplayed, responses={404: {}})
    async def replay_since(
        webhook: PlaceId, body: DeliveriesReplayAsked, asked: Annotated[Asked, asking(guard.owner)]
    ) -> Response:
        """Sends all again that was given up, of what happened since then."""

        async def replayed() -> DeliveriesReplayed:
            await webhook_doors.find(connection, webhook)
            count = await webhook_deliveries.replay_since(
                connection, webhook, body.since, clock(), delivered_too=body.delivered_too
            )
            log.info("webhook_replayed", webhook=webhook, count=count, by=asked.caller.owner)
            return DeliveriesReplayed(replayed=count)

        async with database.writing() as connection:
            return await asked.once(connection, 200, replayed)


async def _shown(connection: Connection, row: WebhookRow, now: datetime) -> WebhookShown:
    return WebhookShown.of(row, (await webhook_doors.standing(connection, [row.id]))[row.id], now)


def _refuse_inside(url: str, allowed: Sequence[Network]) -> None:
    """An address that can be seen to be private is refused at once; names are looked at at each connection."""
    host = urlsplit(url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        inside = host == "localhost" and not may_be_reached("127.0.0.1", allowed)
    else:
        inside = not may_be_reached(host, allowed)
    if inside:
        reason = "leads into a private network: the operator may allow it (webhooks.allowed_networks)"
        raise Problem(422, None, f"The URL {reason}", errors=[Fault(place="body.url", reason=reason)])

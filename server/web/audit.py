"""Every answer that staff get is written down before it leaves; and the owner's door to what was written.

In: requests that came through a door of the guard's which lets staff in, whoever came: staff or a system with a server key. Out: a line in
the audit log for each that changed something or showed something of a shopper, also where it was refused. `Audited` is the one place where
that happens: a new door is covered because it is one. Looks at what holds no shopper (IMPERSONAL) are not written: a test holds
that list against what those doors may answer.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.records import audit
from server.records.audit import PEOPLE, Act, AuditQuery
from server.records.database import Database
from server.records.tables import AuditRow
from server.web import problem
from server.web.clock import Clock, utc_now
from server.web.cursor import Next, Page, next_after, read_mark
from server.web.fields import OwnId, Time
from server.web.guard import NOTED, Guard, passed_by
from server.web.known import whose

#: Doors to look through in whose answers there is no shopper.
IMPERSONAL: Final = frozenset(
    f"/v1/{path}"
    for path in (
        "anchors", "anchors/{anchor}", "campaigns", "campaigns.toml", "campaigns/{campaign}", "campaigns/{campaign}/versions",
        "campaigns/{campaign}/versions/{version}", "consent-texts/versions", "coupons", "coupons/{coupon}", "floor-plans",
        "floor-plans/{plan}", "floor-plans/{plan}/picture", "gateways", "gateways/{gateway}", "keys", "reports/flow", "reports/footfall", "reports/funnel", "reports/lately", "reports/lift",
        "reports/present", "reports/so-far",
        "reports/revenue", "reports/silences", "reports/stays", "reports/visits", "segments", "segments/{segment}", "session", "sessions", "settings", "staff", "staff/invitations", "staff/{member}/sessions", "surveys", "surveys/{survey}",
        "surveys/walks/{walk}", "blind-spots",
        "redemptions", "till/shops",
        "webhooks", "webhooks/{webhook}", "zones", "zones/{zone}",
    )
)  # fmt: skip

_LOOKS: Final = frozenset({"GET", "HEAD"})

#: Bodies are looked through for whom they name; a longer one (in bytes) is a list of things, of which none is the one.
_LONGEST_BODY: Final = 1024 * 1024

#: What JSON lets stand before a body (RFC 8259 section 2).
_BLANKS: Final = b" \t\r\n"

#: By what a body names whom it is about, the weightiest first.
_SAID: Final = ("shopper", "own_id", "device", "offer", "order", "id")

_UNWRITTEN: Final = problem.answer(
    problem.Problem(
        503,
        "This could not be written down",
        "What staff do and see is told in the audit log, and the line could not be written. What you asked for may have been done: "
        "look whether it was before you ask again.",
    )
)

log = structlog.get_logger(__name__)


class Audited:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, database: Database, clock: Clock = utc_now) -> None:
        self._app = app
        self._database = database
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(self._database, self._clock, scope, receive, send)
        before = NOTED.set(request.noted)
        try:
            await self._app(scope, request.receive, request.send)
        except Exception:
            await request.failed()
            raise
        finally:
            NOTED.reset(before)


class _Request:
    """One request on its way in and its answer on its way out."""

    def __init__(self, database: Database, clock: Clock, scope: Scope, receive: Receive, send: Send) -> None:
        self._database = database
        self._clock = clock
        self._scope = scope
        self._receive = receive
        self._send = send
        self.noted: list[tuple[str, str]] = []
        self._asked = b""
        self._begun: Message | None = None  # held until its line is written
        self._settled = False
        self._withheld = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and self._scope["method"] not in _LOOKS:
            self._asked += message.get("body", b"")[: _LONGEST_BODY + 1 - len(self._asked)]
        return message

    async def send(self, message: Message) -> None:
        """Lets no answer out before it is written down. One that cannot be is not given: 503 says so."""
        if self._begun is None and (self._settled or not self._is_told()):
            if not self._withheld:
                await self._send(message)
            return
        if message["type"] == "http.response.start":
            self._begun = message
            if self._scope["method"] not in _LOOKS:
                return  # what was made is named in the body
        begun, self._begun, self._settled = self._begun, None, True
        follows = [] if message is begun else [message]
        said = b"".join(each.get("body", b"") for each in follows)
        if not await self._wrote((begun or message)["status"], said):
            self._withheld = True
            await _UNWRITTEN(self._scope, self._receive, self._send)
            return
        for each in (begun, *follows):
            if each is not None:
                await self._send(each)

    async def failed(self) -> None:
        """What nobody foresaw is answered elsewhere, without a word of anybody; what was tried is written down all the same."""
        if not self._settled and self._is_told():
            self._settled = True
            await self._wrote(500, b"")

    def _is_told(self) -> bool:
        if passed_by(self._scope) is None:
            return False
        return self._scope["method"] not in _LOOKS or self._path not in IMPERSONAL

    @property
    def _path(self) -> str:
        return str(getattr(self._scope.get("route"), "path", ""))

    @property
    def _verb(self) -> str:
        return f"{self._scope['method']} {self._path}"

    async def _wrote(self, status: int, said: bytes) -> bool:
        """Whether the line is there. Whatever keeps it from being written, what is not told of must not be shown."""
        try:
            await self._write(status, said)
        except Exception as failure:  # noqa: BLE001 - a failure that nobody thought of would let an act go untold
            why = type(failure).__name__
        else:
            return True
        log.error("not_written_down", verb=self._verb, why=why)
        return False

    async def _write(self, status: int, said: bytes) -> None:
        who = passed_by(self._scope)
        if who is None:
            return
        act = Act(who, self._verb, status, [*self._named(said)])
        async with self._database.writing() as connection:
            await audit.write(connection, act, self._clock())

    def _named(self, said: bytes) -> Iterator[tuple[str, str]]:
        """What the door says that it was about; else what the request named as the door reads it, and else what its answer names."""
        yield from self.noted
        yield from self._scope.get("path_params", {}).items()
        yield from sorted(self._queried(), key=lambda each: each[0] not in PEOPLE)
        for body in (self._asked, said):
            fields = _fields(body)
            yield from ((word, fields[word]) for word in _SAID if isinstance(fields.get(word), str))

    def _queried(self) -> Iterator[tuple[str, str]]:
        """Of the query what the door asks for, and of a name that comes twice the last, which is what the door reads."""
        route = self._scope.get("route")
        if isinstance(route, APIRoute):
            query = QueryParams(self._scope["query_string"])
            wanted = (field.alias for field in get_flat_params(route.dependant))
            yield from ((word, query[word]) for word in wanted if word in query)


def _fields(body: bytes) -> Mapping[str, Any]:
    if not body.lstrip(_BLANKS).startswith(b"{") or len(body) > _LONGEST_BODY:
        return {}
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


class AuditAsked(Page):
    who: OwnId | None = Field(None, description="a staff member's id, a key's, or os:<account>")
    verb: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="the door, as lines tell it", examples=["DELETE /v1/shoppers/{shopper}"]
    )
    object: OwnId | None = None
    shopper: OwnId | None = Field(None, description="our id, or the shop's own name for them")
    since: Time | None = Field(None, description="at or after")
    until: Time | None = Field(None, description="before")


class LineShown(BaseModel):
    id: str
    at: datetime
    who: str | None = Field(
        description="the staff member's id, or the key's for a system, or of a command os:<account>"
    )
    name: str | None
    role: str | None
    key: str | None
    verb: str
    object: str | None = Field(
        description="what was acted upon or looked at; null where the shopper was erased"
    )
    shopper: str | None = Field(description="whose that is")
    outcome: int = Field(description="the HTTP status; of a command its exit code")

    @classmethod
    def of(cls, row: AuditRow, names: Mapping[str, str]) -> "LineShown":
        who = row.staff_id or row.key_id
        return cls(
            id=row.id,
            at=row.at,
            who=who,
            name=names.get(who or ""),
            role=row.role,
            key=row.key_id,
            verb=row.verb,
            object=row.object,
            shopper=row.shopper_id,
            outcome=row.outcome,
        )


class Lines(BaseModel):
    lines: list[LineShown]
    next: Next


def audit_routes(database: Database, guard: Guard) -> APIRouter:
    router = APIRouter(tags=["audit"])

    @router.get("/v1/audit", dependencies=[guard.owner], responses={404: {"description": "No such shopper"}})
    async def listed(asked: Annotated[AuditAsked, Query()]) -> Lines:
        """What staff and systems did and saw, the newest first. Looking here is written down too."""
        async with database.reading() as connection:
            shopper = await whose(connection, asked.shopper)
            query = AuditQuery(**{**asked.model_dump(exclude={"cursor", "limit"}), "shopper": shopper})
            rows = await audit.listed(connection, query, after=read_mark(asked.cursor), limit=asked.limit)
            names = await audit.names_of(connection, rows)
        return Lines(
            lines=[LineShown.of(row, names) for row in rows], next=next_after(rows, asked.limit, "at", "id")
        )

    return router

"""The hot doors on the web: bare ASGI in front of the application, so that a ping pays for no routing it does not need.

`HotDoors` answers its three paths and passes everything else on. The same paths stand in the OpenAPI document through `routes`,
whose endpoints call the same doors.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import APIRouter, Request, Response

from server.ingest.door import Answer, Door, Posted, problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Enter = Callable[[Posted], Awaitable[Answer]]


class HotDoors:
    """See the module's text."""

    def __init__(self, application: Application, door: Door) -> None:
        self._application = application
        self._limit = door.limits.body_bytes
        self._doors: dict[str, Enter] = {
            "/v1/pings": door.pings,
            "/v1/sightings": door.sightings,
            "/ingest/owntracks": door.owntracks,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        enter = (
            self._doors.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        )
        if enter is None:
            await self._application(scope, receive, send)
            return
        body = await self._body(receive)
        if body is None:
            answer = problem(413, f"this door takes bodies of up to {self._limit} bytes")
        else:
            answer = await enter(Posted(dict(scope["headers"]), body))
        headers = [
            (b"content-type", answer.kind),
            (b"content-length", str(len(answer.body)).encode()),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None as soon as it is larger than the limit."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._limit:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts) if len(parts) > 1 else part


_VERDICTS = {
    "description": "A verdict for each item, in order; `problems` has the reason where there is one.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["accepted", "verdicts", "problems"],
                "properties": {
                    "accepted": {"type": "integer"},
                    "verdicts": {"type": "array", "items": {"type": "string"}},
                    "problems": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    },
}
_TIME = {"oneOf": [{"type": "number"}, {"type": "string", "format": "date-time"}]}


def _document(
    items: str, properties: dict[str, Any], required: list[str], security: list[str]
) -> dict[str, Any]:
    """The OpenAPI description of a hot door's body."""
    item = {"type": "object", "required": required, "properties": properties}
    body = {
        "type": "object",
        "required": [items],
        "properties": {"sent_at": _TIME, items: {"type": "array", "items": item}},
    }
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "security": [{scheme: []} for scheme in security],
    }


def routes(door: Door) -> APIRouter:
    """The hot doors as routes: for the OpenAPI document, and for servers without `HotDoors` in front."""
    router = APIRouter(tags=["sightings"])
    refusals: dict[int | str, dict[str, Any]] = {
        200: _VERDICTS, 400: {}, 401: {}, 403: {}, 413: {}, 429: {}, 503: {},
    }  # fmt: skip
    ping = {
        "at": _TIME,
        "lat": {"type": "number"},
        "lon": {"type": "number"},
        "accuracy": {"type": "number"},
        "speed": {"type": "number"},
        "device": {"type": "string"},
    }
    heard = {
        "at": _TIME,
        "id": {"type": "string"},
        "rssi": {"type": "number"},
        "count": {"type": "number"},
    }

    async def answered(enter: Enter, request: Request) -> Response:
        answer = await enter(Posted(dict(request.scope["headers"]), await request.body()))
        headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers, answer.kind.decode())

    @router.post(
        "/v1/pings",
        responses=refusals,
        openapi_extra=_document("pings", ping, ["at", "lat", "lon"], ["device", "server"]),
    )
    async def post_pings(request: Request) -> Response:
        """Where a phone is (device token), or where phones are (server key; each ping names its `device`)."""
        return await answered(door.pings, request)

    @router.post(
        "/v1/sightings",
        responses=refusals,
        openapi_extra=_document("sightings", heard, ["at", "id", "rssi"], ["gateway", "device"]),
    )
    async def post_sightings(request: Request) -> Response:
        """What a radio heard: a gateway hearing devices, or a phone hearing shop beacons."""
        return await answered(door.sightings, request)

    @router.post("/ingest/owntracks", responses={200: {}, 401: {}, 403: {}, 429: {}, 503: {}})
    async def post_owntracks(request: Request) -> Response:
        """OwnTracks over HTTP: Basic, the password is the device token; always 200 `[]` to whoever may speak."""
        return await answered(door.owntracks, request)

    return router

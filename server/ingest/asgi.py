"""The hot doors on the web: bare ASGI in front of the application, so that a ping pays for no routing it does not need.

`HotDoors` answers the paths of the formats and passes everything else on. The same paths stand in the OpenAPI document through
`routes`, whose endpoints go through the same doors.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from server.ingest import formats
from server.ingest.answer import Answer, CutShort, Posted, TooSlow
from server.ingest.door import Door
from server.ingest.format import Format
from server.ingest.unpacking import TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The largest body over the slowest line that a shop may have (2 MB at 64 kB/s); who takes longer only holds memory.
BODY_WITHIN_S: Final = 30.0


class HotDoors:
    """See the module's text."""

    def __init__(self, application: Application, door: Door, body_within_s: float = BODY_WITHIN_S) -> None:
        self._application = application
        self._door = door
        self._body_within_s = body_within_s
        self._formats = {form.PATH: form for form in formats.found().values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = self._formats.get(scope["path"]) if scope["type"] == "http" else None
        if form is None or scope["method"] != "POST":
            await self._application(scope, receive, send)
            return
        answer = await entered(self._door, form, scope, receive, self._body_within_s)
        headers = [
            (b"content-type", answer.kind),
            (b"content-length", b"%d" % len(answer.body)),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


async def entered(
    door: Door, form: Format, scope: Scope, receive: Receive, within_s: float = BODY_WITHIN_S
) -> Answer:
    """One request at a door. Its body is read when the door asks for it, so that nobody fills our memory without a token."""
    headers = dict(scope["headers"])
    return await door.enter(
        form, Posted(headers, partial(_whole, headers, receive, door.limits.body_bytes, within_s))
    )


async def _whole(headers: dict[bytes, bytes], receive: Receive, limit: int, within_s: float) -> bytes:
    """The body as sent. Raises TooLarge as soon as it is known to be, CutShort, TooSlow.

    What is left of a body that is too large is let run by: a sender that is cut off would never read why.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(f"this door takes bodies of up to {limit} bytes: send it in parts")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise CutShort("the body ended before it was whole")
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise TooLarge(f"this door takes bodies of up to {limit} bytes: send it in parts")
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise TooSlow(f"the body was not whole within {within_s:g} s") from None


def routes(door: Door) -> APIRouter:
    """The hot doors as routes: for the OpenAPI document, and for servers without `HotDoors` in front."""
    router = APIRouter(tags=["sightings"])
    for name, form in formats.found().items():
        router.add_api_route(
            form.PATH,
            _endpoint(door, form),
            methods=["POST"],
            name=name,
            summary=name.replace("_", " ").capitalize(),
            description=(form.__doc__ or "").strip(),
            responses=_ANSWERS
            if form.ALWAYS is None
            else _ANSWERS | {200: {"description": "Always the same."}},
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _schema(form.BODY)}},
                },
                "security": [{kind: []} for kind in sorted(form.SPEAKERS)],
            },
        )
    return router


def _endpoint(door: Door, form: Format) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        answer = await entered(door, form, request.scope, request.receive)
        headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers, answer.kind.decode())

    return endpoint


def _schema(body: Any) -> dict[str, Any]:
    """The JSON schema of a body, in one piece."""
    (schema,), parts = msgspec.json.schema_components((body,), ref_template="{name}")

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return inlined(parts[node["$ref"]])
        return {key: inlined(value) for key, value in node.items() if key != "discriminator"}

    return dict(inlined(schema))


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
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
    },
    400: {}, 401: {}, 403: {}, 408: {}, 413: {}, 415: {}, 429: {}, 503: {},
}  # fmt: skip

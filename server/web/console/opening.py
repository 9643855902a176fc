"""Opens the console: NiceGUI behind a gate that knows who is logged in.

In: the API's application and what the console needs from the house. Out: an ASGI application for all paths that are not the API's. Pages are
registered once a process, since NiceGUI is one application a process.

A session is the staff's own token in a cookie that no script can read (HttpOnly, SameSite=Lax, Secure over https). Pages act over a
web socket that only the page itself knows the name of; the few forms there are (log-in, log-out) are refused when another site
posts them. Quasar compiles its templates in the browser, hence 'unsafe-eval'; nothing is ever loaded from elsewhere but map tiles,
where the shop has set them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.bus.contract import News
from server.web.console import pages
from server.web.console.api import Api, Refused
from server.web.console.coming_in import SESSION, coming_in
from server.web.console.desk import Desk, Listen, MapLook, Who
from server.web.console.ended_sessions import bind_sockets, watched
from server.web.console.frame import framed
from server.web.console.gate import not_for_you
from server.web.console.manner import MANNER, STATIC, USUAL, manner_of
from server.web.console.page import Page
from server.web.limits import caller_address

#: What the API answers; all else is the console's.
API_PATHS: Final = ("/v1", "/ingest", "/health", "/metrics", "/docs", "/redoc", "/openapi.json")


@dataclass(frozen=True, slots=True)
class Opening:
    """What the console needs: the API, the news of the bus (`listen`: what happens in some shops; `changes`: what staff change), and how maps look."""

    application: ASGIApp
    listen: Callable[[frozenset[str] | None], AbstractAsyncContextManager[AsyncIterator[News]]]
    map_look: MapLook = field(default_factory=MapLook)
    changes: Listen | None = None


class _OurPage(ui.page):
    """NiceGUI's page, in the language and light of each reader."""

    def resolve_language(self) -> Any:
        return {"en": "en-GB", "it": "it"}[MANNER.get().language]

    def resolve_dark(self) -> bool | None:
        return {"light": False, "dark": True, "auto": None}[MANNER.get().theme]


@asynccontextmanager
async def opened(opening: Opening) -> AsyncIterator[ASGIApp]:
    """The API and the console as one application, while the block lasts."""
    console = FastAPI(openapi_url=None)
    coming_in(console, opening.application)
    bind_sockets()
    _draw_pages(opening)
    ui.run_with(
        console,
        title="Soglia",
        favicon=STATIC / "favicon.svg",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
        binding_refresh_interval=0.5,
    )
    nicegui_app.add_static_files("/console", STATIC, max_cache_age=3600)
    ui.add_head_html(f'<link rel="stylesheet" href="/console/theme.css?v={USUAL.look}">', shared=True)
    async with _alive(console), watched(opening.application, opening.changes):
        yield _Side(opening.application, _Gate(console, opening.map_look))


@asynccontextmanager
async def _alive(console: FastAPI) -> AsyncIterator[None]:
    """NiceGUI lives while the block lasts, and ends also where the block raises: its own lifespan does not see to that."""
    raised: BaseException | None = None
    async with console.router.lifespan_context(console):
        try:
            yield
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it goes on as soon as NiceGUI has ended
            raised = failure
    if raised is not None:
        raise raised


class _Side:
    """API to the one side, console to the other."""

    def __init__(self, api: ASGIApp, console: ASGIApp) -> None:
        self._api = api
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_api = any(path == each or path.startswith(f"{each}/") for each in API_PATHS)
        await (self._api if is_api else self._console)(scope, receive, send)


class _Gate:
    """In front of the console: reads how it shall look, writes what a browser may do with it."""

    def __init__(self, console: ASGIApp, map_look: MapLook) -> None:
        self._console = console
        tiles = urlsplit(map_look.tiles.replace("{s}", "*")) if map_look.tiles else None
        pictures = f" {tiles.scheme}://{tiles.netloc}" if tiles else ""
        self._headers = [
            (
                b"content-security-policy",
                (
                    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
                    f"img-src 'self' data: blob:{pictures}; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; "
                    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
                ).encode(),
            ),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(self), geolocation=(self), microphone=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or not _of_our_own(scope):
            if scope["type"] == "http":
                await Response("Another site asked for this.", 403)(scope, receive, send)
            elif scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})  # the browser is told 403
            return
        MANNER.set(manner_of(Request(scope) if scope["type"] == "http" else None))

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        await self._console(scope, receive, marked)


def _of_our_own(scope: Scope) -> bool:
    """Whether what acts (a form, a web socket) was begun by a page of ours. Looking may begin anywhere."""
    if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
        return True
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode(
        "latin-1"
    )


# -- pages


def _draw_pages(opening: Opening) -> None:
    known = pages.found()
    for page in known:
        _OurPage(page.path, response_timeout=20.0)(_shown(page, known, opening))


def _shown(
    page: Page, known: tuple[Page, ...], opening: Opening
) -> Callable[[Request], Awaitable[Response | None]]:
    async def show(request: Request) -> Response | None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        desk = await _desk(request, opening, path)
        if desk is None:
            return RedirectResponse(f"/login?next={quote(path)}", 303)
        role = desk.who.role
        if path == "/" and not page.is_for(role):  # where a log-in leads: to the first page that is theirs
            return RedirectResponse(next(each.path for each in known if each.is_for(role)), 303)
        with framed(desk, page, known):
            if not page.is_for(role):
                not_for_you(desk)
                return None
            try:
                await page.show(desk)
            except Refused as refused:
                if refused.status != 403:
                    raise
                not_for_you(desk, refused.detail)
        return None

    return show


async def _desk(request: Request, opening: Opening, path: str) -> Desk | None:
    """The desk of whoever is logged in; None where nobody is."""
    token = request.cookies.get(SESSION)
    if not token:
        return None
    manner = MANNER.get()
    api = Api(opening.application, token, manner.language, (caller_address(request), 0))
    try:
        session = await api.get("/v1/session")
    except Refused:
        return None
    member = session["staff"]
    shops = None if member["shops"] is None else frozenset(member["shops"])
    return Desk(
        Who(member["id"], member["name"], member["email"], member["role"], shops),
        api,
        manner.language,
        manner.theme,
        path,
        partial(opening.listen, shops),
        opening.map_look,
        {**request.query_params, **{k: str(v) for k, v in request.path_params.items()}},
    )

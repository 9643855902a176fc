"""Opens the console: NiceGUI behind a gate that knows who is logged in.

In: the API's application and what the console needs from the house. Out: an ASGI application for all paths that are not the API's. Pages are
registered once a process, since NiceGUI is one application a process.

A session is the staff's own token in a cookie that no script can read (HttpOnly, SameSite=Lax, Secure over https). Pages act over a
web socket that only the page itself knows the name of; the few forms there are (log-in, log-out) are refused when another site
posts them. Quasar compiles its templates in the browser, hence 'unsafe-eval'; nothing is ever loaded from elsewhere but map tiles,
where the shop has set them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.console import pages
from server.web.console.api import Api, Refused
from server.web.console.desk import Desk, Listen, MapLook, Theme, Who
from server.web.console.frame import framed
from server.web.console.gate import log_in_page, not_for_you
from server.web.console.languages import LANGUAGES, Language
from server.web.console.page import Page
from server.web.limits import caller_address

SESSION, LANGUAGE, THEME = "soglia_session", "soglia_language", "soglia_theme"

#: What the API answers; all else is the console's.
API_PATHS: Final = ("/v1", "/ingest", "/health", "/metrics", "/docs", "/redoc", "/openapi.json")

_STATIC: Final = Path(__file__).parent / "static"
_YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Opening:
    """What the console needs: the API, the news of the bus, and how maps look."""

    application: ASGIApp
    listen: Listen
    map_look: MapLook = field(default_factory=MapLook)


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the request under way wants to be answered."""

    language: Language = "en"
    theme: Theme = "auto"


_USUAL: Final = _Manner()
_MANNER: ContextVar[_Manner] = ContextVar("manner", default=_USUAL)


class _OurPage(ui.page):
    """NiceGUI's page, in the language and light of each reader."""

    def resolve_language(self) -> Any:
        return {"en": "en-GB", "it": "it"}[_MANNER.get().language]

    def resolve_dark(self) -> bool | None:
        return {"light": False, "dark": True, "auto": None}[_MANNER.get().theme]


@asynccontextmanager
async def opened(opening: Opening) -> AsyncIterator[ASGIApp]:
    """The API and the console as one application, while the block lasts."""
    console = FastAPI(openapi_url=None)
    _forms(console, opening)
    _draw_pages(opening)
    ui.run_with(
        console,
        title="Soglia",
        favicon=_STATIC / "favicon.svg",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
        binding_refresh_interval=0.5,
    )
    nicegui_app.add_static_files("/console", _STATIC, max_cache_age=3600)
    ui.add_head_html(f'<link rel="stylesheet" href="/console/theme.css?v={_version()}">', shared=True)
    async with console.router.lifespan_context(console):
        yield _Side(opening.application, _Gate(console, opening.map_look))


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
            return
        _MANNER.set(_manner(Request(scope) if scope["type"] == "http" else None))

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


def _manner(request: Request | None) -> _Manner:
    if request is None:
        return _Manner()
    theme = request.cookies.get(THEME, "auto")
    return _Manner(_language(request), cast("Theme", theme) if theme in {"light", "dark", "auto"} else "auto")


def _language(request: Request) -> Language:
    wanted = [request.cookies.get(LANGUAGE, ""), *request.headers.get("accept-language", "").split(",")]
    for each in wanted:
        for language in LANGUAGES:
            if each.strip().lower().startswith(language):
                return language
    return "en"


# -- forms


def _forms(console: FastAPI, opening: Opening) -> None:
    @console.post("/login")
    async def log_in(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        api = Api(opening.application, None, _MANNER.get().language, (caller_address(request), 0))
        try:
            session = await api.post("/v1/login", {"email": email, "password": password})
        except Refused as refused:
            asked = {"why": "wait" if refused.status == 429 else "wrong", "email": email, "next": next}
            return RedirectResponse(f"/login?{urlencode(asked)}", 303)
        answer = RedirectResponse(_within(next), 303)
        answer.set_cookie(
            SESSION, session["token"], httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return answer

    @console.post("/logout")
    async def log_out(request: Request) -> Response:
        token = request.cookies.get(SESSION)
        if token:
            with suppress(Refused):  # it had ended already
                await Api(opening.application, token, "en").post("/v1/logout")
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION)
        return answer

    @console.get("/prefer")
    async def prefer(request: Request, next: str = "/", language: str = "", theme: str = "") -> Response:
        """Remembers a reader's language or light, in their browser."""
        answer = RedirectResponse(_within(next), 303)
        for name, value, known in (
            (LANGUAGE, language, LANGUAGES),
            (THEME, theme, ("light", "dark", "auto")),
        ):
            if value in known:
                answer.set_cookie(
                    name, value, max_age=_YEAR_S, samesite="lax", secure=request.url.scheme == "https"
                )
        return answer


def _within(path: str) -> str:
    """A path of this console, whatever somebody made of it."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


# -- pages


def _draw_pages(opening: Opening) -> None:
    known = pages.found()
    for page in known:
        _OurPage(page.path, response_timeout=20.0)(_shown(page, known, opening))

    async def log_in(request: Request) -> Response | None:
        if await _desk(request, opening, "/") is not None:
            return RedirectResponse(_within(request.query_params.get("next", "/")), 303)
        log_in_page(_MANNER.get().language, dict(request.query_params))
        return None

    _OurPage("/login")(log_in)


def _shown(
    page: Page, known: tuple[Page, ...], opening: Opening
) -> Callable[[Request], Awaitable[Response | None]]:
    async def show(request: Request) -> Response | None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        desk = await _desk(request, opening, path)
        if desk is None:
            return RedirectResponse(f"/login?next={quote(path)}", 303)
        with framed(desk, page, known):
            if page.is_for(desk.who.role):
                await page.show(desk)
            else:
                not_for_you(desk)
        return None

    return show


async def _desk(request: Request, opening: Opening, path: str) -> Desk | None:
    """The desk of whoever is logged in; None where nobody is."""
    token = request.cookies.get(SESSION)
    if not token:
        return None
    manner = _MANNER.get()
    api = Api(opening.application, token, manner.language, (caller_address(request), 0))
    try:
        session = await api.get("/v1/session")
    except Refused:
        return None
    member = session["staff"]
    return Desk(
        Who(member["id"], member["name"], member["email"], member["role"]),
        api,
        manner.language,
        manner.theme,
        path,
        opening.listen,
        opening.map_look,
        {**request.query_params, **{k: str(v) for k, v in request.path_params.items()}},
    )


def _version() -> int:
    """Changes when the look does, so that no browser shows the old one."""
    return max(int(path.stat().st_mtime) for path in _STATIC.iterdir())

"""The forms by which staff come in and go: plain posts, which work before anything else has loaded.

In: what a form holds. Out: a session's token in a cookie that no script can read, or the form again with what was wrong. What is typed is
judged by the API's own doors. A log-in always makes a new session and ends the one that the browser had.
"""

from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp

from server.web.console.api import Api, Refused
from server.web.console.gate import code_page, invitation_page, log_in_page
from server.web.console.languages import LANGUAGES
from server.web.console.manner import LANGUAGE, MANNER, THEME
from server.web.limits import caller_address

SESSION, STEP = "soglia_session", "soglia_step"

_YEAR_S: Final = 365 * 86_400

#: What a browser calls itself, and what people call it; the first that fits, for most claim to be others too.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def coming_in(console: FastAPI, doors: ASGIApp) -> None:
    """Adds the forms; `doors` is the API."""
    _at_the_gate(console, doors)
    _logging_in(console, doors)
    _going(console, doors)
    _joining(console, doors)


def within(path: str) -> str:
    """A path of this console, whatever somebody made of it."""
    plain = path.isprintable() and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain else "/"


def _stranger(request: Request, doors: ASGIApp) -> Api:
    """The doors, for who is not logged in."""
    return Api(doors, None, MANNER.get().language, (caller_address(request), 0))


def _at_the_gate(console: FastAPI, doors: ASGIApp) -> None:
    @console.get("/login")
    async def ask(request: Request) -> Response:
        asked = dict(request.query_params)
        token = request.cookies.get(SESSION)
        if token:
            with suppress(Refused):  # it has ended: so ask
                await Api(doors, token, "en", (caller_address(request), 0)).get("/v1/session")
                return RedirectResponse(within(asked.get("next", "/")), 303)
        halfway = asked.get("step") == "code" and STEP in request.cookies
        return _shown((code_page if halfway else log_in_page)(MANNER.get(), asked))

    @console.get("/invitation/{token}")
    async def invited(request: Request, token: str) -> Response:
        try:
            shown = await _stranger(request, doors).get(f"/v1/invitations/{quote(token, safe='')}")
        except Refused as refused:
            shown, why = None, "wait" if refused.status == 429 else "gone"
        else:
            why = request.query_params.get("why", "")
        return _shown(invitation_page(MANNER.get(), token, shown, why))


def _shown(page: str) -> Response:
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _logging_in(console: FastAPI, doors: ASGIApp) -> None:
    @console.post("/login")
    async def log_in(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        api = _stranger(request, doors)
        said = {"email": email, "password": password, "browser": _browser(request)}
        try:
            answer = await api.post("/v1/login", said)
        except Refused as refused:
            asked = {"why": "wait" if refused.status == 429 else "wrong", "email": email, "next": next}
            return RedirectResponse(f"/login?{urlencode(asked)}", 303)
        if "ticket" not in answer:
            return await _came_in(request, doors, answer, next)
        to_the_code = RedirectResponse(f"/login?{urlencode({'step': 'code', 'next': next})}", 303)
        _keep(request, to_the_code, STEP, answer["ticket"], path="/login")
        return to_the_code

    @console.post("/login/code")
    async def finish(
        request: Request, code: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"
    ) -> Response:
        api = _stranger(request, doors)
        try:
            session = await api.post(
                "/v1/login/code", {"ticket": request.cookies.get(STEP, ""), "code": code.strip()[:64]}
            )
        except Refused as refused:
            if refused.status == 401 and not refused.faults:
                return RedirectResponse(f"/login?{urlencode({'why': 'late', 'next': next})}", 303)
            why = "wait_code" if refused.status == 429 else "code"
            return RedirectResponse(f"/login?{urlencode({'step': 'code', 'why': why, 'next': next})}", 303)
        return await _came_in(request, doors, session, next)


async def _came_in(request: Request, doors: ASGIApp, session: Any, next: str) -> Response:
    await _end(request, doors)
    answer = RedirectResponse(within(next), 303)
    _keep(request, answer, SESSION, session["token"])
    answer.delete_cookie(STEP, path="/login")
    return answer


async def _end(request: Request, doors: ASGIApp) -> None:
    """The session that this browser had, if any."""
    token = request.cookies.get(SESSION)
    if token:
        with suppress(Refused):  # it had ended already
            await Api(doors, token, "en", (caller_address(request), 0)).post("/v1/logout")


def _going(console: FastAPI, doors: ASGIApp) -> None:
    @console.post("/logout")
    async def log_out(request: Request) -> Response:
        await _end(request, doors)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION)
        return answer

    @console.get("/prefer")
    async def prefer(request: Request, next: str = "/", language: str = "", theme: str = "") -> Response:
        """Remembers a reader's language or light, in their browser."""
        answer = RedirectResponse(within(next), 303)
        for name, value, known in (
            (LANGUAGE, language, LANGUAGES),
            (THEME, theme, ("light", "dark", "auto")),
        ):
            if value in known:
                answer.set_cookie(name, value, max_age=_YEAR_S, samesite="lax", secure=_is_secure(request))
        return answer


def _joining(console: FastAPI, doors: ASGIApp) -> None:
    @console.post("/invitation/{token}")
    async def take_up(
        request: Request,
        token: str,
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        """Somebody chooses their password; with it they log in."""
        here = f"/invitation/{quote(token, safe='')}"
        if password != again:
            return RedirectResponse(f"{here}?why=unlike", 303)
        api = _stranger(request, doors)
        try:
            member = await api.post(f"/v1/invitations/{quote(token, safe='')}", {"password": password})
        except Refused as refused:
            why = {422: "short", 429: "wait", 409: "taken"}.get(refused.status, "gone")
            return RedirectResponse(f"{here}?why={why}", 303)
        return RedirectResponse(f"/login?{urlencode({'why': 'welcome', 'email': member['email']})}", 303)


def _keep(request: Request, answer: Response, name: str, token: str, path: str = "/") -> None:
    answer.set_cookie(name, token, httponly=True, samesite="lax", secure=_is_secure(request), path=path)


def _is_secure(request: Request) -> bool:
    """As the browser sees it: behind a proxy that is trusted its word counts."""
    return request.url.scheme == "https"


def _browser(request: Request) -> str | None:
    """`Firefox, Windows`: so that people know their sessions again. Nothing else of what the browser says is kept."""
    said = request.headers.get("user-agent", "")
    known = (next((name for mark, name in names if mark in said), None) for names in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in known if name) or None

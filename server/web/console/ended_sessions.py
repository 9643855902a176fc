"""Pages live no longer than the session that they were opened with, and belong to the browser that opened them.

In: the API, and the news that keys changed. Out: pages whose session has ended are led to the log-in and hear and do nothing more; a web
socket acts only on pages that were opened with its own session's cookie. NiceGUI itself asks a socket for nothing but a page's id.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, quote

import structlog
from nicegui import Client, core
from starlette.types import ASGIApp

from server.web.console.api import Api, Refused
from server.web.console.coming_in import SESSION
from server.web.console.desk import Listen

#: Sessions that end by their hour, or by another process, are noticed within this.
LOOK_EACH_S: Final = 10.0

#: However many keys change (each phone that registers has one), it is looked at most so often.
LOOK_PAUSE_S: Final = 0.5

#: A page that is led away has so long to hear of it.
_HEARS_WITHIN_S: Final = 2.0

#: What sockets may ask for, and what NiceGUI does then.
_SPOKEN: Final = ("handshake", "event", "javascript_response", "ack", "log")

log = structlog.get_logger(__name__)

#: Pages whose session has ended, by id, while they still stand.
_ended: set[str] = set()


def bind_sockets() -> None:
    """Sockets act on their own pages alone, from now on. Doing it again changes nothing."""
    handlers = core.sio.handlers["/"]
    if getattr(handlers["event"], "is_bound", False):
        return
    for name in _SPOKEN:
        core.sio.on(name, _bound(handlers[name]))
    core.sio.on("connect", _admitting(handlers["connect"]))


def _bound(act: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def own_page_only(socket: str, said: Mapping[str, Any]) -> Any:
        if not _may_act(str(said.get("client_id", "")), core.sio.get_environ(socket)):
            return False
        done = act(socket, said)
        return await done if asyncio.iscoroutine(done) else done

    own_page_only.is_bound = True  # type: ignore[attr-defined]  # a mark, so that nothing is bound twice
    return own_page_only


def _admitting(connect: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[bool]]:
    async def admitted(socket: str, environ: Mapping[str, Any], more: Any = None) -> bool:
        page = parse_qs(str(environ.get("QUERY_STRING", ""))).get("client_id", [""])[0]
        if not _may_act(page, environ):
            return False  # refused: the page is somebody else's, or over
        await connect(socket, environ, more)
        return True

    return admitted


def _may_act(page: str, environ: Mapping[str, Any] | None) -> bool:
    """Whether a socket with these headers may act on a page: it comes with the session of whoever opened it, which has not ended."""
    client = Client.instances.get(page)
    if client is None:
        return True  # nothing to act on: NiceGUI answers that the page is no more
    if page in _ended:
        return False
    cookies = SimpleCookie()
    with suppress(CookieError):
        cookies.load(str((environ or {}).get("HTTP_COOKIE", "")))
    given = cookies[SESSION].value if SESSION in cookies else None
    return given == _session_of(client)


def _session_of(client: Client) -> str | None:
    token: str | None = client.request.cookies.get(SESSION) if client.request else None
    return token or None


@asynccontextmanager
async def watched(doors: ASGIApp, changes: Listen | None) -> AsyncIterator[None]:
    """While the block lasts, pages are led away when their session ends. `changes` tells of keys that ended here; others are looked for.

    A watch that dies ends the block: pages that outlive their session must not go unnoticed.
    """
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watch = [group.create_task(_look(doors, changed), name="ended_sessions")]
        if changes is not None:
            watch.append(group.create_task(_hear(changes, changed), name="changed_keys"))
        try:
            yield
        finally:
            for task in watch:
                task.cancel()


async def _hear(changes: Listen, changed: asyncio.Event) -> None:
    """Sets the event when some key changed that is no single device's."""
    async with changes() as news:
        async for told in news:
            if told.get("name") == "keys" and not {"device", "shopper"} & told.keys():
                changed.set()


async def _look(doors: ASGIApp, changed: asyncio.Event) -> None:
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), LOOK_EACH_S)
        await asyncio.sleep(LOOK_PAUSE_S)
        changed.clear()
        try:
            await _lead_away(doors)
        except Exception as failure:  # noqa: BLE001 - the next look may succeed; pages still act through the API alone
            log.warning("sessions_not_looked_at", why=type(failure).__name__)


async def _lead_away(doors: ASGIApp) -> None:
    open_pages: dict[str, list[Client]] = {}
    for client in list(Client.instances.values()):
        token = _session_of(client)
        if token is not None and client.id not in _ended:
            open_pages.setdefault(token, []).append(client)
    for token, pages in open_pages.items():
        if not await _lives(doors, token):
            await _end(pages)


async def _lives(doors: ASGIApp, token: str) -> bool:
    try:
        await Api(doors, token, "en").get("/v1/sessions")  # asks no more than whether it lives
    except Refused as refused:
        return refused.status != 401
    return True


async def _end(pages: list[Client]) -> None:
    for client in pages:
        _ended.add(client.id)
        path = client.request.url.path if client.request else "/"
        client.open(f"/login?next={quote(path)}")
    await asyncio.sleep(_HEARS_WITHIN_S)
    for client in pages:
        if client.id in Client.instances:
            client.delete()
        _ended.discard(client.id)

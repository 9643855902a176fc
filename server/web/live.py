"""`GET /v1/live`: zone events and decisions as they happen, as server-sent events (HTML Living Standard, section 9.2).

In: the news of the bus, plain values with a `type`. Out: an endless answer; staff and the shop's systems see all, a device only what is
its own. A listener that reads too slowly loses the oldest news, never the path's time. Nothing is replayed: what was missed is in
`/v1/decisions` and `/v1/visits`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Security
from starlette.requests import Request
from starlette.responses import StreamingResponse

from server.bus.contract import Bus, News
from server.bus.phones import Phones, Told
from server.records.keys import Principal
from server.web.guard import Door, Guard
from server.web.problem import Problem
from server.web.shop_news import ShopNews

#: Proxies give up on a silent connection after 30 to 60 seconds; and this is how soon an ended token is noticed.
PING_S: Final = 15.0

#: Each listener costs a connection and a queue of news: screens in shops are dozens.
MOST_LISTENERS: Final = 1_000


def live_routes(
    bus: Bus,
    guard: Guard,
    closing: asyncio.Event,
    *,
    ping_s: float = PING_S,
    most_listeners: int = MOST_LISTENERS,
    phones: Phones | None = None,
    whose: Callable[[str], Awaitable[str]] | None = None,
) -> APIRouter:
    """`closing` is set when the server begins to stop: every stream ends at once, so that none holds it up.

    A phone that listens is one of `phones` meanwhile, under the shopper that `whose` gives for its device.
    """
    router = APIRouter(tags=["why"])
    door: Any = Security(Door(guard.keyring, "listener", ("staff", "server", "device")))
    listeners: set[object] = set()

    @router.get(
        "/v1/live",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"text/event-stream": {}}},
            503: {"description": "Too many listen already"},
        },
    )
    async def live(request: Request, caller: Annotated[Principal, door]) -> StreamingResponse:
        """Zone events (`zone_event`) and decisions (`decision`) as they happen; a phone is told its offers (`offer`) too."""
        if len(listeners) >= most_listeners:
            raise Problem(503, None, "Too many listen already: try later.", headers={"Retry-After": "60"})
        shopper = await whose(caller.owner or "") if whose and caller.kind == "device" else None
        token = request.headers["Authorization"].partition(" ")[2].strip()

        async def counted() -> AsyncIterator[bytes]:
            me = object()
            listeners.add(me)
            with ExitStack() as stack:
                stack.callback(listeners.discard, me)
                mine = None
                if phones is not None and shopper is not None:
                    mine = stack.enter_context(phones.listening(shopper, caller.owner or "")).waiting
                heard = bus if caller.shops is None else ShopNews(bus, guard.keyring.database, caller.shops)
                async for part in events(
                    heard, _wants(caller), closing, ping_s, lambda: _knows(guard, token), mine
                ):
                    yield part

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back
        return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)

    return router


async def events(
    bus: Bus | ShopNews,
    wants: Callable[[News], bool],
    closing: asyncio.Event,
    ping_s: float = PING_S,
    may_listen: Callable[[], bool] = lambda: True,
    mine: asyncio.Queue[Told] | None = None,
) -> AsyncIterator[bytes]:
    """The parts of a stream: an opening, then wanted news as they come, and a ping where none came for `ping_s`.

    What is told to this phone alone comes through `mine`, and counts as written when the part after it is asked for.
    Ends when `closing` is set, or when a ping is due and the listener may not listen any more.
    """
    async with bus.listen("live") as news:
        yield b": what happens from now on\n\n"
        closed = asyncio.ensure_future(closing.wait())
        coming = asyncio.ensure_future(anext(news))
        own = mine or asyncio.Queue[Told]()
        told = asyncio.ensure_future(own.get())
        try:
            while not closed.done():
                await asyncio.wait(
                    {closed, coming, told}, timeout=ping_s, return_when=asyncio.FIRST_COMPLETED
                )
                if told.done():
                    offer, told = told.result(), asyncio.ensure_future(own.get())
                    if offer.written.done():
                        continue  # nobody waits for it any more: another channel has it by now
                    yield _event(offer.news)
                    if not offer.written.done():
                        offer.written.set_result(None)
                elif coming.done():
                    happened = coming.result()
                    coming = asyncio.ensure_future(anext(news))
                    if wants(happened):
                        yield _event(happened)
                elif not closed.done():
                    if not may_listen():
                        return
                    yield b": still here\n\n"
        finally:
            for waiting in (closed, coming, told):
                waiting.cancel()
                with suppress(asyncio.CancelledError):
                    await waiting


def _event(news: News) -> bytes:
    """JSON has no line breaks unless asked for, so that one line of data holds it."""
    return f"event: {news['type']}\ndata: {json.dumps(news, default=_plain)}\n\n".encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} cannot be news")


def _wants(caller: Principal) -> Callable[[News], bool]:
    if caller.kind == "device":
        return lambda news: news.get("device") == caller.owner
    return lambda _news: True


def _knows(guard: Guard, token: str) -> bool:
    return guard.keyring.find(token) is not None

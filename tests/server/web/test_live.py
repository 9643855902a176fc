"""The live stream: staff see all that happens, a phone only its own, and none holds up a server that stops."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from server.bus.local import LocalBus
from server.records.tables import ZoneRow
from server.web.live import events, live_routes
from server.web.shop_news import ShopNews
from tests.server.records.rows import keep

ENTERED = {
    "type": "zone_event",
    "kind": "entered",
    "device": "d_1",
    "shopper": "sh_1",
    "zone": "shoes",
    "visit": "v_1",
}
DECIDED = {
    "type": "decision",
    "verdict": "withhold",
    "device": "d_2",
    "at": datetime(2026, 6, 10, 12, tzinfo=UTC),
}


@pytest.fixture
def closing():
    return asyncio.Event()


@pytest.fixture
def listen(bus, guard, tokens, open_doors, closing):
    """`await listen("manager", news, ..., until=2)`: what a listener is told; the server stops after so many events."""
    app = open_doors(live_routes(bus, guard, closing))._transport.app

    async def told(who, *news, until):
        heard = []

        async def receive():
            await asyncio.Event().wait()  # a listener that never hangs up

        async def send(message):
            part = message.get("body", b"")
            if part.startswith(b": what happens"):
                for each in news:
                    bus.announce("live", each)
            if part.startswith(b"event: "):
                kind, data = part.decode().rstrip().split("\n")
                heard.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
            if len(heard) == until:
                closing.set()

        authorization = tokens.headers(who)["Authorization"].encode()
        headers = [(b"authorization", authorization), (b"host", b"shop.example")]
        scope = {"type": "http", "method": "GET", "path": "/v1/live", "query_string": b"", "headers": headers}
        async with asyncio.timeout(10):
            await app({**scope, "asgi": {"spec_version": "2.4"}, "http_version": "1.1"}, receive, send)
        return heard

    return told


async def test_staff_see_all_that_happens(listen):
    decided = {**DECIDED, "at": "2026-06-10T12:00:00Z"}
    assert await listen("manager", ENTERED, DECIDED, until=2) == [
        ("zone_event", ENTERED),
        ("decision", decided),
    ]


async def test_a_phone_sees_only_its_own(listen):
    assert await listen("device", DECIDED, ENTERED, until=1) == [("zone_event", ENTERED)]


async def test_gateways_do_not_listen(bus, guard, tokens, open_doors, closing):
    client = open_doors(live_routes(bus, guard, closing))
    assert (await client.get("/v1/live", headers=tokens.headers("gateway"))).status_code == 403


async def test_the_stream_is_one_of_server_sent_events(bus, guard, tokens, open_doors, closing):
    closing.set()
    client = open_doors(live_routes(bus, guard, closing))
    answer = await client.get("/v1/live", headers=tokens.headers("manager"))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith(": ")


@pytest.fixture
def calm_bus():
    return LocalBus()


async def test_a_quiet_stream_says_that_it_is_still_there(calm_bus, closing):
    stream = events(calm_bus, lambda _: True, closing, ping_s=0.001)
    assert (await anext(stream)).startswith(b": ")
    assert await anext(stream) == b": still here\n\n"
    calm_bus.announce("live", ENTERED)
    parts = [await anext(stream) for _ in range(3)]
    assert any(part.startswith(b"event: zone_event\ndata: {") for part in parts)
    await stream.aclose()
    assert not calm_bus._listeners["live"]


async def test_a_stream_ends_when_the_server_stops(calm_bus, closing):
    stream = events(calm_bus, lambda _: True, closing, ping_s=3600)
    await anext(stream)
    ending = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0)
    closing.set()
    async with asyncio.timeout(5):
        assert await ending is None
    assert not calm_bus._listeners["live"]


async def test_a_listener_whose_token_ended_hears_no_more(calm_bus, closing):
    stream = events(calm_bus, lambda _: True, closing, ping_s=0.001, may_listen=lambda: False)
    assert len([part async for part in stream]) == 1
    assert not calm_bus._listeners["live"]


async def test_only_so_many_listen_at_once(bus, guard, tokens, open_doors, closing):
    client = open_doors(live_routes(bus, guard, closing, most_listeners=0))
    refused = await client.get("/v1/live", headers=tokens.headers("manager"))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")


async def test_who_is_of_some_shops_hears_of_these_alone(bus, database, noon):
    zone = {"type": "Feature", "geometry": None, "properties": {}}
    rows = [
        ZoneRow(id=name, name=name, level="site", feature=zone, created_at=noon, updated_at=noon)
        for name in ("brera", "navigli")
    ]
    async with database.writing() as connection:
        await keep(connection, *rows)
    async with ShopNews(bus, database, frozenset({"brera"})).listen("live") as news:
        bus.announce("live", {"type": "zone_event", "zone": "navigli"})
        words = [{"words": "was in navigli"}]
        bus.announce("live", {"type": "decision", "zone": "brera", "reasons": words})
        assert await anext(news) == {"type": "decision", "zone": "brera", "reasons": [{"words": "was in …"}]}

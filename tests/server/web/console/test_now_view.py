"""The page *Now* listens while somebody looks, and leaves nothing behind."""

import asyncio
from datetime import UTC, datetime

import pytest
from nicegui import Client, core, ui

from server.bus.local import LocalBus
from server.web.console.desk import Desk, Who
from server.web.console.now_view import NowView

ZONE = {
    "geometry": None,
    "properties": {"id": "shoes", "name": "Shoes", "level": "zone", "parent": None, "time_zone": "UTC"},
}


def news(**changes):
    return {
        "type": "zone_event",
        "kind": "entered",
        "device": "d_1",
        "shopper": "sh_1",
        "zone": "shoes",
        "visit": "v_1",
        "at": datetime.now(UTC),
        "late": False,
        **changes,
    }


class OneZone:
    """An API that knows one zone, with as many people in it as the test says."""

    def __init__(self):
        self.people, self.asked = 0, []

    async def get(self, path, **_asked):
        self.asked.append(path)
        present = {
            "zone": "shoes",
            "name": "Shoes",
            "people": self.people,
            "as_of": datetime.now(UTC).isoformat(),
        }
        lines = [present] if path == "/v1/reports/present" else []
        return {"features": [ZONE], "lines": lines}

    async def all(self, path, _key, **_asked):
        self.asked.append(path)
        return []


@pytest.fixture
async def visit(monkeypatch):
    """A page that is open: the view, its API, the bus and the client of a browser that has joined."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    bus, api = LocalBus(), OneZone()
    who = Who("st_1", "Ann", "a@b", "analyst")
    desk = Desk(who, api, "en", "auto", "/", lambda: bus.listen("live"))  # type: ignore[arg-type]
    client = Client(ui.page("/"))
    with client:
        view = NowView(desk, [ZONE], [], [])
        await view.open()
        view.follow(client)
    yield view, api, bus, client
    if not client._deleted:
        client.delete()


async def soon(true):
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def joins(client):
    for handler in client.connect_handlers:
        handler(client) if handler.__code__.co_argcount else handler()


def listeners(bus):
    return len(bus._listeners["live"])


async def test_a_page_that_nobody_joined_listens_to_nothing(visit):
    _view, _api, bus, _client = visit
    await asyncio.sleep(0)
    assert listeners(bus) == 0


async def test_a_closed_tab_leaves_no_listener_and_no_task(visit):
    _view, _api, bus, client = visit
    joins(client)
    joins(client)  # a browser that lost its line joins again
    await soon(lambda: listeners(bus) == 1)
    client.delete()
    await soon(lambda: listeners(bus) == 0)
    assert "now: news" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_nothing_is_asked_or_drawn_while_nothing_happens(visit):
    view, api, bus, client = visit
    joins(client)
    await soon(lambda: listeners(bus) == 1 and api.asked[-1] == "/v1/reports/lately")
    await view._draw()
    before = [*api.asked]
    await view._draw()
    bus.announce("live", news(zone="of-another-shop"))
    await asyncio.sleep(0.01)
    await view._draw()
    assert api.asked == before


async def test_a_hundred_news_are_one_question(visit):
    view, api, bus, client = visit
    joins(client)
    await soon(lambda: listeners(bus) == 1 and api.asked[-1] == "/v1/reports/lately")
    await view._draw()
    api.people, before = 1, len(api.asked)
    for _ in range(100):
        bus.announce("live", news())
    await soon(lambda: len(view._happenings.newest("all")) == 50)
    await view._draw()
    assert api.asked[before:] == ["/v1/reports/present"]
    assert "Somebody entered <b>Shoes</b>" in view._stream.content
    assert ">1</td>" in view._people.content

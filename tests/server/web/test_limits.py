"""A body has an end, and so have tries."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from server.web import problem
from server.web.limits import BodyLimit, Throttle
from server.web.problem import Problem


@pytest.fixture
async def door():
    app = FastAPI()
    problem.install(app)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/parsed")
    async def parsed(numbers: list[int]) -> int:
        return len(numbers)

    app.add_middleware(BodyLimit, most_bytes=100)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop.example"
    ) as client:
        yield client


async def drip(count):
    for _ in range(count):
        yield b"0" * 10


@pytest.mark.parametrize("path", ["/raw", "/parsed"])
async def test_a_body_that_is_announced_too_large_is_refused_unread(door, path):
    answer = await door.post(path, content=b"0" * 101)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/raw", "/parsed"])
async def test_a_body_that_does_not_say_its_length_is_refused_when_it_gets_too_large(door, path):
    answer = await door.post(path, content=drip(11), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_just_fits_goes_through(door):
    assert (await door.post("/raw", content=b"0" * 100)).json() == 100
    assert (await door.post("/raw", content=drip(10))).json() == 100


async def nobody(_token):
    return False


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sog_device_guessed"}])
async def test_who_has_no_known_token_may_send_no_more_than_a_log_in_needs(headers):
    async def never(scope, receive, send):
        raise AssertionError("a door was reached")

    limited = BodyLimit(never, most_bytes=2_000_000, knows=nobody)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(limited), base_url="http://shop.example"
    ) as client:
        answer = await client.post("/v1/login", content=b"[" * 100_000, headers=headers)
    assert answer.status_code == 413


async def test_a_body_that_never_comes_is_not_waited_for_for_ever():
    app = FastAPI()
    problem.install(app)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(BodyLimit, most_bytes=100, body_within_s=0.01)
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/raw",
        "headers": [],
        "query_string": b"",
        "http_version": "1.1",
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 408


class Tries:
    """A throttle and a clock that stands until it is moved."""

    def __init__(self, tries, per_s):
        self.now = 1000.0
        self.throttle = Throttle(tries, per_s, clock=lambda: self.now)

    def made(self, name="ann"):
        try:
            self.throttle.spend(name, "tries")
        except Problem as refused:
            return int(refused.headers["Retry-After"])
        return 0


def test_some_tries_come_at_once_then_one_by_one():
    tries = Tries(3, 60)
    assert [tries.made() for _ in range(4)] == [0, 0, 0, 20]
    tries.now += 20
    assert [tries.made(), tries.made()] == [0, 20]


def test_knocking_on_while_refused_costs_no_more():
    tries = Tries(1, 60)
    assert [tries.made() for _ in range(5)] == [0, 60, 60, 60, 60]
    tries.now += 60
    assert tries.made() == 0


def test_one_callers_tries_are_not_anothers():
    tries = Tries(1, 60)
    assert [tries.made("ann"), tries.made("bob"), tries.made("ann")] == [0, 0, 60]


def test_a_try_that_was_no_failure_does_not_count():
    tries = Tries(1, 60)
    for _ in range(3):
        assert tries.made() == 0
        tries.throttle.refund("ann")


def test_who_waits_long_enough_has_all_tries_again_and_no_more():
    tries = Tries(3, 60)
    assert tries.made() == 0
    tries.now += 1e6
    assert [tries.made() for _ in range(4)] == [0, 0, 0, 20]

"""Asking again with the same key does nothing twice and gets the same answer."""

import asyncio
from typing import Annotated

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel

from server.records.tables import IdempotencyRow
from server.web.asked import Asked, asking
from server.web.problem import Problem

KEY = "3f0c9a52-4b8e-4b5f-9d0e-6a7b1c2d3e4f"


class Order(BaseModel):
    count: int


class Done(BaseModel):
    number: int
    secret: str


@pytest.fixture
def acted():
    return []


@pytest.fixture
def doors(open_doors, guard, database, acted):
    router = APIRouter()

    @router.post("/orders", status_code=201, response_model=Done)
    async def order(body: Order, asked: Annotated[Asked, asking(guard.app)]) -> Response:
        async def act() -> Done:
            await asyncio.sleep(0)
            if body.count < 0:
                raise Problem(409, None, "nothing left")
            acted.append(body.count)
            return Done(number=len(acted), secret="sog_device_secret")

        async with database.writing() as connection:
            return await asked.once(connection, 201, act)

    return open_doors(router)


@pytest.fixture
def post(doors, tokens):
    def post(count=1, key=KEY, kind="server"):
        headers = tokens.headers(kind) | ({"Idempotency-Key": key} if key else {})
        return doors.post("/orders", json={"count": count}, headers=headers)

    return post


async def test_asking_again_gets_the_same_answer(post, acted):
    first, again = await post(), await post()
    assert (first.status_code, first.json()["number"]) == (201, 1)
    assert (again.status_code, again.content, again.headers["content-type"]) == (
        first.status_code,
        first.content,
        first.headers["content-type"],
    )
    assert acted == [1]


async def test_without_a_key_each_asking_is_a_new_one(post, acted):
    await post(key=None)
    await post(key=None)
    assert acted == [1, 1]


async def test_a_key_does_not_serve_for_another_request(post, acted):
    await post(1)
    answer = await post(2)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "header.Idempotency-Key"
    assert acted == [1]


async def test_asking_many_times_at_once_acts_once(post, acted):
    answers = await asyncio.gather(*[post() for _ in range(5)])
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert acted == [1]


async def test_what_failed_may_be_tried_again_with_the_same_key(post, acted):
    assert (await post(-1)).status_code == 409
    assert (await post(-1)).status_code == 409
    assert (await post(1)).status_code == 201


async def test_two_callers_may_use_the_same_key(post, acted):
    await post(1, kind="server")
    assert (await post(2, kind="app")).status_code == 201
    assert acted == [1, 2]


async def test_the_records_cannot_read_the_answers_they_keep(post, database):
    await post()
    async with database.reading() as connection:
        kept = (await connection.execute(sa.select(IdempotencyRow.__table__))).one()
    assert "secret" not in str(kept)
    assert KEY not in str(kept)


async def test_phones_that_share_a_key_need_one_that_nobody_guesses(post, acted):
    assert (await post(kind="app", key="1")).status_code == 422
    assert (await post(kind="server", key="1")).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_a_key_has_a_form(doors, tokens, key):
    headers = tokens.headers("server") | {"Idempotency-Key": key}
    assert (await doors.post("/orders", json={"count": 1}, headers=headers)).status_code == 422

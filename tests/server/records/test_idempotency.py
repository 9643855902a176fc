"""The first asker acts, all others get their answer; a failed act leaves the turn to the next."""

import asyncio
from datetime import timedelta

import pytest

from server.records import idempotency, retention


async def ask(database, noon, acted):
    async with database.writing() as connection:
        earlier = await idempotency.take_turn(connection, "k_1", "key", b"h" * 32, noon)
        if earlier is not None:
            return earlier.answer
        acted.append(1)
        await asyncio.sleep(0)
        await idempotency.settle(connection, "k_1", "key", 201, "done")
        return "done"


async def test_of_many_askers_at_the_same_moment_one_acts_and_all_get_its_answer(database, noon):
    acted = []
    assert await asyncio.gather(*[ask(database, noon, acted) for _ in range(6)]) == ["done"] * 6
    assert len(acted) == 1


async def test_a_failed_act_leaves_no_trace(database, noon):
    async def fail():
        async with database.writing() as connection:
            await idempotency.take_turn(connection, "k_1", "key", b"h" * 32, noon)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    acted = []
    await ask(database, noon, acted)
    assert acted == [1]


async def test_each_caller_has_keys_of_their_own(database, noon):
    async with database.writing() as connection:
        assert await idempotency.take_turn(connection, "k_1", "key", b"h" * 32, noon) is None
        assert await idempotency.take_turn(connection, "k_2", "key", b"h" * 32, noon) is None
        assert (
            await idempotency.take_turn(connection, "k_1", "key", b"x" * 32, noon)
        ).request_hash == b"h" * 32


async def test_old_answers_are_dropped(database, noon):
    async with database.writing() as connection:
        await idempotency.take_turn(connection, "k_1", "old", b"h" * 32, noon - timedelta(days=2))
        await idempotency.take_turn(connection, "k_1", "new", b"h" * 32, noon)
        gone = await retention.forget_before(connection, "idempotency_hours", noon - timedelta(days=1))
        assert gone == {"idempotency": 1}
        assert await idempotency.take_turn(connection, "k_1", "old", b"h" * 32, noon) is None

"""Unknown means no; an answer holds until the next one; the trail keeps both."""

import asyncio
from datetime import timedelta

import pytest

from server.records import consents, shoppers
from server.records.consents import Wording
from server.records.refusal import NotFound

WORDS = Wording("2026-01", "it", "app")


@pytest.fixture
async def ann(database, noon):
    async with database.writing() as connection:
        return (await shoppers.meet(connection, "ann", noon))[0].id


async def give(database, shopper, answers, now, wording=WORDS):
    async with database.writing() as connection:
        return await consents.give(connection, shopper, answers, wording, now, device="d_1")


async def test_who_never_answered_agreed_to_nothing(database, ann):
    async with database.reading() as connection:
        assert await consents.current(connection, ann) == {}
        assert await consents.granted_by(connection, [ann]) == {ann: set()}


async def test_a_withdrawal_supersedes_and_the_trail_keeps_both(database, ann, noon):
    later = noon + timedelta(days=1)
    await give(database, ann, {"location": True, "push": True}, noon)
    standing = await give(database, ann, {"push": False}, later)
    assert {purpose: row.granted for purpose, row in standing.items()} == {"location": True, "push": False}
    async with database.reading() as connection:
        assert await consents.granted_by(connection, [ann]) == {ann: {"location"}}
        assert await consents.granted(connection, "location") == {ann}
        assert await consents.granted(connection, "push") == set()
        pushes = [row for row in await consents.trail(connection, ann) if row.purpose == "push"]
    assert [(row.granted, row.given_at, row.superseded_at) for row in pushes] == [
        (True, noon, later),
        (False, later, None),
    ]
    assert (pushes[0].text_version, pushes[0].language, pushes[0].how) == ("2026-01", "it", "app")


async def test_the_same_answer_said_again_adds_nothing(database, ann, noon):
    for hours in range(3):
        await give(database, ann, {"push": True}, noon + timedelta(hours=hours))
    async with database.reading() as connection:
        assert len(await consents.trail(connection, ann)) == 1


async def test_the_same_answer_to_new_words_is_a_new_answer(database, ann, noon):
    await give(database, ann, {"push": True}, noon)
    await give(database, ann, {"push": True}, noon, Wording("2026-07", "it", "app"))
    async with database.reading() as connection:
        assert (await consents.current(connection, ann))["push"].text_version == "2026-07"


async def test_answers_at_the_same_moment_leave_one_that_holds(database, ann, noon):
    await asyncio.gather(*[give(database, ann, {"push": n % 2 == 0}, noon) for n in range(6)])
    async with database.reading() as connection:
        standing = [row for row in await consents.trail(connection, ann) if row.superseded_at is None]
    assert len(standing) == 1


async def test_nobody_answers_for_somebody_unknown(database, noon):
    with pytest.raises(NotFound):
        await give(database, "sh_nobody", {"push": True}, noon)

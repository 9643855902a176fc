"""One redeem wins, whoever races."""

import asyncio
from datetime import timedelta

import pytest

from server.records import redemptions
from server.records.redemptions import AlreadyRedeemed
from server.records.refusal import NotFound


@pytest.fixture
async def offer(database, give_offer):
    async with database.writing() as connection:
        await give_offer(connection, "of_1", "sh_1")
    return "of_1"


async def redeem(database, offer, at, **more):
    async with database.writing() as connection:
        return await redemptions.redeem(connection, offer, at, **more)


async def test_an_offer_is_used_with_what_was_paid(database, offer, noon):
    used = await redeem(database, offer, noon, till="till 3", amount=49.9)
    assert (used.shopper_id, used.till, used.amount, used.at) == ("sh_1", "till 3", 49.9, noon)


async def test_the_second_till_is_told_when_it_was(database, offer, noon):
    await redeem(database, offer, noon)
    with pytest.raises(AlreadyRedeemed, match="2026-06-10 12:00:00 UTC"):
        await redeem(database, offer, noon + timedelta(minutes=5))


async def test_of_many_tills_at_the_same_moment_one_wins(database, offer, noon):
    outcomes = await asyncio.gather(
        *[redeem(database, offer, noon) for _ in range(6)], return_exceptions=True
    )
    assert sum(isinstance(outcome, AlreadyRedeemed) for outcome in outcomes) == 5


async def test_an_offer_that_was_never_given_cannot_be_used(database, noon):
    with pytest.raises(NotFound, match="of_none"):
        await redeem(database, "of_none", noon)

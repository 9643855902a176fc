import asyncio
import threading
from datetime import timedelta

import pytest

from server.delivery.bearer import Bearer, Grant
from server.delivery.channel import ChannelDown, TryAgain
from tests.server.delivery.makers import Clock, until


class TokenDoor:
    """Gives token-1, token-2, ... for `life_s` each; `shut` makes it wait, `fault` makes it fail."""

    def __init__(self, clock, life_s=3600):
        self.clock = clock
        self.life_s = life_s
        self.asked = 0
        self.fault = None
        self.open = threading.Event()
        self.open.set()

    def __call__(self):
        self.asked += 1
        token = f"token-{self.asked}"
        assert self.open.wait(5)
        if self.fault is not None:
            raise self.fault
        return Grant(token, self.clock() + timedelta(seconds=self.life_s))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(clock):
    return TokenDoor(clock)


@pytest.fixture
async def bearer(door, clock):
    bearer = Bearer(door, clock)
    yield bearer
    door.open.set()
    await bearer.aclose()


async def test_a_hundred_sends_wait_for_one_fetch(bearer, door):
    tokens = await asyncio.gather(*(bearer.current() for _ in range(100)))
    assert set(tokens) == {"token-1"}
    assert door.asked == 1


async def test_the_next_token_is_fetched_before_the_old_one_ends_and_nobody_waits(bearer, door, clock):
    await bearer.current()
    clock.pass_s(3600 - 299)
    door.open.clear()
    assert await bearer.current() == "token-1"
    assert await bearer.current() == "token-1"
    door.open.set()
    await until(lambda: bearer.good_until == clock() + timedelta(hours=1))
    assert await bearer.current() == "token-2"
    assert door.asked == 2


async def test_a_token_that_ended_is_never_used(bearer, clock):
    await bearer.current()
    clock.pass_s(3600)
    assert await bearer.current() == "token-2"


async def test_short_lived_tokens_are_renewed_in_their_last_quarter(clock):
    door = TokenDoor(clock, life_s=8)
    bearer = Bearer(door, clock)
    await bearer.current()
    clock.pass_s(5.9)
    assert (await bearer.current(), door.asked) == ("token-1", 1)
    clock.pass_s(0.2)
    assert await bearer.current() == "token-1"
    await until(lambda: bearer.good_until == clock() + timedelta(seconds=8))
    await bearer.aclose()


async def test_a_failed_early_renewal_keeps_the_old_token_and_is_not_hammered(bearer, door, clock):
    await bearer.current()
    clock.pass_s(3600 - 200)
    door.fault = TryAgain("the door is shut")
    assert await bearer.current() == "token-1"
    with pytest.raises(TryAgain):
        await bearer.instead_of("token-1")
    assert door.asked == 2
    for _ in range(10):
        assert await bearer.current() == "token-1"
    assert door.asked == 2


async def test_a_refused_service_account_is_said_to_all_who_wait(bearer, door):
    door.fault = ChannelDown("invalid_grant")
    answers = await asyncio.gather(*(bearer.current() for _ in range(5)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"invalid_grant"}
    assert door.asked == 1


async def test_a_refused_token_is_replaced_once_for_all_who_had_it(bearer, door):
    refused = await bearer.current()
    tokens = await asyncio.gather(*(bearer.instead_of(refused) for _ in range(50)))
    assert set(tokens) == {"token-2"}
    assert await bearer.instead_of(refused) == "token-2"
    assert door.asked == 2


async def test_a_send_that_gives_up_does_not_take_the_fetch_away_from_the_others(bearer, door):
    door.open.clear()
    hasty = asyncio.create_task(bearer.current())
    patient = asyncio.create_task(bearer.current())
    await until(lambda: door.asked == 1)
    hasty.cancel()
    door.open.set()
    assert await patient == "token-1"
    assert hasty.cancelled() or hasty.cancelling()

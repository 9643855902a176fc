"""The bus of one process: bounded, in order of arrival, each door answered once, nobody slowed by who went away."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.bus.contract import BusFull, Handover, NotTaken
from server.bus.local import MOST_TOGETHER, NEWS_KEPT, LocalBus
from server.presence.sighting import Batch, Verdict
from tests.makers import fix


def a_batch(count: int = 1, device: str = "phone") -> Batch:
    return Batch.of([fix(i, device=device) for i in range(count)])


async def carried(bus: LocalBus, *batches: Batch) -> list[asyncio.Task]:
    """Doors that wait."""
    doors = [asyncio.create_task(bus.carry(batch)) for batch in batches]
    await asyncio.sleep(0)
    return doors


async def taken_from(bus: LocalBus) -> list[Handover]:
    """What the path takes; where nothing comes, the test fails and does not wait for ever."""
    async with asyncio.timeout(5):
        return await bus.take()


def verdicts(count: int, verdict: Verdict = Verdict.ACCEPTED):
    return np.full(count, verdict, np.uint8)


async def test_a_door_gets_the_verdicts_of_its_own_batch():
    bus = LocalBus()
    one, two = await carried(bus, a_batch(2), a_batch(3))
    first, second = await taken_from(bus)
    second.answer(verdicts(3, Verdict.DUPLICATE))
    first.answer(verdicts(2))
    assert (await one).tolist() == [Verdict.ACCEPTED] * 2
    assert (await two).tolist() == [Verdict.DUPLICATE] * 3


async def test_what_waits_is_taken_together_in_order_of_arrival():
    bus = LocalBus()
    doors = await carried(bus, *[a_batch(device=f"d_{i}") for i in range(5)])
    taken = await taken_from(bus)
    assert [handover.batch.fixes.device for handover in taken] == [[f"d_{i}"] for i in range(5)]
    assert bus.waiting == 0
    for handover in taken:
        handover.answer(verdicts(1))
    await asyncio.gather(*doors)


async def test_the_path_waits_until_something_comes():
    bus = LocalBus()
    path = asyncio.create_task(bus.take())
    await asyncio.sleep(0)
    assert not path.done()
    (door,) = await carried(bus, a_batch())
    (handover,) = await path
    handover.answer(verdicts(1))
    await door
    again = asyncio.create_task(bus.take())
    await asyncio.sleep(0)
    assert not again.done()
    again.cancel()


async def test_no_more_is_taken_together_than_one_commit_should_hold():
    bus = LocalBus()
    doors = await carried(bus, a_batch(MOST_TOGETHER - 1), a_batch(1), a_batch(1), a_batch(MOST_TOGETHER + 1))
    rounds = []
    for _ in range(3):
        taken = await taken_from(bus)
        rounds.append([len(handover.batch) for handover in taken])
        for handover in taken:
            handover.answer(verdicts(len(handover.batch)))
    assert rounds == [[MOST_TOGETHER - 1, 1], [1], [MOST_TOGETHER + 1]]
    await asyncio.gather(*doors)


async def test_more_than_it_has_room_for_is_refused_and_nothing_of_it_kept():
    bus = LocalBus(room=10)
    doors = await carried(bus, a_batch(10))
    with pytest.raises(BusFull, match="10 sightings wait"):
        await bus.carry(a_batch(1))
    assert bus.waiting == 10
    (handover,) = await taken_from(bus)
    handover.answer(verdicts(10))
    await asyncio.gather(*doors)
    doors = await carried(bus, a_batch(1))
    assert bus.waiting == 1
    doors[0].cancel()


async def test_one_batch_alone_is_taken_whatever_its_size():
    """Else a sender of large batches would be told "later" for ever."""
    bus = LocalBus(room=10)
    (door,) = await carried(bus, a_batch(50))
    (handover,) = await taken_from(bus)
    handover.answer(verdicts(50))
    assert len(await door) == 50


async def test_what_was_not_taken_is_told_and_only_the_first_answer_counts():
    bus = LocalBus()
    kept, lost = await carried(bus, a_batch(), a_batch())
    first, second = await taken_from(bus)
    first.answer(verdicts(1))
    first.refuse("too late")
    first.answer(verdicts(1, Verdict.TOO_OLD))
    second.refuse("the disk is full")
    second.answer(verdicts(1))
    assert (await kept).tolist() == [Verdict.ACCEPTED]
    with pytest.raises(NotTaken, match="the disk is full"):
        await lost


async def test_a_door_that_hung_up_disturbs_neither_path_nor_other_doors():
    bus = LocalBus()
    gone, staying = await carried(bus, a_batch(), a_batch())
    gone.cancel()
    await asyncio.sleep(0)
    first, second = await taken_from(bus)
    first.answer(verdicts(1))
    first.refuse("nobody hears this")
    second.answer(verdicts(1))
    assert (await staying).tolist() == [Verdict.ACCEPTED]
    assert bus.waiting == 0


async def test_a_door_that_hung_up_after_its_batch_was_taken_disturbs_nobody():
    bus = LocalBus()
    (gone,) = await carried(bus, a_batch())
    (handover,) = await taken_from(bus)
    gone.cancel()
    await asyncio.sleep(0)
    handover.answer(verdicts(1))
    assert gone.cancelled()


async def test_a_path_that_is_stopped_while_it_waits_loses_nothing():
    bus = LocalBus()
    path = asyncio.create_task(bus.take())
    await asyncio.sleep(0)
    doors = await carried(bus, a_batch())
    path.cancel()  # just as something came
    await asyncio.gather(path, return_exceptions=True)
    (handover,) = await taken_from(bus)
    handover.answer(verdicts(1))
    await asyncio.gather(*doors)


@given(st.lists(st.integers(1, 30), max_size=30), st.integers(1, 100))
async def test_whoever_is_let_in_is_answered_once_and_the_rest_is_refused(sizes, room):
    bus = LocalBus(room)
    doors = await carried(bus, *[a_batch(size) for size in sizes])
    let_in = [door for door in doors if not door.done()]
    assert bus.waiting <= max(room, max(sizes, default=0))
    answered = 0
    while answered < len(let_in):
        for handover in await taken_from(bus):
            handover.answer(verdicts(len(handover.batch)))
            answered += 1
    results = await asyncio.gather(*doors, return_exceptions=True)
    assert [len(r) for r in results if not isinstance(r, BusFull)] == [
        size for size, door in zip(sizes, doors, strict=True) if door in let_in
    ]
    assert bus.waiting == 0


async def test_news_reach_everybody_who_listens_to_their_topic():
    bus = LocalBus()
    async with bus.listen("live") as one, bus.listen("live") as two, bus.listen("catalogue") as other:
        bus.announce("live", {"n": 1})
        bus.announce("catalogue", {"name": "zones"})
        assert [await anext(one), await anext(two)] == [{"n": 1}, {"n": 1}]
        assert await anext(other) == {"name": "zones"}


async def test_who_comes_late_hears_what_comes_then_and_who_left_hears_nothing():
    bus = LocalBus()
    bus.announce("live", {"n": 1})
    async with bus.listen("live") as news:
        bus.announce("live", {"n": 2})
        assert await anext(news) == {"n": 2}
    bus.announce("live", {"n": 3})
    assert bus._listeners["live"] == set()


async def test_a_listener_that_lags_loses_the_oldest_and_holds_nobody_up():
    bus = LocalBus()
    async with bus.listen("live") as slow, bus.listen("live") as quick:
        for n in range(NEWS_KEPT + 5):
            bus.announce("live", {"n": n})
            if n >= NEWS_KEPT:
                await anext(quick)
        assert await anext(slow) == {"n": 5}


async def test_a_listener_that_breaks_is_heard_of_no_more():
    bus = LocalBus()
    with pytest.raises(ZeroDivisionError):
        async with bus.listen("live"):
            raise ZeroDivisionError
    assert bus._listeners["live"] == set()
    bus.announce("live", {"n": 1})

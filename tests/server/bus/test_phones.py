"""An offer is told to one phone whose app is open, and counts as told when it has gone out on that phone's line."""

import asyncio

from server.bus.phones import Phones
from server.web.live import events

NEWS = {"type": "offer", "offer": "of_1"}


async def test_a_stream_tells_its_phone_and_the_teller_knows_when_it_went_out(bus):
    phones, closing = Phones(), asyncio.Event()
    with phones.listening("sh_1", "d_1") as listener:
        stream = events(bus, lambda _news: False, closing, mine=listener.waiting)
        assert (await anext(stream)).startswith(b": what happens")
        telling = asyncio.create_task(phones.tell("sh_1", None, NEWS, 5.0))
        assert await anext(stream) == b'event: offer\ndata: {"type": "offer", "offer": "of_1"}\n\n'
        assert not telling.done()
        closing.set()
        assert [part async for part in stream] == []
        assert await telling == "d_1"


async def test_where_nobody_listens_nobody_is_told():
    phones = Phones()
    assert await phones.tell("sh_1", "d_1", NEWS, 5.0) is None
    with phones.listening("sh_2", "d_2"):
        assert await phones.tell("sh_1", "d_1", NEWS, 5.0) is None


async def test_the_phone_of_the_visit_is_told_before_the_newest():
    phones, told = Phones(), []

    async def listen(device):
        with phones.listening("sh_1", device) as listener:
            (await listener.waiting.get()).written.set_result(None)
            told.append(device)

    streams = [asyncio.create_task(listen(device)) for device in ("d_1", "d_2")]
    await asyncio.sleep(0)
    assert await phones.tell("sh_1", "d_1", NEWS, 5.0) == "d_1"
    assert await phones.tell("sh_1", "d_fob", NEWS, 5.0) == "d_2"
    await asyncio.gather(*streams)
    assert told == ["d_1", "d_2"]


async def test_a_phone_that_hangs_up_is_not_waited_for():
    phones = Phones()
    with phones.listening("sh_1", "d_1") as listener:
        telling = asyncio.create_task(phones.tell("sh_1", None, NEWS, 60.0))
        await asyncio.sleep(0)
        assert not listener.waiting.empty()
    assert await asyncio.wait_for(telling, 5.0) is None


async def test_what_nobody_waits_for_any_more_is_not_told_late(bus):
    phones, closing = Phones(), asyncio.Event()
    with phones.listening("sh_1", "d_1") as listener:
        assert await phones.tell("sh_1", None, NEWS, 0.001) is None
        stream = events(bus, lambda _news: False, closing, ping_s=0.01, mine=listener.waiting)
        assert (await anext(stream)).startswith(b": what happens")
        assert await anext(stream) == b": still here\n\n"
        await stream.aclose()

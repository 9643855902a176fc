"""The spool empties into the line, in order, and nothing blocks it for ever."""

import asyncio
import gzip
import json

import httpx
import pytest

from scanner.backoff import BackOff
from scanner.clock import Clock, Reading
from scanner.drain import Drain
from scanner.sighting import Sighting
from scanner.spool import Spool
from scanner.uplink import Uplink

NOW = 1_781_092_800.0


class Line:
    """A spool, a drain, and a server that answers `answer(ids)`; `taken` are the ids it took, in order."""

    def __init__(self, folder, answer=None, batch: int = 10) -> None:
        self.answer = answer or (lambda _: None)
        self.taken: list[str] = []
        self.tries: list[int] = []
        self.times: list[float] = []
        self.spool = Spool(folder / "spool.sqlite3", max_bytes=10**7, max_age_s=10**6)
        self.clock = Clock(wall=lambda: NOW, steady=lambda: 100.0, boot="this boot")
        client = httpx.AsyncClient(base_url="http://server", transport=httpx.MockTransport(self._handle))
        uplink = Uplink(client, "sog_gateway_x", self.clock.now)
        self.backoff = BackOff(0.001, 0.002)
        self.knocks: list[int] = []
        self.drain = Drain(
            self.spool, uplink, self.clock, batch=batch, backoff=self.backoff, knock=self._knock
        )

    async def _knock(self) -> None:
        self.knocks.append(len(self.tries))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        said = json.loads(gzip.decompress(request.content))["sightings"]
        ids = [sighting["id"] for sighting in said]
        self.tries.append(len(ids))
        if (fault := self.answer(ids)) is not None:
            return fault
        self.taken += ids
        self.times += [sighting["at"] for sighting in said]
        return httpx.Response(200, json={"verdicts": ["accepted"] * len(ids)})

    def put(self, names, clock: Reading | None = None) -> None:
        many = [Sighting(NOW, name, -70.0, 1) for name in names]
        self.spool.put(many, clock or self.clock.reading(), NOW)
        self.drain.filled()

    async def until_empty(self) -> None:
        running = asyncio.create_task(self.drain.run())
        async with asyncio.timeout(20):
            await self.drain.until_empty()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        self.spool.close()


@pytest.fixture
def names() -> list[str]:
    return [f"fob {number:02d}" for number in range(25)]


async def test_all_that_waits_is_sent_oldest_first_in_bounded_batches(tmp_path, names):
    line = Line(tmp_path)
    line.put(names)
    await line.until_empty()
    assert line.taken == names
    assert line.tries == [10, 10, 5]
    assert line.drain.taken == 25


async def test_a_server_that_is_busy_loses_nothing_and_keeps_the_order(tmp_path, names):
    answers = iter(
        [httpx.Response(503), httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(500)]
    )
    line = Line(tmp_path, lambda _: next(answers, None))
    line.put(names)
    await line.until_empty()
    assert line.taken == names
    assert line.drain.complaint.reason is None


async def test_one_sighting_that_the_server_will_not_have_does_not_hold_up_the_others(tmp_path, names):
    line = Line(tmp_path, lambda ids: httpx.Response(400) if "fob 07" in ids else None)
    line.put(names)
    await line.until_empty()
    assert line.taken == [name for name in names if name != "fob 07"]


async def test_a_server_that_takes_less_at_once_gets_less_at_once(tmp_path, names):
    line = Line(tmp_path, lambda ids: httpx.Response(413) if len(ids) > 3 else None)
    line.put(names)
    await line.until_empty()
    assert line.taken == names


async def test_batches_grow_again_once_the_trouble_is_over(tmp_path, names):
    line = Line(tmp_path, lambda ids: httpx.Response(400) if "fob 00" in ids else None)
    line.put([*names, *(f"later {number}" for number in range(40))])
    await line.until_empty()
    assert max(line.tries[3:]) == 10


async def test_a_server_that_refuses_everything_is_given_longer_and_longer_waits(tmp_path, names):
    line = Line(tmp_path, lambda ids: httpx.Response(400) if ids[0] < "fob 05" else None)
    waits = []
    asked = line.backoff.next
    line.backoff.next = lambda asked_s=None: waits.append(line.backoff.failures) or asked(asked_s)
    line.put(names)
    await line.until_empty()
    assert waits == [0, 1, 2, 3, 4]
    assert line.taken == names[5:]


async def test_a_token_that_is_not_known_keeps_everything_and_says_so(tmp_path, names, until):
    known = []
    line = Line(tmp_path, lambda _: None if known else httpx.Response(401))
    line.put(names)
    emptying = asyncio.create_task(line.until_empty())
    await until(lambda: line.drain.complaint.reason is not None)
    assert "token" in line.drain.complaint.reason
    assert line.spool.state().waiting == 25
    known.append(True)
    await emptying
    assert line.taken == names


async def test_what_was_heard_before_the_clock_was_set_right_moves_with_it(tmp_path):
    line = Line(tmp_path)
    before_the_clock_was_set = Reading("this boot", line.clock.reading().offset_s - 7200)
    line.put(["early"], before_the_clock_was_set)
    line.put(["late"])
    await line.until_empty()
    assert line.times == [NOW + 7200, NOW]


async def test_what_is_put_while_it_sends_is_sent_too(tmp_path, names):
    line = Line(tmp_path)

    def more_comes(ids):
        if "fob 00" in ids:
            line.put(["newcomer"])

    line.answer = more_comes
    line.put(names)
    await line.until_empty()
    assert line.taken == [*names, "newcomer"]


async def test_a_gateway_says_how_it_is_before_it_sends_and_again_after_an_outage(tmp_path, names):
    line = Line(tmp_path, batch=5)
    broken = iter([False, True, True])
    line.answer = lambda _: httpx.Response(503) if next(broken, False) else None
    line.put(names)
    await line.until_empty()
    assert line.taken == names
    assert line.knocks == [0, 2, 3]

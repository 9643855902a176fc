"""The client of the benchmarks notices whatever is not the expected answer."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from simulator.bench.load import Asked, Unanswered, all_accepted, load, post


@contextmanager
def answering(*answers):
    """A server that gives these answers, one a request, over and over; gives its port and what it read."""
    read, loop, ready = [], asyncio.new_event_loop(), threading.Event()
    port = []

    async def serve(reader, writer):
        for answer in answers * 100:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                read.append(await reader.readexactly(length))
            except asyncio.IncompleteReadError:
                break
            if answer is None:
                break
            for piece in answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    async def start():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        return server

    def run():
        server = loop.run_until_complete(start())
        loop.run_forever()
        server.close()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield port[0], read
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def answer(body, status=b"200 OK"):
    return [b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body]


GOOD = b'{"accepted":1,' + all_accepted(1)


def asked(count):
    return iter([Asked(post("/v1/pings", "token", b"%d" % i), all_accepted(1)) for i in range(count)])


def test_each_connection_sends_its_requests_in_order_the_next_when_the_last_is_answered():
    with answering(answer(GOOD)) as (port, read):
        load(port, [asked(3)])
    assert read == [b"0", b"1", b"2"]


def test_an_answer_may_come_in_pieces():
    whole = b"".join(answer(GOOD))
    with answering([whole[:7], whole[7:30], whole[30:70], whole[70:]]) as (port, read):
        load(port, [asked(2), asked(2)])
    assert len(read) == 4


@pytest.mark.parametrize(
    "other",
    [
        answer(b"{}", b"503 Service Unavailable"),
        answer(b'{"accepted":0,"verdicts":["too_old"],"problems":[]}'),
        None,
    ],
)
def test_a_refusal_another_verdict_or_a_closed_line_ends_the_measurement(other):
    with answering(answer(GOOD), other) as (port, _), pytest.raises(Unanswered):
        load(port, [asked(5)])

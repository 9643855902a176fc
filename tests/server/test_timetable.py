"""Jobs by the clock: how they fail, and how they stop."""

import asyncio
import logging

from server.timetable import Job, Timetable


async def test_a_job_that_runs_when_the_house_stops_has_not_failed(caplog):
    began, ended = asyncio.Event(), asyncio.Event()

    async def long_work():
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    timetable = Timetable([Job("long", 0.01, long_work)])
    timetable.start()
    await began.wait()
    timetable.stop()
    await ended.wait()
    await asyncio.sleep(0)
    assert timetable.failing == {}
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_a_house_that_stops_as_soon_as_it_starts_begins_no_job(caplog):
    begun = []

    async def work():
        begun.append(True)

    timetable = Timetable([Job("due", 1e-6, work)])
    timetable.start()
    timetable.stop()
    for _turn in range(5):
        await asyncio.sleep(0)
    assert begun == []
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_a_job_fails_until_it_succeeds():
    tries = 0
    done = asyncio.Event()

    async def work():
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the disk is full")
        assert timetable.failing == {"work": "OSError: the disk is full"}
        done.set()

    timetable = Timetable([Job("work", 0.01, work)])
    timetable.start()
    try:
        await done.wait()
        await asyncio.sleep(0)
        assert timetable.failing == {}
    finally:
        timetable.stop()

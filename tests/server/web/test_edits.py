import asyncio

import pytest

from server.records import catalogue


async def versions(database):
    async with database.reading() as connection:
        return await catalogue.versions(connection)


async def test_a_change_is_announced_once_it_is_committed(database, bus, edits):
    async with bus.listen("catalogue") as news:
        async with edits.of("zones", "anchors"):
            pass
        heard = [await anext(news), await anext(news)]
    assert heard == [{"name": "zones"}, {"name": "anchors"}]
    assert await versions(database) == {"zones": 1, "anchors": 1}


async def test_a_change_that_failed_is_told_to_nobody(database, bus, edits):
    async with bus.listen("catalogue") as news:
        with pytest.raises(ZeroDivisionError):
            async with edits.of("zones"):
                raise ZeroDivisionError
        async with edits.of("keys"):
            pass
        assert await anext(news) == {"name": "keys"}
    assert await versions(database) == {"keys": 1}


async def test_changes_at_the_same_time_are_all_counted(database, edits):
    async def change(*names):
        async with edits.of(*names):
            await asyncio.sleep(0)

    await asyncio.gather(
        *[change("zones", "anchors") for _ in range(5)], *[change("anchors", "zones") for _ in range(5)]
    )
    assert await versions(database) == {"zones": 10, "anchors": 10}

"""Visits are found by who, where and when, page by page, and forgotten when they are old."""

from datetime import timedelta

import pytest

from server.records import retention, visits
from server.records.refusal import NotFound
from server.records.visits import VisitQuery
from tests.server.records.rows import a_visit, keep

HOUR = timedelta(hours=1)


@pytest.fixture
async def a_day_of_visits(database, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_visit("v_1", exited_at=noon + HOUR),
            a_visit("v_2", zone_id="hats", entered_at=noon + HOUR),
            a_visit("v_3", shopper_id="sh_2", device_id="d_2", entered_at=noon + HOUR),
            a_visit(
                "v_4",
                shopper_id="sh_2",
                device_id="d_2",
                entered_at=noon + 2 * HOUR,
                exited_at=noon + 3 * HOUR,
            ),
        )


async def found(database, **query):
    async with database.reading() as connection:
        return [row.id for row in await visits.listed(connection, VisitQuery(**query))]


async def test_visits_are_found_newest_first(database, noon, a_day_of_visits):
    assert await found(database) == ["v_4", "v_3", "v_2", "v_1"]
    assert await found(database, shopper="sh_1") == ["v_2", "v_1"]
    assert await found(database, device="d_2", zone="shoes") == ["v_4", "v_3"]
    assert await found(database, since=noon + HOUR, until=noon + 2 * HOUR) == ["v_3", "v_2"]
    assert await found(database, is_open=True) == ["v_3", "v_2"]
    assert await found(database, is_open=False) == ["v_4", "v_1"]


async def test_pages_follow_one_another_though_new_visits_come_in(database, noon, a_day_of_visits):
    async with database.writing() as connection:
        first = await visits.listed(connection, VisitQuery(), limit=2)
        await keep(connection, a_visit("v_5", entered_at=noon + 4 * HOUR))
        mark = (first[-1].entered_at, first[-1].id)
        rest = await visits.listed(connection, VisitQuery(), after=mark, limit=5)
    assert [row.id for row in [*first, *rest]] == ["v_4", "v_3", "v_2", "v_1"]


async def test_one_visit_is_found_by_its_id(database, noon, a_day_of_visits):
    async with database.reading() as connection:
        assert (await visits.find(connection, "v_1")).exited_at == noon + HOUR
        with pytest.raises(NotFound):
            await visits.find(connection, "v_9")


async def test_old_visits_are_forgotten_and_open_ones_are_not(database, noon, a_day_of_visits):
    async with database.writing() as connection:
        gone = await retention.forget_before(connection, "visits_days", noon + 2 * HOUR)
        assert gone == {"visits": 1}
    assert await found(database) == ["v_4", "v_3", "v_2"]

"""Surveys are kept version by version; at most one of a plan counts, and going back is always possible."""

import asyncio

import pytest

from server.records import floor_plans, surveys
from server.records.refusal import NotFound
from server.zones import FloorPlan
from server.zones.survey import Spot, Strength, Survey

GROUND = FloorPlan("fp_1", "Ground floor", None, 24.0, 16.0)
WALKED = Survey(
    "fp_1", (Spot(1.25, 2.5, 20.0, {"an_1": Strength(-63.5, 2.25, 40)}), Spot(6.0, 2.5, 20.0, {}))
)


@pytest.fixture
async def connection(database, noon):
    async with database.writing() as opened:
        await floor_plans.put(opened, GROUND, noon)
        yield opened


async def add(connection, noon, source="walk.csv"):
    return await surveys.add(
        connection, WALKED, {"spots": 2}, made_by="command line", source=source, now=noon
    )


async def test_a_survey_comes_back_as_it_was_learned_and_counts_for_nothing_yet(connection, noon):
    kept = await add(connection, noon)
    assert (kept.plan, kept.version, kept.state, kept.used_at) == ("fp_1", 1, "draft", None)
    assert (kept.source, kept.made_by, kept.figures) == ("walk.csv", "command line", {"spots": 2})
    assert await surveys.read(connection, kept.id) == WALKED
    assert await surveys.in_use(connection) == {}


async def test_one_survey_of_a_plan_is_in_use_at_a_time(connection, noon):
    first, second = await add(connection, noon), await add(connection, noon)
    await surveys.use(connection, first.id, noon)
    await surveys.use(connection, second.id, noon)
    assert {kept.version: kept.state for kept in await surveys.listed(connection)} == {
        1: "retired",
        2: "in use",
    }
    assert await surveys.in_use(connection) == {"fp_1": WALKED}


async def test_putting_to_use_what_is_in_use_changes_nothing(connection, noon):
    kept = await add(connection, noon)
    used = await surveys.use(connection, kept.id, noon)
    assert await surveys.use(connection, kept.id, noon.replace(year=2027)) == used


async def test_reverting_goes_back_version_by_version_to_none(connection, noon):
    made = [await add(connection, noon) for _ in range(3)]
    await surveys.use(connection, made[0].id, noon)
    await surveys.use(connection, made[2].id, noon)
    back = await surveys.revert(connection, "fp_1", noon)
    assert (back.id, back.state) == (made[0].id, "in use"), "a draft that was never used is passed over"
    assert await surveys.revert(connection, "fp_1", noon) is None
    assert await surveys.in_use(connection) == {}
    with pytest.raises(NotFound, match="no survey of floor plan fp_1 is in use"):
        await surveys.revert(connection, "fp_1", noon)
    assert (await surveys.use(connection, made[2].id, noon)).state == "in use", "and forward again"


async def test_what_is_not_there_is_refused(connection, noon):
    with pytest.raises(NotFound, match="no floor plan fp_9"):
        await surveys.add(connection, Survey("fp_9", ()), {}, made_by="x", source="x", now=noon)
    for verb in (surveys.find, surveys.read):
        with pytest.raises(NotFound, match="no survey sv_none"):
            await verb(connection, "sv_none")


async def test_surveys_are_listed_by_plan_and_page_by_page(connection, noon):
    await floor_plans.put(connection, FloorPlan("fp_2", "Upstairs", None, 9.0, 9.0), noon)
    ids = sorted([(await add(connection, noon)).id for _ in range(3)])
    assert [kept.id for kept in await surveys.listed(connection, plan="fp_1", limit=2)] == ids[:2]
    assert [kept.id for kept in await surveys.listed(connection, after=ids[1])] == ids[2:]
    assert await surveys.listed(connection, plan="fp_2") == []


async def test_surveys_go_with_their_plan(connection, noon):
    kept = await add(connection, noon)
    await surveys.use(connection, kept.id, noon)
    await floor_plans.remove(connection, "fp_1")
    assert await surveys.listed(connection) == []


async def test_two_who_use_different_versions_at_once_take_turns(database, noon):
    async with database.writing() as opened:
        await floor_plans.put(opened, GROUND, noon)
        made = [await add(opened, noon) for _ in range(4)]

    async def use(survey):
        async with database.writing() as opened:
            await surveys.use(opened, survey, noon)

    await asyncio.gather(*(use(kept.id) for kept in made))
    async with database.reading() as opened:
        states = [kept.state for kept in await surveys.listed(opened)]
    assert sorted(states) == ["in use", "retired", "retired", "retired"]


async def test_two_who_learn_at_once_make_two_versions(database, noon):
    async with database.writing() as opened:
        await floor_plans.put(opened, GROUND, noon)

    async def learned():
        async with database.writing() as opened:
            return await add(opened, noon)

    assert sorted(kept.version for kept in await asyncio.gather(*(learned() for _ in range(4)))) == [
        1,
        2,
        3,
        4,
    ]

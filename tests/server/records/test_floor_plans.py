"""Floor plans come back as they were given, and none goes while something lies on it."""

import pytest
from shapely import box

from server.records import anchors, floor_plans, zones
from server.records.refusal import NotFound, Taken
from server.zones import Anchor, FloorPlan, FloorShape, Zone

GROUND = FloorPlan(
    "fp_1", "Ground floor", "brera", 24.0, 16.0, (((0.0, 0.0), (0.0, 7.0)), ((0.0, 9.0), (0.0, 16.0)))
)


async def test_a_plan_comes_back_as_it_was_given(database, noon):
    async with database.writing() as connection:
        assert await floor_plans.put(connection, GROUND, noon) == "created"
        assert await floor_plans.put(connection, GROUND, noon) == "same"
        assert await floor_plans.load(connection) == [GROUND]
        wider = FloorPlan("fp_1", "Ground floor", "brera", 25.0, 16.0, GROUND.walls)
        assert await floor_plans.put(connection, wider, noon) == "changed"
        assert await floor_plans.find(connection, "fp_1") == wider


async def test_a_plan_stays_while_something_lies_on_it(database, noon):
    async with database.writing() as connection:
        await floor_plans.put(connection, GROUND, noon)
        await anchors.put(
            connection, [anchors.Given(Anchor("an_1", "Door", plan="fp_1", x_m=1, y_m=2))], noon
        )
        hats = Zone("hats", "Hats", place=FloorShape("fp_1", box(0, 0, 4, 3)))
        await zones.put(connection, [zones.Given(hats)], noon)
        with pytest.raises(Taken, match="zone hats and by anchor an_1"):
            await floor_plans.remove(connection, "fp_1")
        await zones.remove(connection, "hats")
        await anchors.remove(connection, "an_1")
        await floor_plans.remove(connection, "fp_1")
        with pytest.raises(NotFound):
            await floor_plans.find(connection, "fp_1")

"""The zones that are kept come back as they were given, and none goes while something names it."""

import pytest
from shapely import box

from server.records import anchors, campaigns, floor_plans, zones
from server.records.refusal import NotFound, Taken
from server.records.zones import Given
from server.zones import Anchor, AnchorSet, Circle, Disc, FloorPlan, FloorShape, Zone
from tests.server.records.test_campaigns import a_campaign

BRERA = Zone("brera", "Via Brera", "site", place=Circle(45.4695, 9.1895, 80.0), time_zone="Europe/Rome")
SHOES = Zone("shoes", "Shoes", parent="brera", place=AnchorSet(("an_1", "an_2")), groups=("shoes",))


async def test_zones_come_back_as_they_were_given(database, noon):
    async with database.writing() as connection:
        given = [Given(SHOES, {"notes": {"floor": 1}}), Given(BRERA)]
        assert await zones.put(connection, given, noon) == {"shoes": "created", "brera": "created"}
    async with database.reading() as connection:
        assert await zones.load(connection) == [BRERA, SHOES]
        row = await zones.find(connection, "shoes")
        assert (row.parent_id, row.level, row.feature["properties"]["notes"]) == (
            "brera",
            "zone",
            {"floor": 1},
        )
        assert await zones.groups(connection) == {"shoes"}


async def test_giving_the_same_again_changes_nothing(database, noon):
    async with database.writing() as connection:
        drawn = Zone("front", "Front", place=FloorShape("fp_1", box(0, 0, 4.1, 3.3)))
        await zones.put(connection, [Given(drawn), Given(BRERA)], noon)
        assert await zones.put(connection, [Given(drawn), Given(BRERA)], noon) == {
            "front": "same",
            "brera": "same",
        }
        moved = Zone("front", "Front", place=FloorShape("fp_1", box(0, 0, 4.2, 3.3)))
        assert await zones.put(connection, [Given(moved)], noon) == {"front": "changed"}


async def test_pages_of_zones_follow_one_another(database, noon):
    async with database.writing() as connection:
        await zones.put(connection, [Given(Zone(f"z{i}", "Z")) for i in range(3)], noon)
        first = await zones.listed(connection, limit=2)
        assert [row.id for row in await zones.listed(connection, after=first[-1].id, limit=2)] == ["z2"]


async def test_a_zone_stays_while_something_names_it(database, noon):
    async with database.writing() as connection:
        await zones.put(connection, [Given(BRERA), Given(SHOES)], noon)
        await anchors.put(connection, [anchors.Given(Anchor("an_1", "Door", site="brera"))], noon)
        await floor_plans.put(connection, FloorPlan("fp_1", "Ground", "brera", 10, 10), noon)
        await campaigns.put(connection, a_campaign(site="brera"), noon)
        with pytest.raises(Taken) as refused:
            await zones.remove(connection, "brera")
    for naming in ("zone shoes", "anchor an_1", "floor plan fp_1", "campaign spring-shoes"):
        assert naming in str(refused.value)


async def test_a_campaign_that_has_ended_holds_no_zone(database, noon):
    async with database.writing() as connection:
        await zones.put(connection, [Given(BRERA)], noon)
        await campaigns.put(connection, a_campaign(state="ended", zones=["brera"]), noon)
        await zones.remove(connection, "brera")
        with pytest.raises(NotFound):
            await zones.find(connection, "brera")


async def test_the_zones_of_an_anchor_are_known(database, noon):
    async with database.writing() as connection:
        till = Zone("till", "Till", "shelf", place=Disc("an_2", 2.5))
        await zones.put(connection, [Given(BRERA), Given(SHOES), Given(till)], noon)
        assert await zones.naming_anchor(connection, "an_1") == ["shoes"]
        assert await zones.naming_anchor(connection, "an_2") == ["shoes", "till"]

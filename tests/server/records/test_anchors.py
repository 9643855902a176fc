"""Anchors are kept by their own ids; a beacon id is one thing in the shop."""

import pytest

from server.records import anchors, gateways, zones
from server.records.anchors import Given
from server.records.refusal import NotFound, Taken
from server.zones import Anchor, AnchorSet, Zone
from tests.server.records.rows import a_device, keep

BEACON = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:12:1"
DOOR = Anchor("an_door", "By the door", "brera", "fp_1", 2.0, 8.0, 2.8, -58.5, 1.5)


async def test_anchors_come_back_as_they_were_given(database, noon):
    async with database.writing() as connection:
        given = [Given(DOOR), Given(Anchor("an_window", "Window"), BEACON)]
        assert await anchors.put(connection, given, noon) == {"an_door": "created", "an_window": "created"}
        assert await anchors.load(connection) == [DOOR, Anchor("an_window", "Window")]
        assert [row.beacon for row in await anchors.listed(connection)] == [None, BEACON]


async def test_giving_the_same_again_changes_nothing(database, noon):
    async with database.writing() as connection:
        await anchors.put(connection, [Given(DOOR)], noon)
        assert await anchors.put(connection, [Given(DOOR)], noon) == {"an_door": "same"}
        assert await anchors.put(connection, [Given(DOOR, BEACON)], noon) == {"an_door": "changed"}


async def test_two_anchors_may_swap_their_beacons(database, noon):
    other = BEACON.replace(":1", ":2")
    first, second = Anchor("an_1", "One"), Anchor("an_2", "Two")
    async with database.writing() as connection:
        await anchors.put(connection, [Given(first, BEACON), Given(second, other)], noon)
        await anchors.put(connection, [Given(first, other), Given(second, BEACON)], noon)
        assert [row.beacon for row in await anchors.listed(connection)] == [other, BEACON]


async def test_a_beacon_belongs_to_one_anchor_or_device(database, noon):
    walking = BEACON.replace(":12:", ":13:")
    async with database.writing() as connection:
        await keep(connection, a_device(beacon=walking))
        await anchors.put(connection, [Given(Anchor("an_1", "One"), BEACON)], noon)
        with pytest.raises(Taken, match="belongs to anchor an_1"):
            await anchors.put(connection, [Given(Anchor("an_2", "Two"), BEACON)], noon)
        with pytest.raises(Taken, match="belongs to a device"):
            await anchors.put(connection, [Given(Anchor("an_2", "Two"), walking)], noon)
        same = BEACON.replace(":12:", ":14:")
        both = [Given(Anchor("an_3", "Three"), same), Given(Anchor("an_4", "Four"), same)]
        with pytest.raises(Taken, match="an_3 and an_4"):
            await anchors.put(connection, both, noon)


async def test_an_anchor_stays_while_something_names_it(database, noon):
    async with database.writing() as connection:
        await anchors.put(connection, [Given(DOOR)], noon)
        await zones.put(
            connection, [zones.Given(Zone("shoes", "Shoes", place=AnchorSet(("an_door",))))], noon
        )
        await gateways.add(connection, "gw_1", "Door", "an_door", noon)
        with pytest.raises(Taken, match="zone shoes and by gateway gw_1"):
            await anchors.remove(connection, "an_door")
        await zones.remove(connection, "shoes")
        await gateways.remove(connection, "gw_1", noon)
        await anchors.remove(connection, "an_door")
        with pytest.raises(NotFound):
            await anchors.find(connection, "an_door")

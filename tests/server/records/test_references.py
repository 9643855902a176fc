"""What names what: unknown ids are found out, and a refusal says what still names a thing."""

import pytest

from server.records import references, zones
from server.records.refusal import Taken
from server.records.zones import Given
from server.zones import Zone


async def test_ids_that_stand_for_nothing_are_found_out(database, noon):
    async with database.writing() as connection:
        await zones.put(connection, [Given(Zone("brera", "Brera"))], noon)
        assert await references.unknown(connection, "zones", ["brera", "navigli"]) == {"navigli"}
        assert await references.unknown(connection, "anchors", []) == set()


def test_a_refusal_names_a_few_of_many():
    with pytest.raises(
        Taken, match=r"^zone a is still named by zones z0, .* z9 and more and by anchor an_1: "
    ):
        references.refuse_where_named("zone a", {"zone": [f"z{i}" for i in range(12)], "anchor": ["an_1"]})


def test_what_nothing_names_may_go():
    assert references.refuse_where_named("zone a", {"zone": []}) is None

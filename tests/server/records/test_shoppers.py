"""The shop's own name for a shopper finds them; what is said of them is kept, and only that changes."""

import asyncio

import pytest

from server.records import shoppers
from server.records.refusal import NotFound
from server.records.shoppers import Said


async def test_the_shops_own_name_finds_the_same_shopper_again(database, noon):
    async with database.writing() as connection:
        ann, made = await shoppers.meet(connection, "loyalty-1", noon)
        again, made_again = await shoppers.meet(connection, "loyalty-1", noon)
    assert (again.id, made, made_again) == (ann.id, True, False)


async def test_shoppers_without_a_name_are_all_different(database, noon):
    async with database.writing() as connection:
        met = [await shoppers.meet(connection, None, noon) for _ in range(3)]
    assert len({row.id for row, made in met if made}) == 3


async def test_two_tills_that_meet_a_shopper_at_the_same_moment_meet_one(database, noon):
    async def meet():
        async with database.writing() as connection:
            return (await shoppers.meet(connection, "loyalty-1", noon))[0].id

    assert len(set(await asyncio.gather(*[meet() for _ in range(6)]))) == 1


async def test_only_what_is_said_changes(database, noon):
    async with database.writing() as connection:
        ann, _ = await shoppers.meet(connection, "loyalty-1", noon)
        await shoppers.note(
            connection,
            ann.id,
            Said({"language": "it"}, {"size": 38, "club": True}, ["gold", "shoes", "gold"]),
        )
        await shoppers.note(connection, ann.id, Said({"quiet_from": "22:00"}, {"club": None, "size": 39}))
    async with database.reading() as connection:
        kept = await shoppers.find(connection, ann.id)
    assert (kept.language, kept.quiet_from, kept.time_zone) == ("it", "22:00", None)
    assert kept.attributes == {"size": 39}
    assert kept.tags == ["gold", "shoes"]


async def test_nothing_is_kept_of_somebody_unknown(database):
    with pytest.raises(NotFound):
        async with database.writing() as connection:
            await shoppers.note(connection, "sh_nobody", Said())


async def test_shoppers_are_listed_page_by_page_or_found_by_the_shops_name(database, noon):
    async with database.writing() as connection:
        made = sorted([(await shoppers.meet(connection, f"loyalty-{n}", noon))[0].id for n in range(3)])
        first = await shoppers.listed(connection, limit=2)
        rest = await shoppers.listed(connection, after=first[-1].id)
        [one] = await shoppers.listed(connection, own_id="loyalty-2")
    assert [row.id for row in [*first, *rest]] == made
    assert one.own_id == "loyalty-2"

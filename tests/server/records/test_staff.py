import pytest

from server.records import keys, staff
from server.records.keys import Keyring
from server.records.refusal import NotFound, Refusal, Taken


async def add(database, noon, email="ann@shop.example", role="owner"):
    async with database.writing() as connection:
        return await staff.add(connection, email, "Ann", role, "hash", noon)


async def test_an_email_is_found_however_it_is_typed(database, noon):
    ann = await add(database, noon, "Ann@Shop.example ")
    async with database.reading() as connection:
        assert (await staff.find_by_email(connection, " ANN@shop.EXAMPLE")).id == ann.id
        assert await staff.find_by_email(connection, "bob@shop.example") is None


async def test_an_email_is_of_one_person(database, noon):
    await add(database, noon)
    with pytest.raises(Taken):
        await add(database, noon, "ANN@shop.example")


async def test_who_left_has_no_session_any_more(database, noon):
    await add(database, noon)
    bob = await add(database, noon, "bob@shop.example", "manager")
    async with database.writing() as connection:
        session = await keys.issue(connection, "staff", "session", noon, owner=bob.id)
        await staff.disable(connection, bob.id, noon)
    assert await Keyring(database).look_up(session.token) is None
    async with database.reading() as connection:
        assert [row.disabled_at for row in await staff.listed(connection) if row.id == bob.id] == [noon]


async def test_the_last_owner_stays(database, noon):
    ann = await add(database, noon)
    with pytest.raises(Refusal, match="last owner"):
        async with database.writing() as connection:
            await staff.disable(connection, ann.id, noon)


async def test_nobody_leaves_twice(database, noon):
    await add(database, noon)
    with pytest.raises(NotFound):
        async with database.writing() as connection:
            await staff.disable(connection, "st_nobody", noon)


async def test_a_password_can_be_set_anew(database, noon):
    ann = await add(database, noon)
    async with database.writing() as connection:
        await staff.set_password(connection, ann.id, "other")
        assert (await staff.find_by_email(connection, ann.email)).password_hash == "other"

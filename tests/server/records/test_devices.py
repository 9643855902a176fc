"""A device is known by one beacon id, and a push reaches it in one place."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.records import devices, directory
from server.records.devices import Rotating
from server.records.refusal import NotFound, Taken
from server.records.tables import AnchorRow

BEACON = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2"


async def test_the_directory_hears_fixed_and_rotating_ids(database, noon):
    async with database.writing() as connection:
        phone = await devices.register_device(connection, "sh_1", "phone", noon)
        fob = await devices.register_device(connection, "sh_1", "fob", noon, beacon=BEACON)
        secret = await devices.register_device(
            connection, "sh_2", "fob", noon, rotating=Rotating(b"k" * 16, 10, noon)
        )
        known = {each.device: each async for some in directory.everybody(connection) for each in some}
    assert known[phone.id] == (phone.id, "sh_1", None, None, None, None)
    assert known[fob.id] == (fob.id, "sh_1", BEACON, None, None, None)
    assert known[secret.id] == (secret.id, "sh_2", None, b"k" * 16, 10, noon)


async def test_a_beacon_id_is_of_one_device_alone(database, noon):
    async with database.writing() as connection:
        await devices.register_device(connection, "sh_1", "fob", noon, beacon=BEACON)
        await devices.register_device(connection, "sh_1", "fob", noon, rotating=Rotating(b"k" * 16, 10, noon))
    for claim in ({"beacon": BEACON}, {"rotating": Rotating(b"k" * 16, 4, noon)}):
        with pytest.raises(Taken):
            async with database.writing() as connection:
                await devices.register_device(connection, "sh_2", "fob", noon, **claim)


async def test_no_device_takes_the_id_of_a_beacon_on_the_wall(database, noon):
    async with database.writing() as connection:
        wall = AnchorRow(id="an_1", name="door", beacon=BEACON, created_at=noon)
        await connection.execute(sa.insert(AnchorRow.__table__).values(**wall.model_dump()))
    with pytest.raises(Taken, match="anchor"):
        async with database.writing() as connection:
            await devices.register_device(connection, "sh_1", "fob", noon, beacon=BEACON)


async def test_what_is_not_registered_is_not_found(database):
    with pytest.raises(NotFound):
        async with database.reading() as connection:
            await devices.find(connection, "d_nobody")


async def addresses(connection, device):
    return [(row.kind, row.value, row.dead_at) for row in await devices.addresses_of(connection, device.id)]


async def test_a_newer_address_takes_the_place_of_the_older(database, noon):
    later = noon + timedelta(hours=1)
    async with database.writing() as connection:
        phone = await devices.register_device(connection, "sh_1", "phone", noon)
        await devices.put_address(connection, phone, "fcm_token", "old", noon)
        await devices.put_address(connection, phone, "fcm_fid", "new", later)
        assert await addresses(connection, phone) == [("fcm_token", "old", later), ("fcm_fid", "new", None)]
        await devices.put_address(connection, phone, "fcm_token", "old", later)
        assert await addresses(connection, phone) == [("fcm_token", "old", None), ("fcm_fid", "new", later)]


async def test_an_app_installed_anew_takes_its_address_along(database, noon):
    async with database.writing() as connection:
        before = await devices.register_device(connection, "sh_1", "phone", noon)
        after = await devices.register_device(connection, "sh_2", "phone", noon)
        await devices.put_address(connection, before, "fcm_token", "same", noon)
        await devices.put_address(connection, after, "fcm_token", "same", noon)
        assert await addresses(connection, before) == []
        assert await addresses(connection, after) == [("fcm_token", "same", None)]


async def test_a_shoppers_devices_are_listed_as_they_came(database, noon):
    async with database.writing() as connection:
        first = await devices.register_device(connection, "sh_1", "phone", noon)
        second = await devices.register_device(connection, "sh_1", "fob", noon + timedelta(1), beacon=BEACON)
        await devices.register_device(connection, "sh_2", "phone", noon)
        assert [row.id for row in await devices.of_shopper(connection, "sh_1")] == [first.id, second.id]

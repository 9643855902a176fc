"""One shopper by what they have in their hands, and nobody by a part of it."""

import pytest
import sqlalchemy as sa

from server.records import finding, testers
from server.records.refusal import NotFound
from server.records.tables import DeviceRow
from tests.server.records.rows import a_device, a_shopper, an_address, keep

BEACON = "ibeacon:f7826da6-4fa2-4e98-8024-bc5b71e0893e:1:2"


@pytest.fixture
async def code(database, noon):
    """Ann with a phone, its addresses and a fob; Bob with a number of his own; gives the code that Ann's phone joined with."""
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper("sh_1", own_id="card-1"),
            a_device("d_1"),
            a_device("d_2", kind="fob", beacon=BEACON),
            an_address("ad_1", kind="email", value="ann@mail.example"),
            an_address("ad_2", kind="sms", value="+393331234567"),
            an_address("ad_3", kind="fcm_fid", value="old", dead_at=noon),
            a_shopper("sh_2", own_id="card-2"),
            a_device("d_3", "sh_2"),
            an_address("ad_4", "d_3", "sh_2", kind="chat", value="ann@mail.example"),
        )
        _, code = await testers.invite(connection, "Ann's phone", noon)
        phone = (
            await connection.execute(sa.select(DeviceRow.__table__).where(DeviceRow.__table__.c.id == "d_1"))
        ).mappings()
        await testers.join(connection, code, DeviceRow(**phone.one()), noon)
    return code


async def found(database, sought):
    async with database.reading() as connection:
        return (await finding.find(connection, sought)).id


@pytest.mark.parametrize(
    "sought",
    [
        "card-1",
        "sh_1",
        "d_1",
        BEACON.upper(),
        "ann@mail.example",
        "Ann@Mail.Example",
        "+393331234567",
        "+39 333 123 4567",
        "old",
    ],
)
async def test_a_shopper_is_found_by_all_that_is_theirs(database, code, sought):
    assert await found(database, sought) == "sh_1"


async def test_a_tester_is_found_by_the_code_that_their_phone_joined_with(database, code, noon):
    assert await found(database, code) == await found(database, f" {code.upper()} ") == "sh_1"
    async with database.reading() as connection:
        (tester,) = await testers.listed(connection, noon)
    assert await found(database, tester.id) == "sh_1"


@pytest.mark.parametrize("sought", ["card", "ard-1", "%", "mail.example", "_", "sh_", "+39", "nobody"])
async def test_a_part_of_a_name_finds_nobody(database, code, sought):
    with pytest.raises(NotFound):
        await found(database, sought)


async def test_an_invitation_that_nobody_took_up_is_nobodys(database, noon):
    async with database.writing() as connection:
        row, code = await testers.invite(connection, "Bob", noon)
    for sought in (row.id, code):
        with pytest.raises(NotFound):
            await found(database, sought)


async def test_a_code_holds_once_though_it_is_remembered(database, code, noon):
    async with database.writing() as connection:
        await keep(connection, a_shopper("sh_9"), a_device("d_9", "sh_9"))
        with pytest.raises(NotFound):
            await testers.join(
                connection, code, DeviceRow(id="d_9", shopper_id="sh_9", kind="phone", created_at=noon), noon
            )

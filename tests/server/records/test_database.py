"""A transaction made by plain code: whole or not at all, one writer at a time."""

import asyncio

import pytest
import sqlalchemy as sa

from server.records.tables import ShopperRow
from tests.server.records.rows import a_shopper, keep, rows_of

SHOPPERS = ShopperRow.__table__


def adding(name):
    return lambda connection: connection.execute(sa.insert(SHOPPERS).values(**a_shopper(name).model_dump()))


async def test_what_plain_code_gives_comes_back_once_it_is_committed(database):
    def counted(connection):
        adding("sh_1")(connection)
        return connection.scalar(sa.select(sa.func.count()).select_from(SHOPPERS))

    assert await database.committed(counted) == 1
    assert [shopper.id for shopper in await rows_of(database, ShopperRow)] == ["sh_1"]


async def test_nothing_of_it_is_kept_when_it_fails_half_way(database):
    def failing(connection):
        adding("sh_1")(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.committed(failing)
    assert await rows_of(database, ShopperRow) == []


async def test_writers_of_both_kinds_take_turns(database):
    async def write(name):
        async with database.writing() as connection:
            await keep(connection, a_shopper(name))
            await asyncio.sleep(0)

    await asyncio.gather(
        *(write(f"sh_a{i}") for i in range(5)), *(database.committed(adding(f"sh_b{i}")) for i in range(5))
    )
    assert len(await rows_of(database, ShopperRow)) == 10

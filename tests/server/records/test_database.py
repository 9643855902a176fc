"""A transaction made by plain code: whole or not at all, one writer at a time."""

import asyncio

import pytest
import sqlalchemy as sa

from server.records.database import Database
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


async def test_the_journal_is_emptied_and_nobody_waits_for_who_reads(tmp_path):
    file = tmp_path / "soglia.sqlite3"
    database = Database.open(f"sqlite+aiosqlite:///{file}")
    journal = file.with_name(f"{file.name}-wal")
    async with database.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE words (word TEXT)"))
        await connection.execute(sa.text("INSERT INTO words VALUES ('annabella')"))
    assert b"annabella" in journal.read_bytes()
    await database.empty_journal()
    assert journal.stat().st_size == 0
    async with database.reading() as reader:
        await reader.execute(sa.text("SELECT * FROM words"))
        async with database.writing() as connection:
            await connection.execute(sa.text("DELETE FROM words"))
        emptying = asyncio.create_task(database.empty_journal())
        async with database.writing() as connection:  # gets its turn while a reader is in the way
            await connection.execute(sa.text("INSERT INTO words VALUES ('bertram')"))
    await emptying
    assert journal.stat().st_size == 0
    assert b"annabella" not in file.read_bytes()
    await database.close()

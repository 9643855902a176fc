"""All migrations in a row give the same schema as the tables, on both databases; and they are safe to run again."""

import asyncio
import secrets
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from server.records import consents, schema
from server.records.database import Database
from server.records.tables import Table


async def tell_postgres(url, words):
    steward = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with steward.connect() as connection:
        await connection.execute(sa.text(words))
    await steward.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bare.sqlite3'}"
        return
    url = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"soglia_bare_{secrets.token_hex(6)}"
    asyncio.run(tell_postgres(url, f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    asyncio.run(tell_postgres(url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def bare_database(bare_url):
    """A database with nothing in it, not even tables."""
    opened = Database.open(bare_url)
    yield opened
    await opened.close()


async def stamp(database, revision):
    async with database.writing() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


async def test_all_migrations_in_a_row_give_the_tables(bare_database):
    await schema.migrate(bare_database)
    assert await schema.differences(bare_database) == []


async def test_a_new_database_is_not_current_until_it_is_migrated(bare_database):
    assert not await schema.is_current(bare_database)
    await schema.migrate(bare_database)
    assert await schema.is_current(bare_database)


async def test_two_servers_that_start_together_migrate_once(bare_database):
    other = Database(bare_database.engine)
    await asyncio.gather(schema.migrate(bare_database), schema.migrate(other))
    assert await schema.is_current(bare_database)


async def test_a_migrated_database_keeps_what_it_holds(bare_database):
    await schema.migrate(bare_database)
    async with bare_database.writing() as connection:
        await connection.execute(
            sa.text("INSERT INTO catalogue_versions (name, version) VALUES ('zones', 7)")
        )
    await schema.migrate(bare_database)
    async with bare_database.reading() as connection:
        assert await connection.scalar(sa.text("SELECT version FROM catalogue_versions")) == 7


async def test_a_database_of_a_newer_soglia_is_left_alone(bare_database):
    await schema.migrate(bare_database)
    await stamp(bare_database, "9999")
    assert not await schema.is_current(bare_database)
    with pytest.raises(schema.NewerSchema, match="newer version"):
        await schema.migrate(bare_database)


async def test_a_migration_that_fails_leaves_the_database_as_it_was(bare_database):
    async with bare_database.writing() as connection:
        await connection.execute(sa.text("CREATE TABLE redemptions (in_the_way INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        await schema.migrate(bare_database)
    async with bare_database.reading() as connection:
        found = await connection.run_sync(lambda plain: sa.inspect(plain).get_table_names())
    assert found == ["redemptions"]


def test_migrations_travel_with_the_package():
    folder = Path(schema.__file__).parent / "migrations"
    assert {path.name for path in folder.iterdir()} >= {"env.py", "script.py.mako", "versions"}


async def test_who_agreed_before_there_were_texts_agrees_still(bare_database, noon):
    """From the tables as they were before texts and the audit log, with somebody in them."""
    async with bare_database.writing() as connection:
        await connection.run_sync(lambda plain: command.upgrade(schema._config(plain), "0011"))
        agreed = {"id": "co_1", "shopper_id": "sh_1", "purpose": "push", "granted": True, "text_version": "1"}
        columns = [
            column for column in Table.metadata.tables["consents"].columns if column.name != "lapsed_at"
        ]
        before = sa.table("consents", *(sa.column(column.name, column.type) for column in columns))
        await connection.execute(sa.insert(before).values(**agreed, how="app", given_at=noon))
    await schema.migrate(bare_database)
    assert await schema.differences(bare_database) == []
    async with bare_database.reading() as connection:
        assert await consents.granted(connection, "push") == {"sh_1"}

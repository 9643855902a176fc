"""Two servers on one database would greet everybody twice: the second is refused."""

import asyncio

import pytest
import sqlalchemy as sa

from server.records import sole
from server.records.database import Database
from server.records.sole import AlreadyServed, claimed


@pytest.fixture
async def same(database):
    """The same records, as another server opens them."""
    url = database.engine.url.render_as_string(hide_password=False)
    opened = Database.open(url)
    yield opened
    await opened.close()


async def test_a_second_server_is_refused_while_the_first_serves(database, same):
    async with claimed(database):
        with pytest.raises(AlreadyServed, match="every offer twice"):
            async with claimed(same, wait_s=0.0):
                pass


async def test_the_next_server_waits_for_the_last_one_to_be_gone(database, same):
    async with claimed(database):

        async def follow():
            async with claimed(same):
                return "serves"

        next_one = asyncio.create_task(follow())
        await asyncio.sleep(0)
        assert not next_one.done()
    assert await next_one == "serves"


async def test_the_records_stay_open_to_the_command_line_while_a_server_serves(database, same):
    async with claimed(database), same.writing() as connection:
        assert (await connection.execute(sa.text("DELETE FROM keys"))).rowcount == 0


async def test_a_server_that_lost_its_claim_with_its_session_ends_when_another_has_it(
    database, same, monkeypatch
):
    if database.is_sqlite:
        pytest.skip("the lock of a file is not lost")
    monkeypatch.setattr(sole, "LOOK_EACH_S", 0.05)
    async with claimed(database) as claim:
        async with same.reading() as connection:
            holder = (await connection.execute(sa.text(_HOLDER))).scalar_one()
            await connection.execute(sa.text(f"SELECT pg_terminate_backend({holder})"))
        async with claimed(same):
            with pytest.raises(AlreadyServed):
                await asyncio.wait_for(claim.watch(), 10.0)


async def test_a_server_that_lost_its_session_alone_claims_anew(database, same, monkeypatch):
    if database.is_sqlite:
        pytest.skip("the lock of a file is not lost")
    monkeypatch.setattr(sole, "LOOK_EACH_S", 0.05)
    async with claimed(database) as claim:
        watching = asyncio.create_task(claim.watch())
        async with same.reading() as connection:
            before = (await connection.execute(sa.text(_HOLDER))).scalar_one()
            await connection.execute(sa.text(f"SELECT pg_terminate_backend({before})"))
        async with asyncio.timeout(10.0), same.reading() as connection:
            while (now := (await connection.execute(sa.text(_HOLDER))).scalar_one_or_none()) in {
                None,
                before,
            }:
                await connection.rollback()
        assert now not in {None, before}
        watching.cancel()


_HOLDER = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

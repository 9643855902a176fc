"""Who asks to be erased is in no table, no column and no byte any more; others are untouched, and what reports count stays."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.records import forgetting, outbox
from server.records.database import Database
from server.records.pseudonyms import COUNTED
from server.records.tables import OutboxRow, UtcTime, VisitRow
from tests.conftest import NOON
from tests.server.privacy.everybody import (
    ANN,
    BOB,
    PERSONAL,
    TABLES,
    WORDS_OF_THE_SHOP,
    everything_in,
    fill,
    name_of,
    says,
)
from tests.server.records.rows import rows_of

LATER = NOON + timedelta(days=1)


@pytest.fixture
async def everybody(database) -> Database:
    await fill(database)
    return database


async def erase(database: Database, shopper: str = ANN) -> None:
    async with database.writing() as connection:
        await forgetting.forget(connection, shopper, LATER)


async def test_the_search_would_find_her_in_every_table_that_holds_anybody(everybody):
    """Otherwise finding nothing afterwards would say nothing: a table that is new here fails until it is filled, or declared impersonal."""
    rows = await everything_in(everybody)
    assert {name for name, some in rows.items() if len(some) == 2} == {table.name for table in TABLES}
    named = {name for name, some in rows.items() if says(some, name_of(ANN))}
    assert named == {table.name for table in PERSONAL}


async def test_who_is_erased_is_in_no_column_of_any_table(everybody):
    await erase(everybody)
    found = [
        (table, column)
        for table, rows in (await everything_in(everybody)).items()
        for row in rows
        for column, value in row.items()
        if says(value, name_of(ANN))
    ]
    assert found == []


async def test_others_are_untouched(everybody):
    before = await everything_in(everybody)
    await erase(everybody)
    after = await everything_in(everybody)
    for table in PERSONAL:
        assert [row for row in after[table.name] if says(row, name_of(BOB))] == [
            row for row in before[table.name] if says(row, name_of(BOB))
        ]


async def test_what_is_counted_stays_and_all_else_is_deleted(everybody):
    await erase(everybody)
    after = await everything_in(everybody)
    assert {name for name, rows in after.items() if len(rows) == 1} == {
        table.name for table in PERSONAL if table.name not in COUNTED
    }


async def test_reports_say_the_same_as_before(everybody):
    async def told() -> list[list[tuple]]:
        async with everybody.reading() as connection:
            return [
                sorted(tuple(row) for row in await connection.execute(sa.text(question)))
                for question in (
                    "SELECT campaign_id, day, decided, sent, shown, opened, claimed, redeemed FROM report_offers",
                    "SELECT zone_id, entered_s, stayed_s, first_here FROM report_visits",
                    "SELECT campaign_id, amount_milli, refunded_milli, site_id FROM report_purchases",
                    "SELECT campaign_id, treated, came_after_s FROM report_exposed",
                )
            ]

    before = await told()
    assert [len(rows) for rows in before] == [2, 2, 2, 2]
    await erase(everybody)
    assert await told() == before


async def test_what_belongs_together_still_does_and_nobody_can_go_back(everybody):
    await erase(everybody)
    rows = {
        name: next(row for row in some if not says(row, name_of(BOB)))
        for name, some in (await everything_in(everybody)).items()
        if name in COUNTED and name != "audit"
    }
    shoppers = {row["shopper_id"] for row in rows.values()}
    assert len(shoppers) == 1
    assert shoppers.pop().startswith("x_")
    assert rows["exposures"]["visit_id"] == rows["visits"]["id"]
    assert {row["outbox_id"] for row in rows.values() if "outbox_id" in row} == {rows["exposures"]["id"]}
    assert rows["purchases"]["order_id"] == rows["refunds"]["order_id"] == rows["uses"]["order_id"]


async def test_nothing_of_theirs_is_sent_any_more(database):
    """An offer that waits, one that died and might be sent again, an event for another system that waits."""
    await fill(database)
    offers, deliveries = OutboxRow.__table__, "UPDATE webhook_deliveries SET settled_at = NULL"
    async with database.writing() as connection:
        await connection.execute(
            sa.update(offers).values(
                settled_at=None, outcome=None, taken_by=None, leased_until=outbox.NO_LEASE
            )
        )
        await connection.execute(sa.text(deliveries))
    await erase(database)
    async with database.reading() as connection:
        assert await outbox.waiting(connection) == 1
        waiting = await connection.execute(
            sa.text("SELECT shopper_id FROM webhook_deliveries WHERE settled_at IS NULL")
        )
        assert waiting.scalars().all() == [BOB]
    (withdrawn,) = [row for row in await rows_of(database, OutboxRow) if row.shopper_id != BOB]
    assert (withdrawn.outcome, withdrawn.settled_at) == ("withdrawn", LATER)


async def test_a_visit_that_lasts_ends_with_the_erasure(database):
    await fill(database)
    async with database.writing() as connection:
        await connection.execute(sa.update(VisitRow.__table__).values(exited_at=None))
    await erase(database)
    ends = {row.shopper_id == BOB: row.exited_at for row in await rows_of(database, VisitRow)}
    assert ends == {True: None, False: LATER}


async def test_not_a_byte_of_them_is_left_where_the_database_keeps_its_rows(database, tmp_path):
    """Read as whoever stole the disk would: SQLite overwrites what it deletes, PostgreSQL's VACUUM clears what is dead."""
    await fill(database)
    assert b"annabella" in b"".join(await bytes_of(database, tmp_path))
    await erase(database)
    left = b"".join(await bytes_of(database, tmp_path))
    assert b"bertram" in left
    assert b"annabella" not in left


async def bytes_of(database: Database, folder: Path) -> list[bytes]:
    if database.is_sqlite:
        await database.empty_journal()
        return await asyncio.to_thread(lambda: [path.read_bytes() for path in folder.glob("*sqlite3*")])
    pages = sa.text("SELECT pg_read_binary_file(pg_relation_filepath(:table))")
    steward = await database.engine.connect()
    await steward.execution_options(isolation_level="AUTOCOMMIT")
    try:
        for words in (*(f"VACUUM FULL {table.name}" for table in TABLES), "CHECKPOINT"):
            await steward.execute(sa.text(words))
        return [await steward.scalar(pages, {"table": table.name}) or b"" for table in TABLES]
    finally:
        await steward.close()


async def test_a_copy_has_all_tables_that_hold_anybody_and_one_shopper(everybody):
    async with everybody.reading() as connection:
        copy = await forgetting.export(connection, ANN)
    assert set(copy) == {table.name for table in PERSONAL}
    assert all(len(rows) == 1 for rows in copy.values())
    assert not says(copy, name_of(BOB))
    secrets = {"token_hash", "code_hash", "signing_key", "eid_key", "request_hash", "answer"}
    for table in PERSONAL:
        assert set(copy[table.name][0]) == set(table.columns.keys()) - secrets


def test_every_column_of_what_is_counted_was_thought_about():
    for name, counted in COUNTED.items():
        (table,) = [each for each in TABLES if each.name == name]
        parts = [set(counted.renamed), set(counted.kept), set(counted.emptied)]
        assert set().union(*parts) == set(table.columns.keys()), name
        assert sum(map(len, parts)) == len(table.columns), name
        plain = UtcTime | sa.Integer | sa.Float | sa.Boolean
        texts = {column.name for column in table.columns if not isinstance(column.type, plain)}
        told_of_staff = {"id", "key_id", "staff_id"} if name == "audit" else set()
        assert texts & counted.kept <= WORDS_OF_THE_SHOP | told_of_staff, name

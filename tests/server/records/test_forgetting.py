"""To be forgotten is to be in no table any more; to take one's data along is to get all of it."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from server.records import forgetting
from server.records.refusal import NotFound
from server.records.tables import Table, UtcTime

ANN, BOB = "sh_ann", "sh_bob"


def a_value(column: sa.Column, shopper: str, noon: datetime) -> Any:
    """Something that fits the column and, where it can, tells whose row it is."""
    named = {
        "shopper_id": shopper,
        "device_id": f"d_{shopper}",
        "kind": "device",
        "owner_id": f"d_{shopper}",
        "owner": f"k_{shopper}",
    }
    by_type = {
        UtcTime: noon,
        sa.LargeBinary: shopper.encode().ljust(32, b".")[: getattr(column.type, "length", None)],
        sa.JSON: {},
        sa.Boolean: True,
        sa.Integer: 1 if shopper == ANN else 2,
        sa.Float: 1.0,
    }
    fitting = (value for kind, value in by_type.items() if isinstance(column.type, kind))
    return named.get(column.name) or next(fitting, f"{column.name}-{shopper}")


def a_row(table: sa.Table, shopper: str, noon: datetime) -> dict[str, Any]:
    row = {column.name: a_value(column, shopper, noon) for column in table.columns}
    ids = {"shoppers": shopper, "devices": f"d_{shopper}", "keys": f"k_{shopper}"}
    return row | ({"id": ids[table.name]} if table.name in ids else {})


@pytest.fixture
async def everything(database, noon):
    """A row of Ann's and one of Bob's in every table that there is."""
    async with database.writing() as connection:
        for table in Table.metadata.sorted_tables:
            for shopper in (ANN, BOB):
                await connection.execute(sa.insert(table).values(**a_row(table, shopper, noon)))


async def counts(database) -> dict[str, int]:
    async with database.reading() as connection:
        return {
            table.name: (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in Table.metadata.sorted_tables
        }


async def all_text(database) -> str:
    async with database.reading() as connection:
        rows = [
            (await connection.execute(sa.select(table))).all()
            for table in Table.metadata.sorted_tables
            if table.name not in forgetting.IMPERSONAL
        ]
    return str(rows)


async def test_who_is_forgotten_is_in_no_table_any_more(database, everything):
    async with database.writing() as connection:
        await forgetting.forget(connection, ANN)
    assert await counts(database) == {
        table.name: 2 if table.name in forgetting.IMPERSONAL else 1 for table in Table.metadata.sorted_tables
    }
    left = await all_text(database)
    assert ANN not in left
    assert BOB in left


async def test_a_copy_has_all_tables_and_one_shopper(database, everything):
    async with database.reading() as connection:
        copy = await forgetting.export(connection, ANN)
    assert set(copy) == {t.name for t in Table.metadata.sorted_tables} - forgetting.IMPERSONAL
    assert all(len(rows) == 1 for rows in copy.values())
    assert BOB not in str(copy)
    assert "token_hash" not in copy["keys"][0]


async def test_visits_of_a_device_without_a_shopper_are_its_owners_too(database, everything, noon):
    visits = Table.metadata.tables["visits"]
    async with database.writing() as connection:
        anonymous = a_row(visits, ANN, noon) | {"id": "v_2", "shopper_id": None}
        await connection.execute(sa.insert(visits).values(**anonymous))
        await forgetting.forget(connection, ANN)
    assert (await counts(database))["visits"] == 1


async def test_nobody_is_forgotten_who_is_not_known(database):
    for verb in (forgetting.forget, forgetting.export):
        with pytest.raises(NotFound):
            async with database.writing() as connection:
                await verb(connection, "sh_nobody")


def test_every_table_says_whose_it_is():
    """A new table that holds a shopper under another name belongs into FOLLOWED, and one that holds none into IMPERSONAL."""
    for table in Table.metadata.sorted_tables:
        told = {"shopper_id", "device_id"} & set(table.columns.keys()) or table.name in forgetting.FOLLOWED
        assert bool(told) != (table.name in forgetting.IMPERSONAL), table.name

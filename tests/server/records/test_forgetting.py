"""Whose a row is follows from the tables themselves. That nothing is left is tried in tests/server/privacy, in every column and byte."""

import pytest
import sqlalchemy as sa

from server.records import forgetting
from server.records.refusal import NotFound
from server.records.tables import Table, VisitRow
from tests.server.privacy.everybody import ANN, BOB, a_row, fill
from tests.server.records.rows import rows_of


async def test_visits_of_a_device_without_a_shopper_are_its_owners_too(database, noon):
    await fill(database)
    visits = Table.metadata.tables["visits"]
    async with database.writing() as connection:
        anonymous = a_row(visits, ANN) | {"id": "v_2", "shopper_id": None}
        await connection.execute(sa.insert(visits).values(**anonymous))
        await forgetting.forget(connection, ANN, noon)
    devices = {row.device_id for row in await rows_of(database, VisitRow)}
    assert [device for device in devices if not device.startswith("x_")] == [a_row(visits, BOB)["device_id"]]


async def test_nobody_is_forgotten_who_is_not_known(database, noon):
    for verb, when in ((forgetting.forget, (noon,)), (forgetting.export, ())):
        with pytest.raises(NotFound):
            async with database.writing() as connection:
                await verb(connection, "sh_nobody", *when)


def test_every_table_says_whose_it_is():
    """A new table that holds a shopper under another name belongs into FOLLOWED, and one that holds none into IMPERSONAL."""
    for table in Table.metadata.sorted_tables:
        told = {"shopper_id", "device_id"} & set(table.columns.keys()) or table.name in forgetting.FOLLOWED
        assert bool(told) != (table.name in forgetting.IMPERSONAL), table.name

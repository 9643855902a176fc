"""Rows that travel together are the rows that would have travelled one by one."""

from datetime import timedelta, timezone

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.records.bulk import among, delete_rows, ids, insert_rows, update_rows
from server.records.tables import DecisionRow, StayRow, VisitRow
from tests.conftest import NOON
from tests.server.records.rows import a_decision, a_visit, keep, rows_of

VISITS, STAYS = VisitRow.__table__, StayRow.__table__
STAY = ("device_id", "zone_id")


def a_stay(device="d_1", zone="shoes", **changes) -> dict:
    row = {
        "phase": 1,
        "since_at": NOON,
        "entered_at": NOON,
        "heard_at": NOON,
        "dwelled_s": 0.0,
        "usual_gap_s": 5.0,
    }
    return {"device_id": device, "zone_id": zone, **row, **changes}


async def test_a_row_is_kept_whole_with_its_times_lists_and_gaps(database):
    decision = a_decision(
        shopper_id=None, reasons=[{"gate": "quiet", "words": "“ora è tardi”"}], saw={"open": None}
    )
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=1)
    row = {**decision.model_dump(), "happened_at": elsewhere}
    await database.committed(lambda connection: insert_rows(connection, DecisionRow.__table__, [row]))
    (kept,) = await rows_of(database, DecisionRow)
    assert kept.model_dump() == row


async def test_what_was_written_together_is_found_by_time_as_if_written_alone(database):
    async with database.writing() as connection:
        await keep(connection, a_visit("v_alone", entered_at=NOON))
    rows = [
        a_visit("v_together", entered_at=NOON).model_dump(),
        a_visit("v_later", entered_at=NOON + timedelta(microseconds=1)).model_dump(),
    ]
    await database.committed(lambda connection: insert_rows(connection, VISITS, rows))
    async with database.reading() as connection:
        found = await connection.execute(sa.select(VISITS.c.id).where(VISITS.c.entered_at == NOON))
        assert {row.id for row in found} == {"v_alone", "v_together"}


async def test_a_row_that_is_there_stays_as_it_is(database):
    for zone in ("shoes", "hats"):
        row = a_visit("v_1", zone_id=zone).model_dump()
        await database.committed(lambda connection, row=row: insert_rows(connection, VISITS, [row]))
    assert [visit.zone_id for visit in await rows_of(database, VisitRow)] == ["shoes"]


async def test_or_changes_in_what_is_replaced_and_in_nothing_else(database):
    def again(connection):
        insert_rows(connection, STAYS, [a_stay(), a_stay("d_2")])
        insert_rows(connection, STAYS, [a_stay(phase=2, dwelled_s=60.0), a_stay("d_3")], replacing=("phase",))

    await database.committed(again)
    assert [(stay.device_id, stay.phase, stay.dwelled_s) for stay in await rows_of(database, StayRow)] == [
        ("d_1", 2, 0.0),
        ("d_2", 1, 0.0),
        ("d_3", 1, 0.0),
    ]


async def test_rows_change_by_their_key_and_others_are_left_alone(database):
    def change(connection):
        insert_rows(connection, STAYS, [a_stay(), a_stay(zone="hats"), a_stay("d_2")])
        later = [{"device_id": "d_1", "zone_id": "hats", "heard_at": NOON + timedelta(seconds=9)}]
        update_rows(connection, STAYS, later, by=STAY)
        delete_rows(connection, STAYS, STAY, [("d_2", "shoes"), ("d_1", "gloves")])

    await database.committed(change)
    assert [(stay.zone_id, stay.heard_at) for stay in await rows_of(database, StayRow)] == [
        ("hats", NOON + timedelta(seconds=9)),
        ("shoes", NOON),
    ]


async def test_nothing_is_asked_of_the_database_for_no_rows(database):
    def nothing(connection):
        insert_rows(connection, STAYS, [])
        update_rows(connection, STAYS, [], by=STAY)
        delete_rows(connection, STAYS, STAY, [])

    await database.committed(nothing)
    assert await rows_of(database, StayRow) == []


@given(
    st.sets(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20), max_size=5
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_rows_are_found_by_any_ids(database, some):
    def among_others(connection):
        delete_rows(
            connection, VISITS, ("id",), [(row.id,) for row in connection.execute(sa.select(VISITS.c.id))]
        )
        insert_rows(connection, VISITS, [a_visit(each).model_dump() for each in {*some, "another"}])
        asked = sa.select(VISITS.c.id).where(among(connection.dialect.name, VISITS.c.id))
        return {row.id for row in connection.execute(asked, ids(some))}

    assert await database.committed(among_others) == some

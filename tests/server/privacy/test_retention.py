"""Nothing is kept longer than it has to be; and nothing that is still needed goes."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server.app import _ages
from server.records import dead_letters, inbox, outbox, retention
from server.records.dead_letters import Which
from server.records.retention import KEPT, RULES
from server.records.tables import (
    AttemptRow,
    ConsentRow,
    IssueRow,
    KeyRow,
    OutboxRow,
    Table,
    UtcTime,
    VisitRow,
)
from server.settings import RetentionSettings, Settings
from tests.conftest import NOON
from tests.server.privacy.everybody import ANN, a_row
from tests.server.records.rows import a_consent, a_visit, an_attempt, an_offer, keep, rows_of

AGES = _ages(Settings())
DAY = timedelta(days=1)


def test_every_table_has_a_rule_or_a_reason():
    ruled = {rule.table for rule in RULES} | {table for rule in RULES for table, _ in rule.along}
    assert ruled | KEPT.keys() == {table.name for table in Table.metadata.sorted_tables}
    assert not ruled & KEPT.keys()


def test_every_setting_is_a_rule_and_every_rule_has_one():
    assert {rule.name for rule in RULES if rule.name} == set(RetentionSettings.model_fields)


def of_age(rule, age: timedelta) -> dict[str, Any]:
    """A row for this rule, of this age, and whatever else its condition wants."""
    table = Table.metadata.tables[rule.table]
    row = a_row(table, ANN)
    at: datetime | str = NOON - age
    if not isinstance(table.c[rule.at].type, UtcTime):
        at = at.date().isoformat()
    wants = {"outbox": {"settled_at": at, "outcome": "dead_letter"}, "testers": {"joined_at": None}}
    return {**row, **wants.get(rule.table, {}), rule.at: at}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.table}-{rule.name}-{rule.at}")
async def test_what_is_a_day_too_old_goes_and_what_is_a_day_younger_stays(database, rule):
    table = Table.metadata.tables[rule.table]
    age = AGES[rule.name] if rule.name else timedelta(0)
    for older, found in ((-DAY, 0), (DAY, 1)):
        async with database.writing() as connection:
            await connection.execute(sa.delete(table))
            row = of_age(rule, age + older)
            await connection.execute(sa.insert(table).values(**row))
            if rule.name:
                gone = await retention.forget_before(connection, rule.name, NOON - age)
            else:
                gone = {rule.table: await retention._one_part(connection, rule, NOON, 10)}
        assert gone[rule.table] == found or rule.emptied is not None
        left = await rows_left(database, table)
        if rule.emptied is None:
            assert len(left) == 1 - found
        else:
            assert (left[0]["title"] == "") == bool(found)


async def rows_left(database, table):
    async with database.reading() as connection:
        return [dict(row) for row in (await connection.execute(sa.select(table))).mappings()]


async def test_what_belongs_to_an_offer_goes_with_it(database):
    old = NOON - AGES["outbox_days"] - DAY
    async with database.writing() as connection:
        await keep(
            connection,
            an_offer("of_1", settled_at=old, outcome="sent"),
            an_offer("of_2"),
            an_attempt("of_1"),
            an_attempt("of_2"),
        )
    assert (await retention.sweep(database, AGES, NOON))["outbox"] == 1
    assert [row.outbox_id for row in await rows_of(database, AttemptRow)] == ["of_2"]


async def test_a_visit_that_lasts_and_an_answer_that_holds_are_never_too_old(database):
    long_ago = NOON - timedelta(days=20_000)
    async with database.writing() as connection:
        await keep(connection, a_visit(entered_at=long_ago), a_consent(given_at=long_ago))
        await keep(connection, an_offer(created_at=long_ago, due_at=long_ago, expires_at=NOON + DAY))
    await retention.sweep(database, AGES, NOON)
    for table in (VisitRow, ConsentRow, OutboxRow):
        assert len(await rows_of(database, table)) == 1
    async with database.reading() as connection:
        assert await outbox.waiting(connection) == 1


async def test_what_offers_said_goes_and_what_became_of_them_stays(database):
    over = NOON - AGES["messages_days"] - DAY
    async with database.writing() as connection:
        await keep(connection, an_offer(expires_at=over, settled_at=over, outcome="sent", taken_by="fcm"))
    await retention.sweep(database, AGES, NOON)
    (offer,) = await rows_of(database, OutboxRow)
    assert (offer.title, offer.body, offer.data, offer.outcome) == ("", "", {}, "sent")
    async with database.reading() as connection:
        assert await inbox.listed(connection, "sh_1", NOON, after=None, limit=10) == []


async def test_a_dead_letter_is_looked_at_for_a_month_and_then_counts_as_expired(database):
    async with database.writing() as connection:
        for days in (29, 31):
            died = NOON - timedelta(days=days)
            await keep(connection, an_offer(f"of_{days}", settled_at=died, outcome="dead_letter"))
    await retention.sweep(database, AGES, NOON)
    async with database.reading() as connection:
        letters = await dead_letters.listed(connection, Which(), after=None, limit=10)
    assert [row.id for row in letters] == ["of_29"]
    assert {row.id: row.outcome for row in await rows_of(database, OutboxRow)}["of_31"] == "expired"


async def test_what_a_campaign_gave_in_all_is_kept_when_its_days_are_not(database):
    old = (NOON - AGES["outbox_days"] - DAY).date()
    counts = [
        IssueRow(campaign_id="c", day=day, site_id="", campaign_version=1, given=7, spent=0.0)
        for day in ("", old.isoformat(), date(2026, 6, 10).isoformat())
    ]
    async with database.writing() as connection:
        await keep(connection, *counts)
    await retention.sweep(database, AGES, NOON)
    assert [row.day for row in await rows_of(database, IssueRow)] == ["", "2026-06-10"]


async def test_a_key_that_holds_is_kept_however_old(database):
    async with database.writing() as connection:
        for name, ends in (("k_ended", {"revoked_at": NOON - timedelta(days=731)}), ("k_holds", {})):
            key = KeyRow(
                id=name,
                kind="server",
                name="till",
                token_hash=name.encode().ljust(32),
                created_at=NOON - timedelta(days=2_000),
            )
            await keep(connection, key)
            if ends:
                await connection.execute(
                    sa.update(KeyRow.__table__).where(KeyRow.__table__.c.id == name).values(**ends)
                )
    await retention.sweep(database, AGES, NOON)
    assert [row.id for row in await rows_of(database, KeyRow)] == ["k_holds"]


async def test_however_much_there_is_it_goes_a_part_at_a_time(database):
    old = NOON - AGES["visits_days"] - DAY
    async with database.writing() as connection:
        await keep(connection, *(a_visit(f"v_{n}", entered_at=old, exited_at=old) for n in range(25)))
        await keep(connection, a_visit("v_new", exited_at=NOON))
    assert await retention.sweep(database, AGES, NOON, part=10) == {"visits": 25}
    assert [row.id for row in await rows_of(database, VisitRow)] == ["v_new"]


def test_times_are_what_rules_go_by():
    for rule in RULES:
        kind = Table.metadata.tables[rule.table].c[rule.at].type
        assert isinstance(kind, UtcTime) or (rule.table, rule.at) == ("issues", "day")


async def test_a_reply_goes_by_its_own_age_for_a_shop_that_forgets_leaves_it_without_its_offer(database):
    replies = Table.metadata.tables["replies"]
    age = AGES["outbox_days"]
    async with database.writing() as connection:
        for name, at in (("old", NOON - age - DAY), ("young", NOON - age + DAY)):
            own = {"id": f"re_{name}", "outbox_id": f"x_{name}", "at": at}
            await connection.execute(sa.insert(replies).values(**a_row(replies, ANN) | own))
    assert await retention.sweep(database, AGES, NOON) == {"replies": 1}
    assert [row["id"] for row in await rows_left(database, replies)] == ["re_young"]

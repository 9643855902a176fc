"""How it goes just now, counted from what the path, the phones and the tills left."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server.records import now as just_now
from server.records.now import Figures, Happening, Stretch
from tests.conftest import NOON
from tests.server.records.rows import a_decision, a_receipt, a_redemption, a_visit, an_offer, keep
from tests.server.records.test_reports import HOUR, a_zone, an_exposure, asked, credited, kept

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)


async def test_who_carries_two_devices_is_one_person_and_who_left_is_none(database):
    await kept(
        database,
        a_zone("shop"),
        a_zone("shoes", None, "shop"),
        a_visit("v_1", device_id="d_1"),
        a_visit("v_2", device_id="d_2"),
        a_visit("v_3", device_id="d_3", shopper_id=None),
        a_visit("v_4", device_id="d_4", shopper_id="sh_4", exited_at=NOON + HOUR),
        a_visit("v_5", device_id="d_5", shopper_id="sh_5", zone_id="gone"),
    )
    assert await asked(database, just_now.present) == [("shoes", "shoes", 2), ("shop", "shop", 0)]


async def test_people_are_counted_by_the_index_of_open_visits(database):
    """A shop has years of visits, and some dozens that are open."""
    async with database.writing() as connection:
        explain, heard = ("EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "), []

        def listen(_connection, _cursor, statement, parameters, *_):
            heard.append((statement, parameters))

        sync = connection.sync_connection
        sa.event.listen(sync, "before_cursor_execute", listen)
        await just_now.present(connection)
        sa.event.remove(sync, "before_cursor_execute", listen)
        if not database.is_sqlite:  # few rows are read through faster than looked up
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(explain + heard[0][0], heard[0][1])
        assert "ix_visits_open" in str(plan.all())


async def test_what_happened_last_comes_first(database):
    why = [{"gate": "quiet_hours", "words": "quiet hours until 09:00"}]
    await kept(
        database,
        a_visit("v_1", exited_at=NOON + 2 * MINUTE),
        a_visit("v_2", entered_at=NOON + 3 * MINUTE),
        a_decision("dec_1", verdict="withhold", decided_at=NOON + MINUTE, reasons=why),
    )
    assert await asked(database, just_now.lately, 3) == [
        Happening(NOON + 3 * MINUTE, "entered", "shoes", None, ()),
        Happening(NOON + 2 * MINUTE, "exited", "shoes", None, ()),
        Happening(NOON + MINUTE, "withhold", "shoes", "spring-shoes", why),
    ]


async def test_today_is_that_of_the_shops_clock_and_a_week_ago_it_was_the_same_hour(database):
    await kept(database, a_zone("shop", "Europe/Rome"))
    after_the_change = datetime(2026, 3, 30, 10, 15, tzinfo=UTC)
    name, today, before = await asked(database, just_now.stretches, after_the_change)
    rome = ZoneInfo("Europe/Rome")
    assert name == "Europe/Rome"
    assert (today.since, today.until) == (datetime(2026, 3, 30, tzinfo=rome), after_the_change)
    assert before.until == datetime(2026, 3, 23, 12, 15, tzinfo=rome)
    assert before.until.astimezone(UTC).hour == 11  # the clock was not yet set forward


async def test_a_shop_without_zones_goes_by_utc(database):
    name, today, _ = await asked(database, just_now.stretches, NOON)
    assert (name, today.since) == ("UTC", NOON.replace(hour=0))


def until(at, day=NOON):
    return Stretch(day.date(), day.replace(hour=0), at)


async def test_a_day_counts_who_came_into_the_shop_and_what_came_of_offers_until_then(database):
    await kept(
        database,
        a_zone("shop"),
        a_zone("shoes", None, "shop"),
        a_visit("v_1", zone_id="shop"),
        a_visit("v_2", zone_id="shoes"),
        a_visit("v_3", zone_id="shop", entered_at=NOON + HOUR),
        a_visit("v_4", zone_id="shop", entered_at=NOON - WEEK),
        *(an_exposure(f"of_{number}") for number in range(1, 4)),
        an_exposure("of_4", control="campaign"),
        an_offer("of_1", outcome="sent", taken_by="fcm"),
        an_offer("of_2", outcome="sent", taken_by="fcm"),
        an_offer("of_3"),
        a_receipt("of_1", "opened", at=NOON + MINUTE),
        a_receipt("of_2", "opened", at=NOON + HOUR),
        a_redemption("of_1", at=NOON + 2 * MINUTE),
        credited("o_1", amount_milli=50_000, refunded_milli=10_000, at=NOON + MINUTE),
        credited("o_2", at=NOON + HOUR),
    )
    soon, later = until(NOON + 10 * MINUTE), until(NOON + 2 * HOUR)
    assert await asked(database, just_now.figures, soon) == Figures(1, 2, 1, 1, {"EUR": 40_000})
    assert await asked(database, just_now.figures, later) == Figures(2, 2, 2, 1, {"EUR": 50_000})
    empty = until(NOON - 2 * WEEK, NOON - 2 * WEEK)
    assert await asked(database, just_now.figures, empty) == Figures(0, 0, 0, 0, {})


async def test_where_no_site_is_drawn_visits_to_zones_of_their_own_count(database):
    corner = a_zone("corner")
    corner.level = "zone"
    async with database.writing() as connection:
        await keep(connection, corner, a_visit("v_1", zone_id="corner"))
    assert (await asked(database, just_now.figures, until(NOON + MINUTE))).visits == 1

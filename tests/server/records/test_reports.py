"""What happened, counted from what the path, the phones and the tills left."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from server.campaigns.lift import Group
from server.records import reports, schema
from server.records.database import Database
from server.records.reports import Compared, Days, PlaceDay, PlaceHour, Sold, StayLength, VisitCounts, Way
from server.records.tables import CouponClaimRow, ExposureRow, PurchaseRow, ZoneRow
from tests.conftest import NOON
from tests.server.records.rows import a_receipt, a_redemption, a_visit, an_offer, keep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUNE = Days(date(2026, 6, 1), date(2026, 6, 30))
WEEK = timedelta(days=7)


def a_zone(id="shop", clock="Europe/Rome", parent=None):
    feature = {"type": "Feature", "properties": {"time_zone": clock} if clock else {}}
    level = "site" if parent is None else "zone"
    return ZoneRow(
        id=id, name=id, level=level, parent_id=parent, feature=feature, created_at=NOON, updated_at=NOON
    )


def an_exposure(id="of_1", **changes):
    at = changes.get("at", NOON)
    return ExposureRow(
        **{
            "id": id,
            "decision_id": id.replace("of_", "dec_"),
            "shopper_id": "sh_1",
            "device_id": "d_1",
            "visit_id": "v_1",
            "zone_id": "shoes",
            "site_id": "shop",
            "campaign_id": "spring-shoes",
            "campaign_version": 1,
            "channel": "fcm",
            "woken_by": "entered",
            "day": at.date().isoformat(),
            "happened_at": at,
            "at": at,
            **changes,
        }
    )


def a_claim(offer="of_1"):
    return CouponClaimRow(
        outbox_id=offer, coupon_id="c", code="AB", shopper_id="sh_1", device_id="d_1", claimed_at=NOON
    )


def a_purchase(id="o_1", **changes):
    return PurchaseRow(
        **{
            "order_id": id,
            "shopper_id": "sh_1",
            "amount_milli": 10_000,
            "at": NOON,
            "received_at": NOON,
            **changes,
        }
    )


def credited(id="o_1", offer="of_1", by="window", **changes):
    return a_purchase(
        id, outbox_id=offer, campaign_id="spring-shoes", credited_by=by, currency="EUR", **changes
    )


async def kept(database, *rows):
    async with database.writing() as connection:
        await keep(connection, *rows)


async def asked(database, report, *arguments, **named):
    async with database.reading() as connection:
        return await report(connection, *arguments, **named)


async def test_each_offer_counts_as_far_as_it_came(database):
    await kept(
        database,
        *(an_exposure(f"of_{i}") for i in range(1, 6)),
        an_exposure("of_6", control="campaign"),
        an_exposure("of_7", control="all"),
        an_offer("of_1"),
        *(an_offer(f"of_{i}", outcome="sent", taken_by="fcm") for i in range(2, 6)),
        a_receipt("of_3", "dismissed"),
        a_receipt("of_4", "shown"),
        a_receipt("of_4", "opened"),
        a_receipt("of_5", "opened"),
        a_claim("of_5"),
        a_redemption("of_5"),
    )
    (line,) = await asked(database, reports.funnel, JUNE)
    assert line == ("spring-shoes", 1, None, 0, NOON.date(), 5, 2, 4, 3, 2, 1, 1)


async def test_an_offer_that_waits_for_its_next_channel_was_sent_by_the_first(database):
    await kept(database, an_exposure(), an_offer(taken_by="fcm", channel="email"))
    (line,) = await asked(database, reports.funnel, JUNE)
    assert line.sent == 1


async def test_the_funnel_tells_versions_variants_follow_ups_and_days_apart(database):
    await kept(
        database,
        an_exposure("of_1", variant="a"),
        an_exposure("of_2", variant="b"),
        an_exposure("of_3", variant="b", campaign_version=2),
        an_exposure("of_4", variant="b", campaign_version=2, step=1),
        an_exposure("of_5", at=NOON + DAY, campaign_id="hats"),
        an_exposure("of_6", at=NOON + 30 * DAY),
    )
    lines = await asked(database, reports.funnel, JUNE)
    assert [(line.campaign, line.version, line.variant, line.step, line.day.day) for line in lines] == [
        ("spring-shoes", 1, "a", 0, 10),
        ("spring-shoes", 1, "b", 0, 10),
        ("spring-shoes", 2, "b", 0, 10),
        ("spring-shoes", 2, "b", 1, 10),
        ("hats", 1, None, 0, 11),
    ]
    assert [line.campaign for line in await asked(database, reports.funnel, JUNE, campaign="hats")] == [
        "hats"
    ]


async def test_visits_are_counted_with_their_lengths_and_who_was_here_before(database):
    await kept(
        database,
        a_zone(),
        a_zone("shoes", None, "shop"),
        a_visit("v_1", exited_at=NOON + timedelta(seconds=90.5)),
        a_visit("v_2", entered_at=NOON + HOUR, exited_at=NOON + HOUR + timedelta(seconds=30)),
        a_visit("v_3", shopper_id="sh_2", entered_at=NOON + HOUR),
        a_visit("v_4", shopper_id=None, entered_at=NOON + HOUR),
        a_visit("v_5", zone_id="hats", entered_at=NOON + HOUR),
    )
    found = await asked(database, reports.visits, JUNE)
    assert found == {
        PlaceDay("hats", NOON.date()): VisitCounts(visits=1, new=1),
        PlaceDay("shoes", NOON.date()): VisitCounts(
            visits=4, new=2, returning=1, over=2, stayed_s=pytest.approx(120.5), longest_s=pytest.approx(90.5)
        ),
    }
    assert list(await asked(database, reports.visits, JUNE, zone="hats")) == [PlaceDay("hats", NOON.date())]


async def test_stays_are_told_by_how_long_they_were(database):
    lasted = (59, 60, 119, 119.9, 7_200, 90_000)
    await kept(
        database,
        a_zone(),
        a_zone("shoes", None, "shop"),
        *(a_visit(f"v_{i}", exited_at=NOON + timedelta(seconds=s)) for i, s in enumerate(lasted)),
        a_visit("v_open"),
        a_visit("v_hats", zone_id="hats", exited_at=NOON + timedelta(seconds=5)),
        a_visit("v_may", entered_at=NOON - 30 * DAY, exited_at=NOON),
    )
    assert await asked(database, reports.stays, JUNE) == {
        StayLength("hats", 0, 60): 1,
        StayLength("shoes", 0, 60): 1,
        StayLength("shoes", 60, 120): 3,
        StayLength("shoes", 7_200, None): 2,
    }
    assert list(await asked(database, reports.stays, JUNE, zone="hats")) == [StayLength("hats", 0, 60)]


def a_walk(name, *stops, device="d_1", at=NOON):
    """The same device in one zone after the other: a minute in each, half a minute between them."""
    for i, zone in enumerate(stops):
        begin = at + i * timedelta(seconds=90)
        yield a_visit(
            f"{name}_{i}",
            zone_id=zone,
            device_id=device,
            entered_at=begin,
            exited_at=begin + timedelta(seconds=60),
        )


async def test_ways_lead_from_zone_to_zone_within_one_stay(database):
    shop = (a_zone(), *(a_zone(each, None, "shop") for each in ("shoes", "hats", "tills")))
    await kept(
        database,
        *shop,
        a_zone("shelf", None, "shoes"),
        a_visit("v_ann", zone_id="shop", exited_at=NOON + HOUR),
        *a_walk("ann", "shoes", "hats", "hats", "shoes", "tills"),
        a_visit("v_bob", zone_id="shop", device_id="d_2", entered_at=NOON + HOUR),
        *a_walk("bob", "shoes", "hats", device="d_2", at=NOON + HOUR),
        a_visit(
            "v_shelf", zone_id="shelf", entered_at=NOON + timedelta(seconds=5), exited_at=NOON + HOUR
        ),  # lies in another zone: no step on this way
    )
    assert await asked(database, reports.ways, JUNE) == {
        Way("shoes", "hats"): 2,
        Way("hats", "shoes"): 1,
        Way("shoes", "tills"): 1,
    }
    assert list(await asked(database, reports.ways, JUNE, zone="tills")) == [Way("shoes", "tills")]
    assert len(await asked(database, reports.ways, JUNE, zone="shop")) == 3
    assert await asked(database, reports.ways, JUNE, zone="shelf") == {}


async def test_who_comes_back_later_begins_a_new_way(database):
    await kept(
        database,
        a_zone(),
        *(a_zone(each, None, "shop") for each in ("shoes", "hats")),
        a_visit("v_1", zone_id="shop", exited_at=NOON + timedelta(minutes=2)),
        *a_walk("ann", "shoes"),
        a_visit("v_2", zone_id="shop", entered_at=NOON + HOUR, exited_at=NOON + 2 * HOUR),
        *a_walk("again", "hats", at=NOON + HOUR),
    )
    assert await asked(database, reports.ways, JUNE) == {}


async def test_a_day_is_that_of_the_shops_own_clock(database):
    """At 22:30 UTC it is the next day in Rome, not yet in New York, and 4:15 of the next day in Kathmandu."""
    late = datetime(2026, 6, 10, 22, 30, tzinfo=UTC)
    shops = {
        "rome": "Europe/Rome",
        "milan": "Europe/Rome",
        "york": "America/New_York",
        "hill": "Asia/Kathmandu",
    }
    await kept(
        database,
        *(a_zone(shop, clock) for shop, clock in shops.items()),
        *(a_visit(f"v_{shop}", zone_id=shop, entered_at=late) for shop in shops),
    )
    found = await asked(database, reports.visits, JUNE)
    assert {place.zone: place.day.day for place in found} == {"rome": 11, "milan": 11, "york": 10, "hill": 11}
    hours = await asked(database, reports.footfall, JUNE)
    assert hours == {
        PlaceHour("hill", 4, 4): 1,
        PlaceHour("milan", 4, 0): 1,
        PlaceHour("rome", 4, 0): 1,
        PlaceHour("york", 3, 18): 1,
    }
    only_the_10th = Days(date(2026, 6, 10), date(2026, 6, 10))
    assert [place.zone for place in await asked(database, reports.visits, only_the_10th)] == ["york"]


async def test_the_hour_that_the_clock_shows_twice_counts_both(database):
    twice = (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    await kept(
        database,
        a_zone(),
        *(a_visit(f"v_{i}", zone_id="shop", entered_at=at) for i, at in enumerate(twice)),
    )
    night = Days(date(2026, 10, 25), date(2026, 10, 25))
    assert await asked(database, reports.footfall, night) == {PlaceHour("shop", 7, 2): 2}
    (counts,) = (await asked(database, reports.visits, night)).values()
    assert counts.visits == 2


async def test_visits_in_a_zone_that_was_removed_are_still_counted(database):
    await kept(
        database, a_zone(), a_zone("york", "America/New_York"), a_zone("bari"), a_visit(zone_id="gone")
    )
    assert list(await asked(database, reports.visits, JUNE)) == [PlaceDay("gone", NOON.date())]


async def test_money_given_back_is_told_beside_what_was_paid(database):
    await kept(
        database,
        an_exposure(variant="b", campaign_version=3),
        credited("o_1", by="redemption"),
        credited("o_2", amount_milli=5_000, refunded_milli=2_000),
        credited("o_3", offer="of_forgotten"),
        a_purchase("o_4"),
    )
    found = await asked(database, reports.revenue, JUNE)
    assert {
        sold: (each.orders, each.redeemed, each.paid_milli, each.refunded_milli)
        for sold, each in found.items()
    } == {
        Sold("spring-shoes", None, None, NOON.date(), "EUR"): (1, 0, 10_000, 0),
        Sold("spring-shoes", 3, "b", NOON.date(), "EUR"): (2, 1, 15_000, 2_000),
    }


async def test_an_order_late_at_night_belongs_to_the_day_of_its_shop(database):
    await kept(
        database, a_zone(), an_exposure(), credited(at=datetime(2026, 6, 10, 22, 30, tzinfo=UTC), shop="shop")
    )
    (sold,) = await asked(database, reports.revenue, JUNE)
    assert sold.day == date(2026, 6, 11)


async def test_shoppers_are_compared_by_their_first_exposure_delivered_or_not(database):
    await kept(
        database,
        an_exposure("of_1"),
        an_exposure("of_2", at=NOON + DAY),  # the same shopper again
        an_exposure("of_3", shopper_id="sh_2"),
        an_exposure("of_4", shopper_id="sh_3", control="campaign"),
        an_exposure("of_5", shopper_id="sh_4", control="campaign"),
        an_exposure("of_6", shopper_id="sh_5", control="all"),
        an_exposure("of_7", shopper_id="sh_6", campaign_id="hats"),
        an_offer("of_1", outcome="undeliverable"),
        a_purchase("o_1", at=NOON + HOUR),
        a_purchase("o_2", at=NOON + 2 * HOUR),  # counts once
        a_purchase("o_3", shopper_id="sh_2", at=NOON - HOUR),  # before
        a_purchase("o_4", shopper_id="sh_3", at=NOON + HOUR),
        a_purchase("o_5", shopper_id="sh_4", at=NOON + WEEK),  # too late
    )
    found = await asked(database, reports.compared, "spring-shoes", WEEK, NOON + 30 * DAY)
    assert found == (Group(2, 1), Group(2, 1), 0, 0)


async def test_all_campaigns_together_are_compared_with_those_whom_none_speaks_to(database):
    await kept(
        database,
        an_exposure("of_1"),
        an_exposure("of_2", campaign_id="hats", at=NOON + DAY),  # the same shopper, counted once
        an_exposure("of_3", shopper_id="sh_2", control="campaign"),  # other campaigns speak to them
        an_exposure("of_4", shopper_id="sh_3", control="all"),
        an_exposure("of_5", shopper_id="sh_4", control="all", campaign_id="hats"),
        an_exposure("of_6", shopper_id="sh_4", control="all", at=NOON + DAY),
        a_purchase("o_1", at=NOON + HOUR),
        a_purchase("o_2", shopper_id="sh_2", at=NOON + HOUR),
        a_purchase("o_3", shopper_id="sh_4", at=NOON + DAY),
    )
    found = await asked(database, reports.compared_for_all, WEEK, NOON + 30 * DAY)
    assert found == (Group(2, 2), Group(2, 1), 0, 0)
    later = Days(date(2026, 6, 11), date(2026, 6, 11))
    assert (
        await asked(database, reports.compared_for_all, WEEK, NOON + 30 * DAY, days=later)
    ).treated == Group(0, 0)


async def test_whoever_may_still_come_does_not_count_yet(database):
    await kept(
        database,
        an_exposure("of_1", at=NOON - 7 * DAY),
        an_exposure("of_2", shopper_id="sh_2", at=NOON - 6 * DAY),
        an_exposure("of_3", shopper_id="sh_3", at=NOON - 5 * DAY, control="campaign"),
        a_purchase(shopper_id="sh_2", at=NOON),
    )
    found = await asked(database, reports.compared, "spring-shoes", WEEK, NOON)
    assert found == Compared(Group(1, 0), Group(0, 0), too_early=2, too_early_control=1)


async def test_one_variant_and_some_days_are_compared_with_their_own_control(database):
    await kept(
        database,
        an_exposure("of_1", variant="a"),
        an_exposure("of_2", variant="b", shopper_id="sh_2"),
        an_exposure("of_3", variant="a", shopper_id="sh_3", control="campaign"),
        an_exposure("of_4", variant="a", shopper_id="sh_4", at=NOON + DAY),
    )
    that_day = Days(NOON.date(), NOON.date())
    found = await asked(
        database, reports.compared, "spring-shoes", WEEK, NOON + 30 * DAY, days=that_day, variant="a"
    )
    assert found == (Group(1, 0), Group(1, 0), 0, 0)


async def test_migrations_make_the_same_views_as_the_tables(tmp_path, empty_sqlite):
    views = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY name")
    migrated = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'migrated.sqlite3'}")
    made = Database.open(f"sqlite+aiosqlite:///{empty_sqlite}")
    await schema.migrate(migrated)
    found = []
    for each in (migrated, made):
        async with each.reading() as connection:
            found.append([tuple(row) for row in await connection.execute(views)])
        await each.close()
    assert found[0] == found[1]
    assert len(found[0]) == 5

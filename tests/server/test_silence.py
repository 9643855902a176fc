"""Gateways that do not hear, lines that are cut, and zones that change while somebody is in them: the main job on real records."""

import asyncio
from datetime import timedelta

import pytest

from server.presence.sighting import Batch
from server.zones.hours import read_hours
from server.zones.zone import AnchorSet, Circle
from tests.makers import LAT, LON, METRES_PER_DEGREE_LAT, QUICK, a_department, a_shop, fix, heard
from tests.server.a_house import DECISIONS, NOON, OUTBOX, STAYS, VISITS, House, an_offer

PLACES = (
    a_shop(None, manner=QUICK),
    a_department("shoes", AnchorSet(("east",)), manner=QUICK),
    a_department("bags", AnchorSet(("west",)), manner=QUICK),
)
NEXT_STREET = Circle(LAT + 300 / METRES_PER_DEGREE_LAT, LON, 40.0)
ROME = "Europe/Rome"


@pytest.fixture
async def house(database) -> House:
    return House(database)


@pytest.fixture
async def shop(house) -> House:
    """A shop of two departments with a gateway each, both well at noon."""
    await house.set_up_gateways("east", "west")
    await house.define(*PLACES)
    await house.open()
    await house.beat("east", "west")
    return house


async def stand(house: House, first: int, last: int, *fobs: str, anchor: str = "east"):
    """Second by second the fobs are heard at one gateway."""
    for second in range(first, last):
        await house.see(*(heard(second, anchor, -60.0, fob) for fob in fobs))
        await house.wait_until(second + 0.5)


async def test_a_radio_that_is_off_ends_no_visits_and_who_left_meanwhile_left_when_last_heard(shop):
    ann, bob = await shop.meet(), await shop.meet()
    await stand(shop, 0, 20, ann, bob)
    await shop.beat("east", after_s=20, radio="off", last_heard_at=None)
    for second in range(25, 110, 5):
        await shop.wait_until(second)
    assert set(await shop.rows(VISITS, "exited_at")) == {None}
    await shop.beat("east", after_s=110)
    await stand(shop, 111, 150, ann)
    await shop.beat("east", after_s=150)
    await shop.wait_until(151)
    assert await shop.rows(VISITS, "device_id", "zone_id", "exited_at") == sorted(
        [(ann, "shoes", None), (ann, "shop", None)]
        + [(bob, zone, NOON + timedelta(seconds=19)) for zone in ("shoes", "shop")]
    )


async def test_a_server_that_starts_while_a_gateway_is_off_keeps_who_stands_before_it(shop):
    ann = await shop.meet()
    await stand(shop, 0, 20, ann)
    await shop.beat("east", after_s=20, radio="failed")
    await shop.wait_until(30)
    await shop.open()
    for second in range(31, 200, 15):
        await shop.beat("west", after_s=second)
        await shop.wait_until(second + 1)
    await shop.beat("east", "west", after_s=200)
    await stand(shop, 200, 210, ann)
    assert await shop.rows(VISITS, "zone_id", "exited_at") == [("shoes", None), ("shop", None)]


async def test_a_gateway_that_was_cut_off_tells_of_a_visit_in_the_past_and_nobody_is_greeted_for_it(shop):
    await shop.define(offers=[an_offer()])
    await shop.learn()
    ann, cat = await shop.meet(), await shop.meet()
    await stand(shop, 0, 20, ann)
    assert await shop.rows(OUTBOX, "device_id") == [ann]
    for second in range(20, 600, 20):
        await shop.wait_until(second)
    assert set(await shop.rows(VISITS, "exited_at")) == {None}
    await shop.beat("east", "west", after_s=600, spool_oldest_at=NOON.timestamp() + 20)
    for first in range(20, 600, 100):
        told = range(first, min(first + 100, 600))
        await shop.see(
            *(heard(second, "east", -60.0, ann) for second in told if second < 60),
            *(heard(second, "east", -60.0, cat) for second in told if 200 <= second < 260),
        )
        await shop.wait_until(601)
    await shop.beat("east", "west", after_s=615)
    await shop.wait_until(640)
    assert await shop.rows(VISITS, "device_id", "entered_at", "exited_at") == sorted(
        2 * [(ann, NOON, NOON + timedelta(seconds=59))]
        + 2 * [(cat, NOON + timedelta(seconds=200), NOON + timedelta(seconds=259))]
    )
    assert await shop.rows(OUTBOX, "device_id") == [ann]
    assert await shop.reasons() == ["freshness"]
    assert await shop.rows(STAYS, "device_id") == []


async def test_a_line_that_was_cut_for_all_gateways_leaves_everybody_where_all_together_heard_them(shop):
    ann = await shop.meet()
    async with asyncio.TaskGroup() as group:
        path = group.create_task(shop.trigger.run())
        live = [heard(second, "west", -60.0, ann) for second in range(10)]
        await shop.bus.carry(Batch.of([*live, *(heard(second, "east", -80.0, ann) for second in range(10))]))
        shop.now = NOON + timedelta(seconds=600)
        await shop.beat("east", "west", after_s=600, spool_oldest_at=NOON.timestamp() + 10)

        async def empty(anchor: str, rssi_dbm: float, batch_s: int) -> None:
            """One gateway's spool, as fast as the server takes it."""
            for first in range(10, 120, batch_s):
                seconds = range(first, min(first + batch_s, 120))
                await shop.bus.carry(Batch.of([heard(each, anchor, rssi_dbm, ann) for each in seconds]))

        await asyncio.gather(empty("east", -80.0, 50), empty("west", -60.0, 15))
        path.cancel()
    assert set(await shop.rows(VISITS, "zone_id", "late")) == {("bags", False), ("shop", False)}


async def test_a_machine_that_took_its_place_is_heard_for_the_same_anchor(shop):
    ann = await shop.meet()
    await stand(shop, 0, 20, ann)
    await shop.beat("east", after_s=20, radio="off")
    await shop.wait_until(60)
    await shop.beat("east", after_s=60, started_at=NOON.timestamp() + 55)
    await stand(shop, 60, 70, ann)
    assert set(await shop.rows(VISITS, "exited_at")) == {None}


async def test_a_phone_that_tells_of_a_day_in_pieces_has_one_visit_not_one_a_piece(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.wait_until(20_000)
    for first in range(0, 3_000, 600):
        await house.see(*(fix(second, device=phone) for second in range(first, first + 600, 60)))
        await house.wait_until(20_001 + first / 600)
    assert await house.rows(VISITS, "exited_at") == [None]
    await house.wait_until(20_040)
    assert await house.rows(VISITS, "entered_at", "exited_at") == [(NOON, NOON + timedelta(seconds=2_940))]


async def test_a_zone_drawn_round_somebody_greets_them_once(house):
    there = a_shop(NEXT_STREET, manner=QUICK)
    await house.define(there)
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    house.now = NOON + timedelta(seconds=60)
    corner = a_shop(id="corner", manner=QUICK)
    await house.define(
        there, corner, offers=[an_offer(trigger={"on": "entered", "where": {"zones": ["corner"]}})]
    )
    await house.learn()
    await house.learn()
    await house.open()
    await house.learn()
    await house.see(fix(70, device=phone))
    assert await house.rows(VISITS, "zone_id", "entered_at") == [("corner", house.now)]
    assert await house.rows(OUTBOX, "device_id") == [phone]


async def test_a_zone_that_was_moved_while_nobody_listened_is_left_at_the_next_fix(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.define(a_shop(NEXT_STREET, manner=QUICK))
    await house.open()
    await house.see(fix(60, device=phone))
    await house.wait_until(70)
    assert await house.rows(VISITS, "exited_at") == [NOON + timedelta(seconds=60)]


async def test_closing_time_ends_visits_once_also_where_the_server_started_after_it(house):
    hours = read_hours({"mon-fri": ["09:00-14:30"]}, "hours", ROME)  # 12:30 UTC in June
    goodbye = an_offer(trigger={"on": "exited", "where": {"zones": ["shop"]}})
    await house.define(a_shop(manner=QUICK, hours=hours, time_zone=ROME), offers=[goodbye])
    await house.open()
    ann, bob = await house.meet(), await house.meet()
    house.now = NOON + timedelta(seconds=1_790)
    await house.see(fix(1_790, device=ann), fix(1_790, device=bob))
    await house.open()
    await house.wait_until(1_801)
    await house.open()
    await house.wait_until(1_803)
    await house.see(fix(1_804, device=ann))
    closing = NOON + timedelta(seconds=1_800)
    assert await house.rows(VISITS, "device_id", "exited_at") == sorted([(ann, closing), (bob, closing)])
    assert await house.rows(DECISIONS, "event", "device_id") == sorted([("exited", ann), ("exited", bob)])


async def test_who_waits_before_the_door_is_greeted_when_it_opens(house):
    hours = read_hours({"mon-fri": ["14:30-19:00"]}, "hours", ROME)
    await house.define(a_shop(manner=QUICK, hours=hours, time_zone=ROME), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(1_700, device=phone))
    await house.wait_until(1_799)
    assert await house.rows(VISITS, "id") == []
    await house.wait_until(1_800.2)
    await house.wait_until(1_801)
    assert await house.rows(VISITS, "entered_at") == [NOON + timedelta(seconds=1_800)]
    assert await house.rows(OUTBOX, "device_id") == [phone]


async def test_a_dwell_that_late_news_took_back_is_shorter_in_the_records(house):
    campaign = an_offer(trigger={"on": "dwelled", "after_s": 240, "where": {"zones": ["shop"]}})
    await house.define(a_shop(), offers=[campaign])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.wait_until(3)
    await house.wait_until(240.5)
    assert await house.rows(OUTBOX, "device_id") == [phone]
    await house.see(fix(200, north_m=500, device=phone))
    await house.wait_until(300)
    assert await house.rows(VISITS, "exited_at", "dwelled_s") == [(NOON + timedelta(seconds=200), 200.0)]


async def test_a_dwell_is_not_told_where_late_news_came_in_time(house):
    campaign = an_offer(trigger={"on": "dwelled", "after_s": 240, "where": {"zones": ["shop"]}})
    await house.define(a_shop(), offers=[campaign])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.wait_until(239)
    await house.see(fix(200, north_m=500, device=phone))
    await house.wait_until(300)
    assert await house.rows(DECISIONS, "verdict") == []


async def test_one_gateway_that_tells_late_does_not_put_somebody_where_the_others_knew_better(shop):
    ann = await shop.meet()
    for second in range(
        0, 120, 2
    ):  # in front of the bags; the gateway at the shoes hears it too, and cannot say so
        await shop.see(heard(second, "west", -55.0, ann))
        await shop.wait_until(second + 0.5)
    await shop.see(*(heard(second + 0.3, "east", -70.0, ann) for second in range(0, 100, 2)))
    assert set(await shop.rows(VISITS, "zone_id", "late")) == {("bags", False), ("shop", False)}


async def test_one_gateway_that_tells_late_of_a_time_that_nobody_knew_of_makes_history(shop):
    ann = await shop.meet()
    await stand(shop, 300, 320, ann, anchor="west")
    await shop.see(*(heard(second, "east", -60.0, ann) for second in range(100)))
    assert set(await shop.rows(VISITS, "zone_id", "late")) == {
        ("shoes", True),
        ("shop", True),
        ("bags", False),
        ("shop", False),
    }

"""What happens is told in the transaction that keeps it: to who listens, once, and of nobody's whereabouts or devices."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.campaigns.redemption import Asked
from server.records import (
    forgetting,
    purchases,
    receipts,
    redemptions,
    retention,
    webhook_deliveries,
    webhook_doors,
    webhooks,
)
from server.records.purchases import Order
from server.records.receipts import Receipt
from server.records.redemptions import AtTill
from server.records.tables import WebhookDeliveryRow, WebhookEventRow, WebhookRow, ZoneRow
from server.records.webhooks import Happened
from tests.makers import LAT, LON, QUICK, a_shop, fix
from tests.server.a_house import DECISIONS, House, an_offer
from tests.server.records.rows import a_shopper, keep, rows_of


@pytest.fixture
def listens(database, noon):
    """`await listens("crm", "visit.entered")`: a webhook for these types, for all where none is named."""

    async def listen(name="crm", *types, on=True):
        given = webhook_doors.Given(name, name, "https://crm.shop.example/", types or None, on)
        async with database.writing() as connection:
            return await webhook_doors.put(connection, given, noon)

    return listen


async def told(database):
    return [(row.type, row.data) for row in await rows_of(database, WebhookEventRow)]


async def tell(database, now, *names, shopper=None):
    async with database.writing() as connection:
        all_of_it = [Happened("visit.entered", (name,), shopper, {"visit": name}, now) for name in names]
        await webhooks.queue(connection, all_of_it, now)


async def entered_and_left(database):
    house = House(database)
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet("loyalty-1")
    await house.see(fix(0, device=phone))
    await house.see(fix(600, north_m=5_000, device=phone))
    await house.wait_until(1_200)
    return phone


async def test_a_visit_and_the_offer_that_it_caused_are_told_of(database, listens):
    await listens()
    await entered_and_left(database)
    events = dict(await told(database))
    assert set(events) == {"visit.entered", "decision.sent", "visit.exited"}
    visit = events["visit.entered"]["visit"]
    assert {each["visit"] for each in events.values()} == {visit}
    assert {each["own_id"] for each in events.values()} == {"loyalty-1"}
    assert events["decision.sent"]["campaign"] == "welcome"
    assert events["visit.exited"]["dwelled_s"] > 0


async def test_a_dwell_is_told_of_with_how_long_it_lasted_so_far(database, listens):
    await listens("crm", "visit.dwelled")
    house = House(database)
    linger = {"on": "dwelled", "after_s": 120, "where": {"zones": ["shop"]}}
    await house.define(a_shop(manner=QUICK), offers=[an_offer(trigger=linger)])
    await house.open()
    await house.see(fix(0, device=await house.meet("loyalty-1")))
    await house.wait_until(125)
    [(kind, data)] = await told(database)
    assert (kind, data["dwelled_s"], data["own_id"]) == ("visit.dwelled", 120.0, "loyalty-1")


async def test_every_silence_is_told_of_with_its_reasons(database, listens):
    await listens("crm", "decision.withheld", "decision.held_out")
    house = House(database, global_hold_out=1.0)
    only_vips = {"kind": "segment", "has_tags": ["vip"]}
    await house.define(a_shop(manner=QUICK), offers=[an_offer(), an_offer("vip", conditions=[only_vips])])
    await house.open()
    await house.see(fix(0, device=await house.meet("loyalty-1")))
    events = dict(await told(database))
    assert events["decision.held_out"]["control"] == "all"
    assert (events["decision.withheld"]["campaign"], events["decision.withheld"]["own_id"]) == (
        "vip",
        "loyalty-1",
    )
    assert [reason["gate"] for reason in events["decision.withheld"]["reasons"]] == ["segment"]


async def test_a_decision_that_waits_is_told_of_and_so_is_what_came_of_it(database, listens):
    await listens("crm", "decision.held", "decision.sent", "decision.withheld")
    house = House(database)
    until_later = {"kind": "quiet_hours", "start": "14:00", "end": "14:10"}
    shop = a_shop(manner=QUICK, time_zone="Europe/Rome")
    await house.define(shop, offers=[an_offer(conditions=[until_later], hold={"at_most": "1h"})])
    await house.open()
    await house.see(fix(0, device=await house.meet("loyalty-1")))
    await house.see(fix(590, device=(await house.rows(DECISIONS, "device_id"))[0]))
    await house.wait_until(605)
    events = dict(await told(database))
    assert events["decision.held"]["due_at"].startswith("2026-06-10T12:10:00")
    assert set(events) == {"decision.held", "decision.sent"}


async def test_a_visit_that_ends_because_its_zone_went_while_we_were_down_is_told_of_too(database, listens):
    await listens("crm", "visit.exited")
    house = House(database)
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet("loyalty-1")
    await house.see(fix(0, device=phone))
    async with database.writing() as connection:
        await connection.execute(sa.delete(ZoneRow.__table__))
    house.now += timedelta(minutes=5)
    await house.open()
    [(_, data)] = await told(database)
    assert (data["own_id"], data["dwelled_s"]) == ("loyalty-1", 300.0)


async def test_no_device_no_address_and_no_position_is_told(database, listens):
    await listens()
    phone = await entered_and_left(database)
    text = json.dumps(await told(database))
    for secret in (phone, f"fid-{phone}", str(LAT)[:6], str(LON)[:6], '"lat"', "accuracy"):
        assert secret not in text


async def test_while_nobody_listens_nothing_is_kept(database, listens):
    await listens("crm", on=False)
    await listens("till", "redemption.made")
    await entered_and_left(database)
    assert await told(database) == []


async def test_while_nobody_listens_it_costs_one_question(database, noon):
    asked = []
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *it: asked.append(it[2]))
    async with database.writing() as connection:
        before = len(asked)
        happened = [Happened("visit.entered", (str(i),), "sh_1", {}, noon) for i in range(500)]
        await webhooks.queue(connection, happened, noon)
        assert len(asked) == before + 1


async def test_each_webhook_is_told_of_what_it_listens_to(database, listens, noon):
    await listens("all")
    await listens("visits", "visit.entered", "visit.exited")
    await listens("till", "redemption.made")
    await tell(database, noon, "v_1")
    assert [row.webhook_id for row in await rows_of(database, WebhookDeliveryRow)] == ["all", "visits"]


async def test_the_same_told_again_is_the_same_event(database, listens, noon):
    await listens()
    await tell(database, noon, "v_1")
    await tell(database, noon + timedelta(seconds=5), "v_1", "v_2")
    assert len(await told(database)) == 2


async def test_what_was_rolled_back_was_never_told(database, listens, noon):
    await listens()

    async def broken_off():
        async with database.writing() as connection:
            await webhooks.queue(connection, [Happened("visit.entered", ("v",), None, {}, noon)], noon)
            raise LookupError

    with pytest.raises(LookupError):
        await broken_off()
    assert await told(database) == []


async def test_a_receipt_a_use_and_its_taking_back_are_told_once_each(database, listens, give_offer, noon):
    await listens()
    async with database.writing() as connection:
        await keep(connection, a_shopper(own_id="loyalty-1"))
        await give_offer(connection, "of_1", "sh_1")
    for _ in range(2):
        async with database.writing() as connection:
            await receipts.take(connection, "sh_1", [Receipt("of_1", "opened", noon)], noon)
    at_till = AtTill(noon, till="till 3", order="o-1")
    async with database.writing() as connection:
        await redemptions.use_offer(connection, "of_1", Asked(at=noon, paid_milli=49_900), at_till)
    async with database.writing() as connection:
        order = Order("o-1", noon, 49_900, offer="of_1")
        await purchases.report(connection, order, noon)
        await purchases.report(connection, order, noon)
        await purchases.refund(connection, "o-1", "r-1", 9_900, noon)
    for _ in range(2):
        async with database.writing() as connection:
            await redemptions.roll_back_offer(connection, "of_1", noon)
    events = await told(database)
    assert sorted(each for each, _ in events) == [
        "purchase.credited",
        "purchase.refunded",
        "receipt.opened",
        "redemption.made",
        "redemption.taken_back",
    ]
    by_type = dict(events)
    assert {(each["offer"], each["shopper"], each["own_id"]) for each in by_type.values()} == {
        ("of_1", "sh_1", "loyalty-1")
    }
    assert (by_type["redemption.made"]["till"], by_type["redemption.made"]["amount"]) == ("till 3", 49.9)
    assert by_type["purchase.refunded"]["refunded"] == 9.9


async def test_an_order_that_no_offer_caused_is_nobodys_business(database, listens, noon):
    await listens()
    async with database.writing() as connection:
        await purchases.report(connection, Order("o-1", noon, 49_900), noon)
    assert await told(database) == []


async def test_who_is_forgotten_is_told_of_no_more(database, listens, noon):
    await listens()
    async with database.writing() as connection:
        await keep(connection, a_shopper("sh_1"), a_shopper("sh_2"))
    await tell(database, noon, "v_1", shopper="sh_1")
    await tell(database, noon, "v_2", shopper="sh_2")
    async with database.writing() as connection:
        assert len((await forgetting.export(connection, "sh_1"))["webhook_events"]) == 1
        await forgetting.forget(connection, "sh_1", noon)
    assert [data["visit"] for _, data in await told(database)] == ["v_2"]
    assert [row.shopper_id for row in await rows_of(database, WebhookDeliveryRow)] == ["sh_2"]


async def test_what_is_old_is_deleted_with_its_deliveries(database, listens, noon):
    await listens()
    await tell(database, noon, "v_1")
    await tell(database, noon + timedelta(days=1), "v_2")
    async with database.writing() as connection:
        gone = await retention.forget_before(connection, "webhooks_days", noon + timedelta(hours=1))
        assert gone == {"webhook_events": 1}
    assert len(await told(database)) == len(await rows_of(database, WebhookDeliveryRow)) == 1


async def test_all_that_was_given_up_since_a_time_waits_again_and_on_request_what_was_missed(
    database, listens, noon
):
    await listens("other")
    for hour in range(4):
        if hour == 2:
            await listens("crm", "visit.entered")
        await tell(database, noon + timedelta(hours=hour), f"v_{hour}")
    later = noon + timedelta(days=4)
    assert await webhook_deliveries.RecordedDeliveries(database).give_up(later, later) == 6
    async with database.writing() as connection:
        since = noon + timedelta(hours=1)
        again = await webhook_deliveries.replay_since(connection, "crm", since, later, delivered_too=False)
        assert again == 2
        more = await webhook_deliveries.replay_since(connection, "crm", since, later, delivered_too=True)
        assert more == 1
    waiting = [row for row in await rows_of(database, WebhookDeliveryRow) if row.settled_at is None]
    assert [row.webhook_id for row in waiting] == ["crm"] * 3


async def test_a_secret_that_rotates_often_leaves_few_behind(database, listens, noon):
    await listens()
    until = noon + timedelta(days=1)
    for minute in range(8):
        async with database.writing() as connection:
            await webhook_doors.rotate(connection, "crm", noon + timedelta(minutes=minute), until)
    [row] = await rows_of(database, WebhookRow)
    assert len(row.secrets) == 5
    assert len(webhook_doors.signing(row.secrets, until)) == 1

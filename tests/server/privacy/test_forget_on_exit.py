"""A shop that forgets: minutes after somebody has left nobody can tell that they were there; what is counted, and what caps need, stays."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from server import app as house_app
from server.campaigns.coupon import Coupon
from server.campaigns.redemption import Asked
from server.records import audit, coupons, devices, purchases, receipts, redemptions, webhook_doors
from server.records.audit import Act
from server.records.keys import Principal
from server.records.parting import Parting, part
from server.records.purchases import Order
from server.records.receipts import Receipt
from server.records.redemptions import AtTill
from server.records.tables import (
    CouponClaimRow,
    CouponCodeRow,
    DecisionRow,
    ExposureRow,
    HoldRow,
    OutboxRow,
    RememberedRow,
    VisitRow,
    WebhookDeliveryRow,
)
from server.settings import PrivacySettings, Settings
from server.zones import forgetful
from tests.makers import QUICK, a_department, a_shop, fix
from tests.server.a_house import NOON, OUTBOX, House, an_offer
from tests.server.privacy.everybody import everything_in, says
from tests.server.records.rows import rows_of

GRACE = timedelta(minutes=5)
CAP = {"kind": "frequency_cap", "at_most": 1, "window": "7d"}
A_COUPON = Coupon(id="ten", name="Ten", codes="generated")


@pytest.fixture
async def house(database) -> House:
    return House(database)


async def open_shop(house, *, forgets=True, offer=None):
    shop = a_shop(manner=QUICK, forget_on_exit=forgets)
    shelf = a_department("shelf", shop.place, manner=QUICK)
    await house.define(shop, shelf, offers=[offer or an_offer(conditions=[CAP])])
    await house.open()


async def come_and_go(house, phone, at_s=0.0):
    """In the shop for ten minutes, and then out of it."""
    for second in (at_s, at_s + 300, at_s + 600):
        house.now = NOON + timedelta(seconds=second)
        await house.see(fix(second, device=phone))
    await leave(house, phone, at_s + 620)


async def leave(house, phone, at_s):
    house.now = NOON + timedelta(seconds=at_s)
    await house.see(fix(at_s, north_m=900, device=phone))
    await house.wait_until(at_s + 30)
    await house.see(fix(at_s + 30, north_m=900, device=phone))
    await house.wait_until(at_s + 60)


def as_told(house) -> Parting:
    known = house.trigger.known
    return Parting(forgetful(known.places.zones), GRACE, known.compiled.look_back)


async def forget(house, after=GRACE) -> int:
    house.now += after
    return await part(house.database, as_told(house), house.now)


async def owner_of(house, phone) -> str:
    async with house.database.reading() as connection:
        return (await devices.find(connection, phone)).shopper_id


async def tables_that_say(house, *words) -> set[str]:
    rows = await everything_in(house.database)
    return {name for name, some in rows.items() if any(says(some, word) for word in words)}


async def test_after_the_exit_no_visit_and_no_offer_has_a_name(house):
    await open_shop(house)
    phone = await house.meet()
    shopper = await owner_of(house, phone)
    await come_and_go(house, phone)
    visits, offers = await rows_of(house.database, VisitRow), await rows_of(house.database, OutboxRow)
    assert {row.zone_id for row in visits} == {"shop", "shelf"}
    assert await forget(house) == 2
    person = {"shoppers", "devices", "addresses", "consents"}
    assert await tables_that_say(house, shopper, phone) == person | {"remembered"}
    old_ids = [row.id for row in visits] + [row.id for row in offers] + [row.decision_id for row in offers]
    assert await tables_that_say(house, *old_ids) == set()  # they could be made again from the device
    after = await rows_of(house.database, VisitRow)
    assert {row.shopper_id[:2] for row in after} == {"x_"}
    assert (
        len({row.shopper_id for row in after}) == 1
    )  # the visit to the shelf was part of the visit to the shop
    assert await rows_of(house.database, DecisionRow) == []
    assert await forget(house) == 0


async def test_what_is_counted_stays(house):
    questions = (
        "SELECT zone_id, entered_s, stayed_s FROM report_visits",
        "SELECT campaign_id, zone_id, decided, sent, shown, opened, claimed, redeemed FROM report_offers",
        "SELECT campaign_id, amount_milli, refunded_milli FROM report_purchases",
    )

    async def told():
        async with house.database.reading() as connection:
            return [sorted(map(tuple, await connection.execute(sa.text(each)))) for each in questions]

    code, shopper, _ = await all_that_can_happen(house)
    before = await told()
    assert [len(rows) for rows in before] == [2, 1, 1]
    assert before[1][0][3:] == (1, 1, 1, 1, 1)
    await forget(house)
    assert await told() == before
    # The code is still the shopper's; nothing tells which offer, at what hour, it came with.
    (kept,) = await rows_of(house.database, CouponCodeRow)
    assert (kept.shopper_id, kept.outbox_id, kept.used) == (shopper, None, 1)
    claims = {row.shopper_id: row for row in await rows_of(house.database, CouponClaimRow)}
    assert claims[shopper].code == code
    assert claims[shopper].claimed_at == NOON.replace(hour=0)
    offer = (await rows_of(house.database, OutboxRow))[0]
    assert claims[shopper].outbox_id != offer.id
    assert {row.outbox_id for name, row in claims.items() if name != shopper} == {offer.id}


async def test_nothing_but_what_they_hold_in_their_hands_says_their_name(house):
    _, shopper, phone = await all_that_can_happen(house)
    ids = {row.id for row in await rows_of(house.database, VisitRow)}
    ids |= {row.id for row in await rows_of(house.database, DecisionRow)}
    ids |= {row.id for row in await rows_of(house.database, OutboxRow)}
    await forget(house)
    named = await tables_that_say(house, shopper, phone)
    assert named == {"shoppers", "devices", "addresses", "consents", "remembered"} | {
        "coupon_codes",
        "coupon_claims",
        "audit",
    }
    assert await tables_that_say(house, *ids) == set()
    assert await rows_of(house.database, WebhookDeliveryRow) == []


async def all_that_can_happen(house) -> tuple[str, str, str]:
    """An offer that was opened, claimed, used and credited, told to another system, and looked at by staff."""
    offer = {"title": {"en": "Hello"}, "body": {"en": "10 %"}}
    async with house.database.writing() as work:
        await coupons.put(work, A_COUPON, house.now)
        given = webhook_doors.Given("crm", "crm", "https://crm.shop.example/", None, True)
        await webhook_doors.put(work, given, house.now)
    await open_shop(
        house,
        offer=an_offer(offer=offer | {"action": {"kind": "claim_coupon", "coupon": "ten"}}, conditions=[CAP]),
    )
    phone = await house.meet()
    shopper = await owner_of(house, phone)
    await house.see(fix(0, device=phone))
    ((given_id, visit),) = await house.rows(OUTBOX, "id", "visit_id")
    async with house.database.writing() as work:
        sent = {"outcome": "sent", "settled_at": house.now, "taken_by": "fcm"}
        await work.execute(sa.update(OUTBOX).values(**sent))
        await receipts.take(work, shopper, [Receipt(given_id, "opened", house.now)], house.now)
        claim = await coupons.claim(work, given_id, shopper, phone, house.now)
        at_till = AtTill(house.now, till="till 1", order="o-1")
        await redemptions.use_code(work, claim.code, Asked(at=house.now, paid_milli=10_000), at_till)
        order = Order("o-1", house.now, 10_000, shopper=shopper, offer=given_id)
        await purchases.report(work, order, house.now)
        staff = Principal("staff", "k_1", "st_1", role="owner")
        await audit.write(work, Act(staff, "GET /v1/visits/{visit}", 200, [("visit", visit)]), house.now)
    await come_and_go(house, phone, 300)
    return claim.code, shopper, phone


async def test_a_cap_holds_at_the_next_visit_and_for_no_longer_than_it_looks_back(house):
    await open_shop(house)
    phone = await house.meet()
    await come_and_go(house, phone)
    await forget(house)
    (kept,) = await rows_of(house.database, RememberedRow)
    assert (kept.campaign_id, kept.held_out) == ("welcome", False)
    assert (kept.at, kept.until) == (NOON, NOON + timedelta(days=7))
    await come_and_go(house, phone, 3_600)
    assert len(await rows_of(house.database, OutboxRow)) == 1
    assert await house.reasons() == ["frequency_cap"]
    await come_and_go(house, phone, 8 * 86_400)
    assert len(await rows_of(house.database, OutboxRow)) == 2


async def test_without_a_cap_nothing_is_remembered(house):
    await open_shop(house, offer=an_offer())
    phone = await house.meet()
    await come_and_go(house, phone)
    await forget(house)
    assert await rows_of(house.database, RememberedRow) == []


async def test_an_hour_is_rounded_up_so_that_no_cap_is_looser(house):
    house.now = NOON + timedelta(minutes=7)
    await open_shop(house)
    phone = await house.meet()
    await come_and_go(house, phone, 420)
    await forget(house)
    assert [row.at for row in await rows_of(house.database, RememberedRow)] == [NOON + timedelta(hours=1)]


async def test_two_visits_are_two_strangers(house):
    await open_shop(house)
    phone = await house.meet()
    await come_and_go(house, phone)
    await come_and_go(house, phone, 3_600)
    assert await forget(house) == 4
    for column in ("shopper_id", "device_id"):
        assert len({getattr(row, column) for row in await rows_of(house.database, VisitRow)}) == 2


async def test_nobody_is_forgotten_before_the_grace_is_over_or_while_another_device_is_there(house):
    await open_shop(house)
    phone = await house.meet()
    shopper = await owner_of(house, phone)
    async with house.database.writing() as work:
        fob = (await devices.register_device(work, shopper, "phone", house.now)).id
    await house.see(fix(0, device=fob))
    await come_and_go(house, phone)
    assert await forget(house) == 0
    await leave(house, fob, 1_200)
    assert await forget(house, after=GRACE / 2) == 0
    assert await forget(house, after=GRACE) == 4
    assert {row.shopper_id for row in await rows_of(house.database, VisitRow)}.isdisjoint({shopper})


async def test_other_shops_forget_nobody(house):
    await open_shop(house, forgets=False)
    phone = await house.meet()
    await come_and_go(house, phone)
    assert await forget(house) == 0
    assert {row.device_id for row in await rows_of(house.database, VisitRow)} == {phone}


async def test_what_still_waits_for_who_left_waits_no_more(house):
    step = {"when": "left_without_redeeming", "after": "30d", "channels": ["inbox"]}
    again = {"title": {"en": "Back?"}, "body": {"en": "Your 20 %"}}
    await open_shop(house, offer=an_offer(follow_ups=[step | {"offer": again}]))
    phone = await house.meet()
    await come_and_go(house, phone)
    assert len(await rows_of(house.database, HoldRow)) == 1
    await forget(house)
    assert await rows_of(house.database, HoldRow) == []
    assert await house.rows(OUTBOX, "outcome", "title") == [("withdrawn", "")]
    assert [row.visit_id[:2] for row in await rows_of(house.database, ExposureRow)] == ["x_"]


async def test_a_shop_that_begins_to_forget_forgets_what_was_before(house):
    await open_shop(house, forgets=False)
    phone = await house.meet()
    await come_and_go(house, phone)
    await house.define(a_shop(manner=QUICK, forget_on_exit=True))
    await house.learn()
    lately = house.now - timedelta(minutes=1)
    assert (
        await part(house.database, as_told(house), house.now + GRACE, since=lately) == 0
    )  # came long before
    assert await forget(house) == 2
    assert {row.device_id[:2] for row in await rows_of(house.database, VisitRow)} == {"x_"}


async def test_the_clock_of_the_house_sees_to_it(house):
    await open_shop(house)
    phone = await house.meet()
    await come_and_go(house, phone)
    settings = Settings(privacy=PrivacySettings(forget_after_s=0))
    others = SimpleNamespace(catch_up=None)
    jobs = {
        job.name: job
        for job in house_app._jobs(settings, house.database, house.trigger, others, others, others)
    }
    await jobs["part"].do()  # looks at who came lately: by the real clock this was long ago
    assert {row.device_id for row in await rows_of(house.database, VisitRow)} == {phone}
    await jobs["part_anew"].do()
    assert {row.device_id[:2] for row in await rows_of(house.database, VisitRow)} == {"x_"}

"""What follows an offer: a reminder to who did not open it, at the next visit, or a word of thanks; each once, each through the gates."""

from datetime import timedelta

import pytest

from server.records import devices, receipts, redemptions
from server.records.receipts import Receipt
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import DECISIONS, EXPOSURES, HOLDS, NOON, OUTBOX, House, an_offer

AGAIN = {"title": {"en": "Still here?"}, "body": {"en": "Your 20 % wait for you"}}


def followed_by(when: str, after: str = "30m", **changes) -> dict:
    step = {"when": when, "after": after, "channels": ["inbox"], "offer": AGAIN}
    return an_offer(follow_ups=[step], **changes)


@pytest.fixture
async def house(database) -> House:
    return House(database)


async def greet(house, offer) -> str:
    await house.define(a_shop(manner=QUICK), offers=[offer])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    assert await house.rows(OUTBOX, "title") == ["Hello"]
    return phone


async def stay(house, phone, until_s):
    for second in range(300, until_s, 300):
        house.now = NOON + timedelta(seconds=second)
        await house.see(fix(second, device=phone))


async def leave_and_come_back(house, phone, at_s):
    await house.see(fix(60, north_m=900, device=phone))
    await house.wait_until(120)
    house.now = NOON + timedelta(seconds=at_s)
    await house.see(fix(at_s, north_m=900, device=phone))
    house.now = NOON + timedelta(seconds=at_s + 60)
    await house.see(fix(at_s + 60, device=phone))
    await house.wait_until(at_s + 61)


async def told(house) -> list[str]:
    return await house.rows(OUTBOX, "title")


async def test_who_has_not_opened_it_and_is_still_there_is_reminded_once(house):
    phone = await greet(house, followed_by("not_opened"))
    await stay(house, phone, 1_800)
    await house.wait_until(1_799)
    assert await told(house) == ["Hello"]
    await house.wait_until(1_800)
    await house.open()
    await house.wait_until(1_810)
    assert await told(house) == ["Hello", "Still here?"]
    assert await house.rows(OUTBOX, "title", "channel") == [("Hello", "fcm"), ("Still here?", "inbox")]
    assert sorted(await house.rows(EXPOSURES, "step")) == [0, 1]
    assert await house.rows(HOLDS, "id") == []


async def test_who_has_opened_it_is_left_alone(house):
    phone = await greet(house, followed_by("not_opened"))
    (offer,) = await house.rows(OUTBOX, "id")
    async with house.database.writing() as work:
        shopper = (await devices.find(work, phone)).shopper_id
        await receipts.take(work, shopper, [Receipt(offer, "opened", NOON)], NOON)
    await stay(house, phone, 1_800)
    await house.wait_until(1_800)
    assert await told(house) == ["Hello"]
    assert await house.reasons() == ["journey"]


async def test_who_has_left_is_not_reminded_outside(house):
    phone = await greet(house, followed_by("not_opened"))
    await house.see(fix(60, north_m=900, device=phone))
    await house.wait_until(120)
    await house.wait_until(1_800)
    assert await told(house) == ["Hello"]
    assert await house.reasons() == ["journey"]


async def test_who_left_without_redeeming_is_reminded_at_the_next_visit(house):
    cap = [{"kind": "cooldown", "wait": "7d"}]
    phone = await greet(house, followed_by("left_without_redeeming", after="14d", conditions=cap))
    await leave_and_come_back(house, phone, 7_200)
    assert await told(house) == ["Hello", "Still here?"]
    await house.wait_until(7_300)
    assert sorted(await house.rows(DECISIONS, "verdict", "step")) == [
        ("send", 0),
        ("send", 1),
        ("withhold", 0),
    ]


async def test_who_redeemed_it_needs_no_reminder(house):
    phone = await greet(house, followed_by("left_without_redeeming", after="14d"))
    (offer,) = await house.rows(OUTBOX, "id")
    async with house.database.writing() as work:
        await redemptions.redeem(work, offer, NOON)
    await leave_and_come_back(house, phone, 7_200)
    assert "Still here?" not in await told(house)
    assert "journey" in await house.reasons()


async def test_who_does_not_come_back_in_time_is_forgotten_with_a_reason(house):
    await greet(house, followed_by("left_without_redeeming", after="1d"))
    await house.wait_until(86_400)
    assert await house.reasons() == ["journey"]
    assert await house.rows(HOLDS, "id") == []


async def test_a_redemption_is_followed_by_its_step(house):
    await greet(house, followed_by("redeemed", after="1d"))
    (offer,) = await house.rows(OUTBOX, "id")
    async with house.database.writing() as work:
        await redemptions.redeem(work, offer, NOON + timedelta(minutes=5))
    await house.wait_until(306)
    assert await told(house) == ["Hello", "Still here?"]


async def test_the_control_group_has_no_journey(house):
    await house.define(a_shop(manner=QUICK), offers=[followed_by("not_opened")])
    house.global_hold_out = 0.9
    await house.open()
    for _ in range(12):
        await house.see(fix(0, device=await house.meet()))
    treated = len(await house.rows(OUTBOX, "id"))
    assert len(await house.rows(EXPOSURES, "id")) == 12
    assert len(await house.rows(HOLDS, "id")) == treated < 12


async def test_a_step_asks_for_consent_to_its_own_channel(house):
    step = {"when": "not_opened", "after": "30m", "channels": ["email"]}
    phone = await greet(house, an_offer(follow_ups=[step]))
    await stay(house, phone, 1_800)
    await house.wait_until(1_800)
    assert await house.reasons() == ["consent"]

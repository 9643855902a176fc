"""Who takes their word back is told nothing more and told of no more, whatever waits. (A held decision: tests/server/test_trigger.py.)"""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.records import consent_texts, consents, webhook_deliveries, webhook_doors
from server.records.consent_texts import Text
from server.records.consents import Wording
from server.records.outbox import RecordedOutbox
from server.records.parcels import Way
from server.records.refusal import Taken
from server.records.tables import OutboxRow, WebhookDeliveryRow, WebhookEventRow
from server.records.webhooks import of_claim, queue
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import HOLDS, NOON, OUTBOX, House, an_offer
from tests.server.records.rows import rows_of

CHANNELS = {
    "fcm": Way(frozenset({"fcm_fid"}), "push"),
    "webpush": Way(frozenset({"webpush"}), "push"),
    "email": Way(frozenset({"email"}), "email"),
    "sms": Way(frozenset({"phone"}), "sms"),
    "chat": Way(frozenset({"chat"}), "sms"),
    "inbox": Way(frozenset(), None),
    "live": Way(frozenset(), None),
    "webhook": Way(frozenset(), None),
}
AGAIN = {"title": {"en": "Still here?"}, "body": {"en": "Your 20 % wait for you"}}


@pytest.fixture
async def house(database) -> House:
    return House(database)


async def greet(house, *offers) -> str:
    """A shopper walked in, and what campaigns had to say waits; gives their phone."""
    await house.define(a_shop(manner=QUICK), offers=offers or [an_offer()])
    await house.open()
    phone = await house.meet("card-1")
    await house.see(fix(0, device=phone))
    return phone


async def shopper(house) -> str:
    return (await house.rows(OUTBOX, "shopper_id") or await house.rows(HOLDS, "shopper_id"))[0]


async def take_back(house, *purposes):
    async with house.database.writing() as work:
        no = dict.fromkeys(purposes, False)
        await consents.give(work, await shopper(house), no, Wording("1", "en", "app"), house.now)


async def claim(house):
    return await RecordedOutbox(house.database, CHANNELS).claim(house.now, 60.0, 10, CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_who_is_located_no_more_gets_nothing_on_any_channel(house, channel):
    await greet(house)
    async with house.database.writing() as work:
        await work.execute(sa.update(OutboxRow.__table__).values(channel=channel))
    await take_back(house, "location")
    assert await claim(house) == []
    assert await house.rows(OUTBOX, "outcome", "last_why") == [
        ("withdrawn", "no consent to location any more")
    ]


@pytest.mark.parametrize("channel", [name for name, way in CHANNELS.items() if way.purpose])
async def test_a_purpose_taken_back_stops_what_waits_for_its_channels(house, channel):
    await greet(house)
    async with house.database.writing() as work:
        await work.execute(sa.update(OutboxRow.__table__).values(channel=channel))
    await take_back(house, CHANNELS[channel].purpose)
    assert await claim(house) == []
    assert await house.rows(OUTBOX, "outcome") == ["withdrawn"]


async def test_a_text_that_asks_anew_stops_what_waits_too(house):
    await greet(house)
    async with house.database.writing() as work:
        anew = Text("push", "2", {"en": "May we write?"}, asks_anew=True)
        await consent_texts.publish(work, anew, "st_1", house.now)
    assert await claim(house) == []
    assert await house.rows(OUTBOX, "outcome") == ["withdrawn"]


async def test_a_follow_up_is_dropped_for_its_reason(house):
    step = {"when": "not_opened", "after": "30m", "channels": ["fcm"], "offer": AGAIN}
    phone = await greet(house, an_offer(follow_ups=[step]))
    await take_back(house, "push")
    for second in range(300, 1_900, 300):
        house.now = NOON + timedelta(seconds=second)
        await house.see(fix(second, device=phone))
    await house.wait_until(1_801)
    assert await house.rows(OUTBOX, "title") == ["Hello"]
    assert "consent" in await house.reasons()


async def listen(house):
    async with house.database.writing() as work:
        given = webhook_doors.Given("crm", "crm", "https://crm.shop.example/", None, True)
        await webhook_doors.put(work, given, house.now)


async def test_other_systems_are_told_no_more_of_where_they_were(house):
    await listen(house)
    await greet(house)
    async with house.database.writing() as work:
        claimed = of_claim("of_1", await shopper(house), "coupon", house.now)
        await queue(work, [claimed], house.now)
    await take_back(house, "location")
    states = {
        (event.type.partition(".")[0], delivery.outcome)
        for event in await rows_of(house.database, WebhookEventRow)
        for delivery in await rows_of(house.database, WebhookDeliveryRow)
        if delivery.event_id == event.id
    }
    assert states == {("visit", "withdrawn"), ("decision", "withdrawn"), ("coupon", None)}


async def test_where_all_are_asked_anew_nothing_is_told_of_who_has_not_answered(house):
    await listen(house)
    await greet(house)
    async with house.database.writing() as work:
        anew = Text("location", "2", {"en": "May we see where you are?"}, asks_anew=True)
        await consents.ask(work, anew, "st_1", house.now)
    assert {row.outcome for row in await rows_of(house.database, WebhookDeliveryRow)} == {"withdrawn"}
    assert await claim(house) == []


async def test_nobody_is_told_that_their_visit_ended_with_their_word(house):
    await listen(house)
    phone = await greet(house)
    await take_back(house, "location")
    await house.trigger.forget([phone])
    assert "visit.exited" not in {row.type for row in await rows_of(house.database, WebhookEventRow)}


async def test_staff_cannot_tell_it_again(house):
    await listen(house)
    await greet(house)
    await take_back(house, "location")
    event = (await rows_of(house.database, WebhookDeliveryRow))[0].event_id
    async with house.database.writing() as work:
        with pytest.raises(Taken, match="took their word back"):
            await webhook_deliveries.replay(work, "crm", event, house.now)
        since = house.now - timedelta(days=1)
        assert await webhook_deliveries.replay_since(work, "crm", since, house.now, delivered_too=True) == 0

"""Where one channel cannot reach a shopper, the next of the order has its turn; what one of them took was sent."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.delivery.channels import ways
from server.records.outbox import RecordedOutbox
from server.records.parcels import Expired, GivenUp, Postponed, Rejected, Returned, Sent, Unreachable, Way
from server.records.tables import AttemptRow, ConsentRow, OutboxRow
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import OUTBOX, House
from tests.server.a_house import an_offer as an_offer_of_house
from tests.server.records.rows import a_consent, a_receipt, a_redemption, an_address, an_offer, keep, rows_of

MINUTE = timedelta(minutes=1)
PATIENCE = timedelta(minutes=10)
KNOWN = {
    "fcm": Way(frozenset({"fcm_fid", "fcm_token"}), "push"),
    "email": Way(frozenset({"email"}), "email"),
    "inbox": Way(frozenset(), None),
}
UP = tuple(KNOWN)


@pytest.fixture
async def sender(database):
    """An outbox whose one shopper agrees to push and e-mail, and has a phone and a mailbox."""
    mailbox = an_address("ad_mail", kind="email", value="ann@shopper.example")
    async with database.writing() as connection:
        await keep(connection, a_consent(), a_consent(purpose="email"), an_address(), mailbox)
    return RecordedOutbox(database, KNOWN, PATIENCE.total_seconds())


async def offered(database, *offers):
    async with database.writing() as connection:
        await keep(connection, *(offers or [an_offer(channels=["email"])]))


async def claimed(sender, now, channels=UP, limit=10):
    return await sender.claim(now, 60.0, limit, channels)


async def only_row(database):
    (row,) = await rows_of(database, OutboxRow)
    return row


async def passed_over(database):
    return [
        (row.channel, row.why) for row in await rows_of(database, AttemptRow) if row.outcome == "passed_over"
    ]


async def withdraw(database, noon, purpose):
    async with database.writing() as connection:
        await connection.execute(
            sa.update(ConsentRow.__table__)
            .where(ConsentRow.__table__.c.purpose == purpose)
            .values(superseded_at=noon)
        )


async def test_the_first_channel_of_the_order_is_tried_first(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    assert (parcel.channel, parcel.address.kind) == ("fcm", "fcm_fid")
    assert await passed_over(database) == []


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (["webpush", "email"], "it is not set up"),
        (["inbox", "email"], None),
        (["fcm", "email"], "no live address"),
    ],
)
async def test_a_channel_that_cannot_is_passed_over_at_once_and_that_is_told(
    database, sender, noon, order, why
):
    await offered(database, an_offer(shopper_id="sh_2", channel=order[0], channels=order[1:]))
    async with database.writing() as connection:
        await keep(connection, a_consent("sh_2"), a_consent("sh_2", "email"))
        await keep(connection, an_address("ad_2", "d_2", "sh_2", kind="email"))
    (parcel,) = await claimed(sender, noon)
    assert parcel.channel == (order[1] if why else "inbox")
    assert await passed_over(database) == ([(order[0], why)] if why else [])


async def test_without_consent_to_the_first_channel_the_next_is_tried(database, sender, noon):
    await offered(database)
    await withdraw(database, noon, "push")
    (parcel,) = await claimed(sender, noon)
    assert parcel.channel == "email"
    assert await passed_over(database) == [("fcm", "no consent to push")]


async def test_without_any_consent_the_offer_is_withdrawn(database, sender, noon):
    await offered(database)
    await withdraw(database, noon, "push")
    await withdraw(database, noon, "email")
    assert await claimed(sender, noon) == []
    row = await only_row(database)
    assert (row.outcome, row.last_why) == ("withdrawn", "no consent to email any more")


@pytest.mark.parametrize("outcome", [Rejected, GivenUp, Unreachable])
async def test_what_a_channel_will_not_take_the_next_one_gets(database, sender, noon, outcome):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([outcome(parcel, noon, "no")], noon)
    assert (await only_row(database)).settled_at is None
    (again,) = await claimed(sender, noon)
    assert (again.channel, again.address.id, again.attempts) == ("email", "ad_mail", 0)
    await sender.settle([Sent(again, noon, "<1@shop>")], noon)
    row = await only_row(database)
    assert (row.outcome, row.taken_by, row.last_why) == ("sent", "email", "<1@shop>")
    assert [each.channel for each in await rows_of(database, AttemptRow)] == ["fcm", "email"]


async def test_a_channel_without_addresses_needs_none(database, sender, noon):
    await offered(database, an_offer(channel="inbox"))
    (parcel,) = await claimed(sender, noon)
    assert (parcel.address, parcel.needs_address) == (None, False)


async def test_what_nobody_answers_in_time_goes_by_the_next_channel_too(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    assert await claimed(sender, noon + PATIENCE - MINUTE) == []
    (again,) = await claimed(sender, noon + PATIENCE)
    assert again.channel == "email"
    assert await passed_over(database) == [("fcm", "no receipt came in time")]
    await sender.settle([Sent(again, noon + PATIENCE, "m/2")], noon + PATIENCE)
    assert await claimed(sender, noon + 3 * PATIENCE) == []


async def test_a_campaign_in_a_hurry_waits_less_and_one_with_patience_more(database, sender, noon):
    quick = an_offer("of_quick", channels=["email"], receipt_s=60.0)
    calm = an_offer("of_calm", channels=["email"], receipt_s=1_200.0)
    await offered(database, quick, calm, an_offer("of_usual", channels=["email"]))
    at = noon
    turns = []
    for minutes in (0, 1, 10, 20):
        at = noon + minutes * MINUTE
        parcels = await claimed(sender, at)
        turns.append({parcel.id: parcel.channel for parcel in parcels})
        await sender.settle([Sent(parcel, at, "taken") for parcel in parcels], at)
    assert turns[0] == dict.fromkeys(("of_quick", "of_calm", "of_usual"), "fcm")
    assert turns[1:] == [{"of_quick": "email"}, {"of_usual": "email"}, {"of_calm": "email"}]


async def test_the_patience_of_a_campaign_rides_with_its_offers(database):
    house = House(database)
    await house.define(a_shop(manner=QUICK), offers=[an_offer_of_house(receipt_s=60)])
    await house.open()
    await house.see(fix(0, device=await house.meet("ann")))
    assert await house.rows(OUTBOX, "receipt_s") == [60.0]


@pytest.mark.parametrize("answer", [a_receipt(), a_receipt(kind="opened"), a_redemption()])
async def test_what_was_answered_is_not_sent_again(database, sender, noon, answer):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    async with database.writing() as connection:
        await keep(connection, answer)
    assert await claimed(sender, noon + PATIENCE) == []
    row = await only_row(database)
    assert (row.outcome, row.taken_by, row.next_at) == ("sent", "fcm", None)


async def test_after_the_offers_end_nothing_more_is_tried(database, sender, noon):
    await offered(database, an_offer(channels=["email"], expires_at=noon + PATIENCE))
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    assert await claimed(sender, noon + PATIENCE) == []
    assert (await only_row(database)).outcome == "sent"


@pytest.mark.parametrize("outcome", [Rejected, GivenUp, Unreachable, Expired])
async def test_what_one_channel_took_stays_sent_whatever_the_next_one_says(database, sender, noon, outcome):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    (again,) = await claimed(sender, noon + PATIENCE)
    await sender.settle([outcome(again, noon + PATIENCE, "no")], noon + PATIENCE)
    row = await only_row(database)
    assert (row.outcome, row.taken_by, row.last_why) == ("sent", "fcm", "m/1")


async def test_a_consent_withdrawn_between_two_channels_stops_the_second(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    await withdraw(database, noon, "email")
    assert await claimed(sender, noon + PATIENCE) == []
    assert (await only_row(database)).outcome == "sent"


async def test_a_channel_that_is_down_for_too_long_is_passed_over(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Returned(parcel, noon, "the key was deleted")], noon)
    assert await claimed(sender, noon + MINUTE, channels=("email",)) == []
    (again,) = await claimed(sender, noon + PATIENCE, channels=("email",))
    assert again.channel == "email"


async def test_a_channel_that_asks_for_patience_for_too_long_is_passed_over(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Postponed(parcel, noon, noon + 2 * PATIENCE, "quota")], noon)
    (again,) = await claimed(sender, noon + PATIENCE)
    assert again.channel == "email"


async def test_one_channel_alone_waits_as_long_as_its_offer_lives(database, sender, noon):
    await offered(database, an_offer())
    assert await claimed(sender, noon + 2 * PATIENCE, channels=("email",)) == []
    (parcel,) = await claimed(sender, noon + 2 * PATIENCE)
    assert parcel.channel == "fcm"


async def test_a_turn_that_comes_to_a_channel_that_is_not_asked_for_is_given_back(database, sender, noon):
    """As when one offer is to try a channel that was down: its own turn may be another's by now."""
    await offered(database)
    await withdraw(database, noon, "push")
    assert await claimed(sender, noon, channels=("fcm",)) == []
    (parcel,) = await claimed(sender, noon)
    assert parcel.channel == "email"


async def test_two_senders_never_try_two_channels_of_one_offer_at_once(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    other = RecordedOutbox(database, KNOWN, 1.0)
    assert await claimed(other, noon + timedelta(seconds=30)) == []
    await sender.settle([Sent(parcel, noon, "m/1")], noon)
    assert (await only_row(database)).taken_by == "fcm"


def test_each_channel_of_the_house_asks_for_the_consent_that_the_law_wants():
    known = ways()
    assert {name: way.purpose for name, way in known.items() if way.purpose} == {
        name: purpose
        for name, purpose in {
            "fcm": "push",
            "webpush": "push",
            "email": "email",
            "sms": "sms",
            "chat": "sms",
        }.items()
        if name in known
    }

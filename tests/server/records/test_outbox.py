"""Offers leave the outbox once: claimed by one sender at a time, settled once, whatever comes late."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
import sqlalchemy as sa

from server.records import outbox, retention
from server.records.outbox import RecordedOutbox
from server.records.parcels import (
    Expired,
    GivenUp,
    Outcome,
    Postponed,
    Rejected,
    Returned,
    Sent,
    Unreachable,
    Way,
)
from server.records.tables import AddressRow, AttemptRow, ConsentRow, OutboxRow
from tests.server.records.rows import a_consent, an_address, an_attempt, an_offer, keep, rows_of

MINUTE = timedelta(minutes=1)

WAYS = {
    "fcm": Way(frozenset({"fcm_fid", "fcm_token"}), "push"),
    "email": Way(frozenset({"email"}), "email"),
    "inbox": Way(frozenset(), None),
}


@pytest.fixture
async def sender(database):
    """An outbox whose one shopper consents to push and has one phone."""
    async with database.writing() as connection:
        await keep(connection, a_consent(), an_address())
    return RecordedOutbox(database, WAYS)


async def offered(database, *offers):
    async with database.writing() as connection:
        await keep(connection, *(offers or [an_offer()]))


async def claimed(sender, now, limit=10, channels=("fcm",)):
    return await sender.claim(now, 60.0, limit, channels)


async def only_row(database):
    (row,) = await rows_of(database, OutboxRow)
    return row


async def test_a_due_offer_is_handed_out_once(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    assert (parcel.id, parcel.title, parcel.data) == ("of_1", "20 % off shoes", {"offer": "of_1"})
    assert parcel.address.value == "phone-ad_1"
    assert parcel.leased_until == noon + MINUTE
    assert await claimed(sender, noon) == []


async def test_many_senders_at_once_share_the_offers_and_none_is_taken_twice(database, sender, noon):
    await offered(database, *(an_offer(f"of_{i:03}") for i in range(60)))
    shares = await asyncio.gather(*(claimed(RecordedOutbox(database, WAYS), noon, 10) for _ in range(8)))
    taken = [parcel.id for share in shares for parcel in share]
    assert len(taken) == len(set(taken))
    assert all(len(share) <= 10 for share in shares)
    left = await claimed(sender, noon, 100)
    assert len(taken) + len(left) == 60


async def test_the_offers_of_a_sender_that_died_are_handed_out_again(database, sender, noon):
    await offered(database)
    (lost,) = await claimed(sender, noon)
    assert await claimed(sender, noon + MINUTE - timedelta(microseconds=1)) == []
    (found,) = await claimed(sender, noon + MINUTE)
    assert (found.id, found.leased_until) == (lost.id, noon + 2 * MINUTE)


async def test_the_oldest_are_sent_first(database, sender, noon):
    await offered(database, *(an_offer(f"of_{i}", due_at=noon - i * MINUTE) for i in range(4)))
    assert [parcel.id for parcel in await claimed(sender, noon, 2)] == ["of_3", "of_2"]


async def test_an_offer_waits_for_its_time_and_its_channel(database, sender, noon):
    await offered(database, an_offer("of_later", due_at=noon + MINUTE), an_offer("of_mail", channel="email"))
    assert await claimed(sender, noon) == []
    assert await claimed(sender, noon, channels=()) == []


async def test_an_offer_that_ran_out_is_handed_out_whatever_its_channel(database, sender, noon):
    async with database.writing() as connection:
        await keep(connection, a_consent(purpose="email"))
    await offered(database, an_offer(channel="email", expires_at=noon))
    (parcel,) = await claimed(sender, noon, channels=())
    assert (parcel.channel, parcel.address) == ("email", None)


async def test_who_no_longer_agrees_gets_nothing(database, sender, noon):
    await offered(database)
    async with database.writing() as connection:
        await connection.execute(sa.update(ConsentRow.__table__).values(superseded_at=noon))
        await keep(connection, a_consent(granted=False, id="cs_withdrawn"))
    assert await claimed(sender, noon) == []
    row = await only_row(database)
    assert (row.outcome, row.settled_at) == ("withdrawn", noon)
    assert "push" in row.last_why
    assert await rows_of(database, AttemptRow) == []


async def test_the_phone_that_visits_is_told_before_the_newest(database, sender, noon):
    newer = an_address("ad_2", "d_2", created_at=noon + MINUTE)
    async with database.writing() as connection:
        await keep(connection, newer)
    await offered(database, an_offer("of_1"), an_offer("of_2", device_id="d_fob"))
    parcels = {parcel.id: parcel.address.id for parcel in await claimed(sender, noon)}
    assert parcels == {"of_1": "ad_1", "of_2": "ad_2"}


async def test_a_retry_goes_to_the_same_phone(database, sender, noon):
    await offered(database, an_offer(device_id="d_fob"))
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Postponed(parcel, noon, noon + MINUTE, "quota")], noon)
    async with database.writing() as connection:
        await keep(connection, an_address("ad_2", "d_2", created_at=noon + MINUTE))
    (again,) = await claimed(sender, noon + MINUTE)
    assert (again.address.id, again.attempts) == ("ad_1", 1)


async def test_an_address_of_another_channel_is_not_used(database, sender, noon):
    async with database.writing() as connection:
        await connection.execute(sa.update(AddressRow.__table__).values(kind="webpush"))
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    assert parcel.address is None


async def test_what_was_sent_is_over(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Sent(parcel, noon + MINUTE, "messages/7")], noon + 2 * MINUTE)
    row = await only_row(database)
    assert (row.outcome, row.settled_at, row.attempts) == ("sent", noon + MINUTE, 1)
    assert row.last_why == "messages/7"
    (attempt,) = await rows_of(database, AttemptRow)
    assert (attempt.outbox_id, attempt.outcome, attempt.address_id) == ("of_1", "sent", "ad_1")
    assert await claimed(sender, noon + timedelta(hours=1)) == []


async def test_a_dead_address_is_remembered_with_its_reason_and_the_next_one_tried(database, sender, noon):
    async with database.writing() as connection:
        await keep(connection, an_address("ad_2", "d_2", created_at=noon - MINUTE))
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Unreachable(parcel, noon, "UNREGISTERED")], noon)
    dead, living = await rows_of(database, AddressRow)
    assert (dead.dead_at, dead.dead_why, living.dead_at) == (noon, "UNREGISTERED", None)
    (next_one,) = await claimed(sender, noon)
    assert (next_one.address.id, next_one.attempts) == ("ad_2", 1)
    await sender.settle([Unreachable(next_one, noon, "UNREGISTERED")], noon)
    row = await only_row(database)
    assert (row.outcome, row.attempts, row.last_why) == ("undeliverable", 2, "UNREGISTERED")


async def test_a_shopper_without_an_address_is_no_attempt(database, sender, noon):
    await offered(database, an_offer(shopper_id="sh_2"))
    async with database.writing() as connection:
        await keep(connection, a_consent("sh_2"))
    (parcel,) = await claimed(sender, noon)
    await sender.settle([Unreachable(parcel, noon, "no address")], noon)
    row = await only_row(database)
    assert (row.outcome, row.attempts) == ("undeliverable", 0)
    assert await rows_of(database, AttemptRow) == []


async def test_a_phone_that_registered_anew_meanwhile_is_not_given_up(database, sender, noon):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    async with database.writing() as connection:
        await connection.execute(sa.update(AddressRow.__table__).values(value="a-new-token"))
    await sender.settle([Unreachable(parcel, noon, "UNREGISTERED")], noon)
    (address,) = await rows_of(database, AddressRow)
    assert address.dead_at is None
    (again,) = await claimed(sender, noon)
    assert again.address.value == "a-new-token"


@pytest.mark.parametrize(
    ("outcome", "settled_as", "attempts"),
    [(Rejected, "refused", 1), (GivenUp, "dead_letter", 1), (Expired, "expired", 0)],
)
async def test_what_cannot_be_sent_is_over_with_its_reason(
    database, sender, noon, outcome, settled_as, attempts
):
    await offered(database)
    (parcel,) = await claimed(sender, noon)
    await sender.settle([outcome(parcel, noon, "because")], noon)
    row = await only_row(database)
    assert (row.outcome, row.attempts, row.last_why) == (settled_as, attempts, "because")
    assert len(await rows_of(database, AttemptRow)) == attempts
    (address,) = await rows_of(database, AddressRow)
    assert address.dead_at is None


async def test_what_was_given_back_waits_behind_the_others(database, sender, noon):
    await offered(database, an_offer("of_1"), an_offer("of_2", due_at=noon + timedelta(seconds=1)))
    later = noon + MINUTE
    first, second = await claimed(sender, later)
    await sender.settle([Returned(first, later, "the channel is down")], later)
    await sender.settle([Returned(second, later - timedelta(seconds=1), "the channel is down")], later)
    assert [(parcel.id, parcel.attempts) for parcel in await claimed(sender, later)] == [
        ("of_2", 0),
        ("of_1", 0),
    ]


async def test_what_a_sender_says_after_its_lease_ran_out_is_ignored(database, sender, noon):
    await offered(database)
    (late,) = await claimed(sender, noon)
    (current,) = await claimed(sender, noon + MINUTE)
    await sender.settle([Rejected(late, noon + MINUTE, "too late to say")], noon + MINUTE)
    assert (await only_row(database)).settled_at is None
    await sender.settle([Sent(current, noon + MINUTE, "messages/8")], noon + MINUTE)
    await sender.settle([Postponed(current, noon, noon + 5 * MINUTE, "again")], noon + MINUTE)
    assert (await only_row(database)).outcome == "sent"
    assert len(await rows_of(database, AttemptRow)) == 1


async def test_what_was_sent_counts_even_after_the_lease(database, sender, noon):
    await offered(database)
    (late,) = await claimed(sender, noon)
    await claimed(sender, noon + MINUTE)
    await sender.settle([Sent(late, noon + MINUTE, "messages/9")], noon + MINUTE)
    assert (await only_row(database)).outcome == "sent"


async def test_many_outcomes_are_settled_together(database, sender, noon):
    await offered(database, *(an_offer(f"of_{i}") for i in range(4)))
    one, two, three, four = await claimed(sender, noon)
    unknown = replace(one, id="of_forgotten")
    await sender.settle(
        [
            Sent(one, noon, "m/1"),
            Postponed(two, noon, noon + MINUTE, "quota"),
            Rejected(three, noon, "bad payload"),
            Returned(four, noon, "down"),
            Sent(unknown, noon, "m/2"),
        ],
        noon,
    )
    assert [row.outcome for row in await rows_of(database, OutboxRow)] == ["sent", None, "refused", None]
    async with database.reading() as connection:
        assert await outbox.waiting(connection) == 2


async def test_nothing_to_settle_is_no_error(database, sender, noon):
    await sender.settle([], noon)
    assert await claimed(sender, noon) == []


async def test_old_offers_are_forgotten_with_their_attempts_and_waiting_ones_are_not(database, noon):
    old, new = noon - timedelta(days=400), noon - timedelta(days=1)
    async with database.writing() as connection:
        await keep(
            connection,
            an_offer("of_old", settled_at=old, outcome="sent"),
            an_offer("of_new", settled_at=new, outcome="sent"),
            an_offer("of_waiting", created_at=old, due_at=old),
            an_attempt("of_old"),
            an_attempt("of_new"),
        )
        gone = await retention.forget_before(connection, "outbox_days", noon - timedelta(days=365))
        assert gone["outbox"] == 1
    assert [row.id for row in await rows_of(database, OutboxRow)] == ["of_new", "of_waiting"]
    assert [row.outbox_id for row in await rows_of(database, AttemptRow)] == ["of_new"]


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_has_a_word_of_its_own(outcome):
    assert outcome.word
    assert [other for other in get_args(Outcome) if other.word == outcome.word] == [outcome]


@pytest.mark.parametrize("words", ["a\x00b", "a\ud800b", "a" * 100_000])
async def test_no_words_of_a_channel_keep_offers_from_being_settled(database, sender, noon, words):
    await offered(database, an_offer("of_1"), an_offer("of_2"), an_offer("of_3"))
    one, two, three = await claimed(sender, noon)
    said = [Sent(one, noon, words), Rejected(two, noon, words), Unreachable(three, noon, words)]
    await sender.settle(said, noon)
    assert all(
        row.settled_at is not None and len(row.last_why) <= 500 for row in await rows_of(database, OutboxRow)
    )
    assert len(await rows_of(database, AttemptRow)) == 3

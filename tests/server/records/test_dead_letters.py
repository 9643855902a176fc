"""Offers that never reached anybody can be looked at, and sent again while they live; never after."""

from datetime import timedelta

import pytest

from server.records import dead_letters
from server.records.dead_letters import Which
from server.records.outbox import RecordedOutbox
from server.records.parcels import GivenUp, Sent, Way
from server.records.refusal import NotFound, Taken
from server.records.tables import OutboxRow
from tests.server.records.rows import a_consent, an_address, an_offer, keep, rows_of

MINUTE = timedelta(minutes=1)
ALL = Which()
WAYS = {"fcm": Way(frozenset({"fcm_fid"}), "push"), "inbox": Way(frozenset(), None)}


def a_letter(id="of_1", **changes):
    return an_offer(
        id, outcome="dead_letter", settled_at=changes.pop("died_at", changes["now"]), **_less(changes)
    )


def _less(changes):
    return {name: value for name, value in changes.items() if name != "now"}


@pytest.fixture
async def letters(database, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_consent(),
            an_address(),
            a_letter("of_1", now=noon),
            a_letter("of_2", now=noon, died_at=noon + MINUTE, campaign_id="autumn"),
            an_offer("of_3", outcome="refused", settled_at=noon + 2 * MINUTE),
            an_offer("of_4", outcome="undeliverable", settled_at=noon + 3 * MINUTE),
            an_offer("of_sent", outcome="sent", settled_at=noon),
            an_offer("of_waits"),
        )


async def listed(database, which=ALL, after=None, limit=10):
    async with database.reading() as connection:
        return [row.id for row in await dead_letters.listed(connection, which, after=after, limit=limit)]


async def replay(database, offer, now, **more):
    async with database.writing() as connection:
        return await dead_letters.replay(connection, offer, now, **more)


async def test_those_that_died_last_come_first_page_by_page(database, letters, noon):
    assert await listed(database) == ["of_4", "of_3", "of_2", "of_1"]
    assert await listed(database, limit=2) == ["of_4", "of_3"]
    assert await listed(database, after=(noon + 2 * MINUTE, "of_3")) == ["of_2", "of_1"]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ({"campaign": "autumn"}, ["of_2"]),
        ({"outcome": "refused"}, ["of_3"]),
        ({"channel": "email"}, []),
        ({"shopper": "sh_1", "outcome": "undeliverable"}, ["of_4"]),
    ],
)
async def test_only_those_asked_for_are_listed(database, letters, which, found):
    assert await listed(database, Which(**which)) == found


async def test_a_letter_that_is_replayed_is_sent_once(database, letters, noon):
    await replay(database, "of_1", noon + MINUTE)
    sender = RecordedOutbox(database, WAYS)
    again = [parcel for parcel in await sender.claim(noon + MINUTE, 60, 10, ["fcm"]) if parcel.id == "of_1"]
    assert [parcel.attempts for parcel in again] == [0]
    await sender.settle([Sent(again[0], noon + MINUTE, "m/1")], noon + MINUTE)
    with pytest.raises(Taken, match="settled as sent"):
        await replay(database, "of_1", noon + MINUTE)


async def test_a_letter_may_go_by_another_channel(database, letters, noon):
    assert (await replay(database, "of_4", noon, channel="inbox")).channel == "inbox"
    (parcel,) = await RecordedOutbox(database, WAYS).claim(noon, 60, 10, ["inbox"])
    assert (parcel.id, parcel.channel) == ("of_4", "inbox")


@pytest.mark.parametrize(
    ("offer", "minutes", "refusal", "words"),
    [
        ("of_1", 30, Taken, r"ended at 2026-06-10T12:30:00\+00:00"),
        ("of_sent", 0, Taken, "is no dead letter: it was settled as sent"),
        ("of_waits", 0, Taken, "is no dead letter: it waits to be sent"),
        ("of_none", 0, NotFound, "there is no offer of_none"),
    ],
)
async def test_what_cannot_be_replayed_is_refused_with_the_reason(
    database, letters, noon, offer, minutes, refusal, words
):
    with pytest.raises(refusal, match=words):
        await replay(database, offer, noon + minutes * MINUTE)


async def test_many_are_replayed_together_and_those_that_ended_stay(database, letters, noon):
    async with database.writing() as connection:
        await keep(connection, a_letter("of_old", now=noon, expires_at=noon))
        assert await dead_letters.replay_all(connection, Which(outcome="dead_letter"), noon) == (2, 1)
    outcomes = {row.id: row.outcome for row in await rows_of(database, OutboxRow)}
    assert outcomes["of_1"] is outcomes["of_2"] is None
    assert outcomes["of_old"] == "dead_letter"


async def test_a_letter_that_dies_again_can_be_looked_at_again(database, letters, noon):
    await replay(database, "of_1", noon)
    sender = RecordedOutbox(database, WAYS)
    again = [parcel for parcel in await sender.claim(noon, 60, 10, ["fcm"]) if parcel.id == "of_1"]
    await sender.settle([GivenUp(again[0], noon, "20 tries failed")], noon + 5 * MINUTE)
    assert (await listed(database))[0] == "of_1"

"""Why did Ann get nothing? One look-up; and what became of the offers that were made."""

from datetime import timedelta

import pytest

from server.records import decisions, retention
from server.records.decisions import DecisionQuery
from server.records.refusal import NotFound
from tests.server.records.rows import a_decision, a_receipt, a_redemption, an_attempt, an_offer, keep

MINUTE = timedelta(minutes=1)


async def found(database, **query):
    async with database.reading() as connection:
        return [row.id for row in await decisions.listed(connection, DecisionQuery(**query))]


async def test_decisions_are_found_newest_first(database, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_decision("dec_1"),
            a_decision("dec_2", verdict="withhold", decided_at=noon + MINUTE),
            a_decision("dec_3", campaign_id="hats", decided_at=noon + MINUTE),
            a_decision(
                "dec_4", shopper_id="sh_2", device_id="d_2", visit_id="v_2", decided_at=noon + 2 * MINUTE
            ),
        )
    assert await found(database) == ["dec_4", "dec_3", "dec_2", "dec_1"]
    assert await found(database, shopper="sh_1") == ["dec_3", "dec_2", "dec_1"]
    assert await found(database, verdict="withhold") == ["dec_2"]
    assert await found(database, campaign="hats") == ["dec_3"]
    assert await found(database, device="d_2", visit="v_2") == ["dec_4"]
    assert await found(database, since=noon + MINUTE, until=noon + 2 * MINUTE) == ["dec_3", "dec_2"]


async def test_pages_follow_one_another_where_many_were_decided_at_once(database, noon):
    async with database.writing() as connection:
        await keep(connection, *(a_decision(f"dec_{i}") for i in range(5)))
        seen, mark = [], None
        while page := await decisions.listed(connection, DecisionQuery(), after=mark, limit=2):
            seen += [row.id for row in page]
            mark = (page[-1].decided_at, page[-1].id)
    assert seen == ["dec_4", "dec_3", "dec_2", "dec_1", "dec_0"]


async def test_a_silence_is_told_with_its_reasons(database, noon):
    words = [{"gate": "quiet_hours", "words": "quiet hours until 09:00"}]
    async with database.writing() as connection:
        await keep(connection, a_decision(verdict="withhold", reasons=words))
        story = await decisions.story(connection, "dec_1")
    assert (story.decision.reasons, story.offer, story.attempts) == (words, None, [])


async def test_an_offer_is_told_to_its_end(database, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_decision(),
            an_offer(outcome="sent", settled_at=noon + MINUTE),
            an_attempt(outcome="postponed", why="quota"),
            an_attempt(at=noon + MINUTE),
            a_receipt(kind="shown", at=noon + MINUTE),
            a_receipt(kind="opened", at=noon + 2 * MINUTE),
            a_redemption(till="till-2", amount=49.9),
            an_offer("of_other"),
            an_attempt("of_other"),
        )
        story = await decisions.story(connection, "dec_1")
        assert (await decisions.offers_of(connection, ["dec_1", "dec_9"])).keys() == {"dec_1"}
    assert story.offer.outcome == "sent"
    assert [attempt.outcome for attempt in story.attempts] == ["postponed", "sent"]
    assert [receipt.kind for receipt in story.receipts] == ["shown", "opened"]
    assert story.redemption.amount == 49.9


async def test_a_decision_that_never_was_is_not_found(database):
    async with database.reading() as connection:
        with pytest.raises(NotFound):
            await decisions.story(connection, "dec_9")


async def test_old_decisions_are_forgotten(database, noon):
    async with database.writing() as connection:
        await keep(connection, a_decision("dec_1"), a_decision("dec_2", decided_at=noon + MINUTE))
        gone = await retention.forget_before(connection, "decisions_days", noon + MINUTE)
        assert gone["decisions"] == 1
    assert await found(database) == ["dec_2"]

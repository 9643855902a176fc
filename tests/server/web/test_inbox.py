"""The inbox shows a shopper's own living offers, and what was looked at counts as shown."""

from datetime import timedelta

import pytest

from server.records.tables import ReceiptRow
from server.web.inbox import inbox_routes
from tests.server.records.rows import a_device, a_shopper, an_offer, keep, rows_of


@pytest.fixture
async def look(open_doors, database, guard, tokens, noon):
    minute = timedelta(minutes=1)
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper(),
            a_device(),
            an_offer("of_1", taken_by="fcm", outcome="sent", settled_at=noon),
            an_offer("of_2", taken_by="inbox", outcome="sent", settled_at=noon, created_at=noon + minute),
            an_offer("of_over", taken_by="inbox", expires_at=noon),
            an_offer("of_waits"),
            an_offer("of_theirs", shopper_id="sh_2", taken_by="inbox"),
        )
    doors = open_doors(inbox_routes(database, guard, clock=lambda: noon))

    async def look(**asked):
        answer = await doors.get("/v1/inbox", params=asked, headers=tokens.headers("device"))
        return answer.json()

    return look


async def test_the_newest_living_offer_comes_first_whatever_channel_brought_it(look):
    shown = await look()
    assert [offer["id"] for offer in shown["offers"]] == ["of_2", "of_1"]
    assert shown["next"] is None


async def test_what_was_looked_at_counts_as_shown_once(look, database):
    assert (await look())["offers"][0]["receipts"] == []
    assert (await look())["offers"][0]["receipts"] == ["shown"]
    assert [(row.outbox_id, row.kind) for row in await rows_of(database, ReceiptRow)] == [
        ("of_1", "shown"),
        ("of_2", "shown"),
    ]


async def test_an_app_that_only_fetches_marks_nothing(look, database):
    assert len((await look(unseen=True))["offers"]) == 2
    assert await rows_of(database, ReceiptRow) == []


async def test_the_inbox_is_turned_page_by_page(look):
    first = await look(limit=1)
    second = await look(limit=1, cursor=first["next"])
    assert [page["offers"][0]["id"] for page in (first, second)] == ["of_2", "of_1"]
    assert (await look(limit=1, cursor=second["next"]))["offers"] == []

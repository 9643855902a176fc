"""All that passed between a shopper and the shop, in one list."""

from datetime import timedelta

import pytest

from server.records import touchpoints
from server.records.tables import CouponClaimRow, PurchaseRow, RefundRow, ReplyRow, UseRow
from tests.conftest import NOON
from tests.server.records.rows import a_consent, a_decision, a_receipt, a_shopper, a_visit, an_offer, keep

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def ann(database):
    """A walk through the shop: silent once, then an offer that was opened, claimed, used, paid and replied to."""
    ours = {"outbox_id": "of_2", "shopper_id": "sh_1"}
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper(),
            a_shopper("sh_2"),
            a_consent(given_at=NOON - MINUTE),
            a_visit("v_1", exited_at=NOON + 20 * MINUTE),
            a_visit("v_9", shopper_id="sh_2"),
            a_decision(
                "dec_1",
                verdict="withhold",
                decided_at=NOON + MINUTE,
                reasons=[{"gate": "quiet_hours", "words": "quiet"}],
            ),
            a_decision("dec_2", decided_at=NOON + 2 * MINUTE),
            an_offer("of_2", created_at=NOON + 2 * MINUTE, outcome="sent"),
            a_receipt("of_2", "opened", at=NOON + 3 * MINUTE),
            CouponClaimRow(**ours, coupon_id="c", code="AB", device_id="d_1", claimed_at=NOON + 4 * MINUTE),
            UseRow(
                **ours, id="us_1", amount_milli=49_900, at=NOON + 5 * MINUTE, received_at=NOON + 5 * MINUTE
            ),
            PurchaseRow(
                **ours,
                order_id="o_1",
                amount_milli=49_900,
                currency="EUR",
                at=NOON + 6 * MINUTE,
                received_at=NOON,
            ),
            RefundRow(id="r_1", order_id="o_1", shopper_id="sh_1", amount_milli=9_900, at=NOON + 7 * MINUTE),
            ReplyRow(
                **ours,
                id="re_1",
                device_id="d_1",
                campaign_id="spring-shoes",
                zone_id="shoes",
                kind="give_feedback",
                words="lovely",
                agreed_to="1",
                at=NOON + 8 * MINUTE,
            ),
        )


async def listed(database, **asked):
    async with database.reading() as connection:
        return await touchpoints.listed(connection, "sh_1", **asked)


async def test_everything_stands_in_one_list_newest_first(database, ann):
    found = await listed(database)
    assert [each.key for each in found] == [
        "reply:re_1",
        "refund:r_1",
        "purchase:o_1",
        "redemption:us_1",
        "claim:of_2",
        "receipt:of_2:opened",
        "offer:of_2",
        "decision:dec_1",
        "visit:v_1",
        "consent:cs_sh_1_push",
    ]
    by_kind = {each.kind: each for each in found}
    assert by_kind["visit"].until == NOON + 20 * MINUTE
    assert (by_kind["decision"].state, by_kind["decision"].reasons[0]["gate"]) == ("withhold", "quiet_hours")
    assert (by_kind["redemption"].words, by_kind["redemption"].amount_milli) == ("20 % off shoes", 49_900)
    assert (by_kind["consent"].state, by_kind["consent"].words) == ("granted", "push")


async def test_pages_follow_one_another_and_none_is_told_twice(database, ann):
    seen, after = [], None
    while page := await listed(database, after=after, limit=3):
        seen += page
        after = (page[-1].at, page[-1].key)
    assert seen == await listed(database)

"""One order, one credit: to what was redeemed in it, else to the last offer that could have caused it."""

import asyncio
from datetime import timedelta

import pytest

from server.records.tables import CampaignRow, CampaignVersionRow, ExposureRow
from server.web.purchases import purchase_routes
from server.web.till import till_routes
from tests.server.campaigns.makers import a_document
from tests.server.records.rows import a_shopper, an_offer, keep

HOUR = timedelta(hours=1)


def a_campaign(noon, name, **offer):
    texts = {"title": {"en": "t"}, "body": {"en": "b"}}
    document = a_document(id=name, offer=texts | offer)
    return CampaignRow(id=name, name=name, state="live", campaign=document, created_at=noon, updated_at=noon)


@pytest.fixture
async def post(open_doors, database, guard, edits, tokens, noon):
    """Ann was given an offer of a long window nine hours ago, and one of an hour's window two hours ago."""
    clock = lambda: noon  # noqa: E731
    doors = open_doors(
        purchase_routes(database, guard, clock=clock), till_routes(database, guard, edits, clock=clock)
    )
    doors.headers.update(tokens.headers("server"))
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper("sh_1", own_id="loyalty-1"),
            a_campaign(noon, "long"),
            a_campaign(noon, "short", attribution_s=3600.0),
            an_offer("of_long", campaign_id="long", created_at=noon - 9 * HOUR),
            an_offer("of_short", campaign_id="short", created_at=noon - 2 * HOUR),
            an_offer("of_lost", campaign_id="long", created_at=noon - HOUR, outcome="undeliverable"),
            an_offer("of_bob", campaign_id="long", created_at=noon - HOUR, shopper_id="sh_2"),
        )

    async def post(path="", **body):
        return await doors.post(f"/v1/purchases{path}", json=body)

    post.doors = doors
    return post


async def test_an_order_is_credited_to_the_last_offer_within_its_window(post):
    bought = await post(order="o 9/1", amount=49.9, own_id="loyalty-1", currency="EUR")
    assert bought.status_code == 201
    assert bought.json() == {
        "order": "o 9/1",
        "shopper": "sh_1",
        "at": "2026-06-10T12:00:00Z",
        "amount": 49.9,
        "refunded": 0.0,
        "currency": "EUR",
        "credit": {"offer": "of_long", "campaign": "long", "by": "window", "amount": 49.9},
    }


async def test_an_hour_after_the_short_offer_it_was_that_one(post):
    bought = await post(order="o1", amount=10, shopper="sh_1", at="2026-06-10T10:30:00Z")
    assert bought.json()["credit"]["offer"] == "of_short"


def an_exposure(noon, offer, version, **changes):
    facts = {
        "shopper_id": "sh_1",
        "device_id": "d_1",
        "visit_id": "v_1",
        "zone_id": "shoes",
        "site_id": "shop",
    }
    made = {"campaign_id": "long", "campaign_version": version, "channel": "fcm", "woken_by": "entered"}
    when = {"day": "2026-06-10", "happened_at": noon, "at": noon}
    return ExposureRow(id=offer, decision_id=f"dec_{offer}", **facts, **made, **when, **changes)


def a_version(noon, number, **campaign):
    document = a_campaign(noon, "long").campaign | campaign
    return CampaignVersionRow(
        campaign_id="long", version=number, state="live", campaign=document, made_at=noon
    )


async def test_an_edit_changes_nothing_for_offers_that_were_sent_before_it(post, database, noon):
    """Version 1 gave offers a window of ten hours; since then it is ten minutes."""
    texts = {"title": {"en": "t"}, "body": {"en": "b"}}
    async with database.writing() as connection:
        await keep(
            connection,
            a_version(noon, 1, offer=texts | {"attribution_s": 36_000.0}),
            a_version(noon, 2, offer=texts | {"attribution_s": 600.0}),
            an_offer("of_new", campaign_id="long", created_at=noon - HOUR / 2),
            an_exposure(noon, "of_long", 1),
            an_exposure(noon, "of_new", 2),
        )
    assert (await post(order="o1", amount=10, shopper="sh_1")).json()["credit"]["offer"] == "of_long"


async def test_a_variant_and_a_follow_up_have_the_windows_of_their_own_offers(post, database, noon):
    texts = {"title": {"en": "t"}, "body": {"en": "b"}}
    brief, lasting = texts | {"attribution_s": 600.0}, texts | {"attribution_s": 7_200.0}
    async with database.writing() as connection:
        await keep(
            connection,
            a_version(
                noon,
                1,
                offer=brief,
                variants=[{"id": "a"}, {"id": "b", "offer": lasting}],
                follow_ups=[{"when": "redeemed", "after": "1h", "offer": lasting}],
            ),
            *(
                an_offer(offer, campaign_id="long", created_at=noon - HOUR * ago)
                for offer, ago in (("of_step", 1.5), ("of_b", 1), ("of_a", 0.5))
            ),
            an_exposure(noon, "of_step", 1, step=1),
            an_exposure(noon, "of_b", 1, variant="b"),
            an_exposure(noon, "of_a", 1, variant="a"),
        )
    credited = [
        (await post(order=f"o{at}", amount=10, shopper="sh_1", at=f"2026-06-10T{at}:00Z")).json()["credit"]
        for at in ("10:45", "11:05", "11:35", "12:00")
    ]
    assert [credit["offer"] for credit in credited] == ["of_step", "of_b", "of_a", "of_b"]


async def test_what_was_redeemed_in_the_order_beats_what_was_sent_last(post):
    bought = await post(order="o1", amount=10, shopper="sh_1", offer="of_short")
    assert (bought.json()["credit"]["offer"], bought.json()["credit"]["by"]) == ("of_short", "redemption")


async def test_what_the_till_redeemed_for_the_order_needs_no_naming(post):
    used = await post.doors.post("/v1/redemptions", json={"offer": "of_short", "order": "o1"})
    assert used.status_code == 201
    bought = (await post(order="o1", amount=10)).json()
    assert (bought["shopper"], bought["credit"]["offer"], bought["credit"]["by"]) == (
        "sh_1",
        "of_short",
        "redemption",
    )


async def test_what_was_rolled_back_caused_no_order(post):
    await post.doors.post("/v1/redemptions", json={"offer": "of_short", "order": "o1"})
    for _ in range(2):
        back = await post.doors.post("/v1/redemptions/rollback", json={"offer": "of_short"})
        assert back.status_code == 200
    assert (await post(order="o1", amount=10)).json()["credit"] is None
    assert (await post.doors.post("/v1/redemptions", json={"offer": "of_short"})).status_code == 201


async def test_an_order_of_nobody_we_know_is_kept_without_credit(post):
    for name, who in (("o1", {}), ("o2", {"own_id": "nobody"}), ("o3", {"shopper": "sh_none"})):
        bought = await post(order=name, amount=10, **who)
        assert (bought.status_code, bought.json()["shopper"], bought.json()["credit"]) == (201, None, None)


@pytest.mark.parametrize(
    "names",
    [{}, {"shop": "brera"}, {"shopper": "sh_nope"}, {"offer": "of_nope"}, {"code": "NOPE"}],
    ids=["nobody", "a shop", "an unknown shopper", "an unknown offer", "an unknown code"],
)
async def test_an_order_that_names_nobody_is_not_put_down_to_a_phone_without_a_name(post, database, names):
    async with database.writing() as connection:
        await keep(connection, a_shopper("sh_2", own_id=None))
    bought = (await post(order="o 1", amount=99.0, **names)).json()
    assert (bought["shopper"], bought["credit"]) == (None, None)


async def test_an_order_whose_two_names_are_of_two_shoppers_is_of_nobody(post, database):
    async with database.writing() as connection:
        await keep(connection, a_shopper("sh_2", own_id="loyalty-2"))
    bought = (await post(order="o 1", amount=99.0, shopper="sh_2", own_id="loyalty-1")).json()
    assert (bought["shopper"], bought["credit"]) == (None, None)


async def test_an_order_told_again_is_the_same_order_with_the_same_credit(post):
    answers = await asyncio.gather(*[post(order="o1", amount=10, shopper="sh_1") for _ in range(8)])
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (await post(order="o1", amount=11, shopper="sh_1")).status_code == 409


async def test_a_refund_takes_its_part_of_the_credit_back_once(post):
    await post(order="o/1", amount=10, shopper="sh_1")
    for _ in range(2):
        back = await post("/o%2F1/refunds", refund="r1", amount=4)
        assert (back.status_code, back.json()["credit"]["amount"], back.json()["refunded"]) == (201, 6.0, 4.0)
    assert (await post("/o%2F1/refunds", refund="r2", amount=6.01)).status_code == 409
    assert (await post("/o%2F1/refunds", refund="r3")).json()["credit"]["amount"] == 0.0
    shown = await post.doors.get("/v1/purchases/o%2F1/credit")
    assert shown.json()["refunded"] == 10.0


async def test_refunds_at_once_never_give_back_more_than_was_paid(post):
    await post(order="o1", amount=10, shopper="sh_1")
    answers = await asyncio.gather(*[post("/o1/refunds", refund=f"r{n}", amount=3) for n in range(8)])
    assert [answer.status_code for answer in answers].count(201) == 3


async def test_a_refund_of_no_order_is_not_found(post):
    assert (await post("/o1/refunds", refund="r1")).status_code == 404


@pytest.mark.parametrize(
    "change", [{"amount": -1}, {"at": "2026-06-10T12:05:00Z"}, {"order": ""}, {"currency": "euro"}]
)
async def test_an_order_that_makes_no_sense_is_refused(post, change):
    assert (await post(**({"order": "o1", "amount": 10} | change))).status_code == 422

"""Why did Ann get nothing? Staff ask with the name they know, and read reasons in words."""

from datetime import timedelta

import pytest

from server.web.why import why_routes
from tests.server.records.rows import (
    a_decision,
    a_receipt,
    a_redemption,
    a_shopper,
    a_visit,
    an_attempt,
    an_offer,
    keep,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(database, guard, tokens, open_doors, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper("sh_1", own_id="loyalty/123"),
            a_shopper("sh_2"),
            a_visit("v_1", exited_at=noon + 10 * MINUTE),
            a_visit("v_2", shopper_id="sh_2", device_id="d_2", entered_at=noon + MINUTE),
            a_decision("dec_1"),
            a_decision(
                "dec_2",
                verdict="withhold",
                campaign_id="hats",
                decided_at=noon + MINUTE,
                reasons=[{"gate": "quiet_hours", "words": "quiet hours until 09:00"}],
            ),
            a_decision("dec_3", shopper_id="sh_2", device_id="d_2", decided_at=noon + 2 * MINUTE),
            an_offer("of_1", outcome="sent", settled_at=noon + MINUTE, attempts=2, last_why="messages/1"),
            an_offer("of_3", shopper_id="sh_2"),
            an_attempt("of_1", outcome="postponed", why="quota"),
            an_attempt("of_1", at=noon + MINUTE),
            a_receipt("of_1", "opened"),
            a_redemption("of_1", amount=49.9, till="till-2"),
        )
    client = open_doors(why_routes(database, guard))
    client.headers.update(tokens.headers("analyst"))
    return client


async def ids(shop, what="decisions", **asked):
    return [each["id"] for each in (await shop.get(f"/v1/{what}", params=asked)).json()[what]]


async def test_a_silence_is_answered_with_its_reasons_in_words(shop):
    (silent,) = (await shop.get("/v1/decisions?shopper=loyalty/123&verdict=withhold")).json()["decisions"]
    assert silent["reasons"] == [{"gate": "quiet_hours", "words": "quiet hours until 09:00"}]
    assert (silent["campaign"], silent["offer"], silent["saw"]) == ("hats", None, {"quiet_hours": None})
    assert silent["decided_at"] == "2026-06-10T12:01:00Z"


async def test_a_shopper_is_asked_for_by_our_id_or_the_shops_own(shop):
    assert await ids(shop, shopper="loyalty/123") == await ids(shop, shopper="sh_1") == ["dec_2", "dec_1"]
    unknown = await shop.get("/v1/decisions?shopper=loyalty/124")
    assert unknown.status_code == 404
    assert (await shop.get("/v1/visits?shopper=loyalty/124")).status_code == 404


async def test_decisions_are_found_by_campaign_device_and_time(shop):
    assert await ids(shop, campaign="hats") == ["dec_2"]
    assert await ids(shop, device="d_2") == ["dec_3"]
    assert await ids(shop, visit="v_1") == ["dec_3", "dec_2", "dec_1"]
    assert await ids(shop, since="2026-06-10T14:01:00+02:00", until="2026-06-10T12:02:00Z") == ["dec_2"]


async def test_pages_follow_one_another(shop):
    first = (await shop.get("/v1/decisions?limit=2")).json()
    rest = (await shop.get("/v1/decisions", params={"limit": 2, "cursor": first["next"]})).json()
    assert [d["id"] for d in first["decisions"] + rest["decisions"]] == ["dec_3", "dec_2", "dec_1"]
    assert rest["next"] is None


async def test_an_offer_is_told_to_its_end(shop):
    offer = (await shop.get("/v1/decisions/dec_1")).json()["offer"]
    assert (offer["state"], offer["title"]) == ("sent", "20 % off shoes")
    assert [a["outcome"] for a in offer["attempts"]] == ["postponed", "sent"]
    assert [receipt["kind"] for receipt in offer["receipts"]] == ["opened"]
    assert offer["redemption"] == {"at": "2026-06-10T12:00:00Z", "till": "till-2", "amount": 49.9}


async def test_the_channels_name_for_a_message_is_a_receipt_and_no_reason(shop):
    offer = (await shop.get("/v1/decisions/dec_1")).json()["offer"]
    assert (offer["last_why"], offer["receipt"]) == (None, "messages/1")
    said = [(attempt["why"], attempt["receipt"]) for attempt in offer["attempts"]]
    assert said == [("quota", None), (None, "messages/1")]


async def test_an_offer_that_is_not_settled_is_waiting(shop):
    assert (await shop.get("/v1/decisions/dec_3")).json()["offer"]["state"] == "waiting"
    (listed,) = (await shop.get("/v1/decisions?device=d_2")).json()["decisions"]
    assert listed["offer"] == {"id": "of_3", "state": "waiting", "last_why": None, "receipt": None}


async def test_what_was_never_decided_is_not_found(shop):
    assert (await shop.get("/v1/decisions/dec_9")).status_code == 404
    assert (await shop.get("/v1/visits/v_9")).status_code == 404


async def test_visits_are_found_by_shopper_zone_and_whether_they_last(shop):
    assert await ids(shop, "visits") == ["v_2", "v_1"]
    assert await ids(shop, "visits", shopper="loyalty/123") == ["v_1"]
    assert await ids(shop, "visits", zone="shoes", open=True) == ["v_2"]
    assert await ids(shop, "visits", open=False) == ["v_1"]
    assert (await shop.get("/v1/visits/v_1")).json()["exited_at"] == "2026-06-10T12:10:00Z"
    first = (await shop.get("/v1/visits?limit=1")).json()
    assert await ids(shop, "visits", limit=1, cursor=first["next"]) == ["v_1"]


async def test_a_visit_tells_how_long_the_stay_was_once_it_is_over(shop):
    stayed = {visit["id"]: visit["stayed_s"] for visit in (await shop.get("/v1/visits")).json()["visits"]}
    assert stayed == {"v_1": 600.0, "v_2": None}


async def test_a_time_that_cannot_be_read_is_answered_with_one_that_can(shop):
    refused = (await shop.get("/v1/decisions?since=yesterday")).json()
    assert "a time such as 2026-06-10T12:00:00Z" in refused["errors"][0]["reason"]


@pytest.mark.parametrize(
    "asked",
    [{"verdict": "maybe"}, {"since": "yesterday"}, {"limit": 0}, {"shoper": "x"}, {"shopper": "a\0b"}],
)
async def test_a_question_that_is_none_is_refused(shop, asked):
    assert (await shop.get("/v1/decisions", params=asked)).status_code == 422


async def test_phones_and_gateways_may_not_ask(shop, tokens):
    for kind in ("device", "gateway", "app"):
        assert (await shop.get("/v1/decisions", headers=tokens.headers(kind))).status_code == 403

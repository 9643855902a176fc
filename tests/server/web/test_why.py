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


@pytest.fixture
async def journey(shop, database, noon):
    """Boots: held, then sent as a step by the second channel of the order. Caps: a text that could not be written."""
    hat = {"gate": "quiet_hours", "words": "quiet hours until 09:00"}
    empty = {
        "gate": "text",
        "words": "the title (en) is empty for this shopper",
        "phrase": "empty",
        "facts": {"part": "title", "language": "en"},
    }
    boots = {"campaign_id": "boots", "shopper_id": "sh_3", "device_id": "d_3", "visit_id": "v_3"}
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper("sh_3"),
            a_decision("dec_4", **boots, verdict="hold", reasons=[hat], due_at=noon + 30 * MINUTE),
            a_decision("dec_5", **boots, variant="warm", step=1, held_id="dec_4"),
            a_decision("dec_6", **boots | {"campaign_id": "caps"}, verdict="withhold", reasons=[empty]),
            an_offer("of_5", channel="email", outcome="sent", settled_at=noon, last_why="<1@shop>"),
            an_attempt("of_5", channel="fcm", outcome="passed_over", why="no live address"),
            an_attempt("of_5", channel="email", at=noon + MINUTE, why="<1@shop>"),
        )
    return shop


async def ids(shop, what="decisions", **asked):
    return [each["id"] for each in (await shop.get(f"/v1/{what}", params=asked)).json()[what]]


async def test_a_silence_is_answered_with_its_reasons_in_words(shop):
    (silent,) = (await shop.get("/v1/decisions?shopper=loyalty/123&verdict=withhold")).json()["decisions"]
    assert silent["reasons"] == [
        {"gate": "quiet_hours", "name": "quiet hours", "words": "quiet hours until 09:00"}
    ]
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


async def test_decisions_are_found_by_the_gate_that_spoke(shop):
    assert await ids(shop, gate="quiet_hours") == ["dec_2"]
    assert await ids(shop, gate="quiet") == []


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
    assert listed["offer"] == {
        "id": "of_3",
        "state": "waiting",
        "channel": "fcm",
        "last_why": None,
        "receipt": None,
        "attempts": [],
    }


async def test_the_list_tells_each_try_with_its_channel_and_each_channel_that_was_passed_over(journey):
    (listed,) = (await journey.get("/v1/decisions?campaign=boots&verdict=send")).json()["decisions"]
    told = [(each["channel"], each["outcome"], each["why"]) for each in listed["offer"]["attempts"]]
    assert told == [("fcm", "passed_over", "no live address"), ("email", "sent", None)]
    assert listed["offer"]["channel"] == "email"


async def test_variant_step_and_until_when_a_decision_is_held_are_told(journey):
    sent, held = (await journey.get("/v1/decisions?campaign=boots")).json()["decisions"]
    assert (held["due_at"], held["step"], held["variant"]) == ("2026-06-10T12:30:00Z", 0, None)
    assert (sent["due_at"], sent["step"], sent["variant"], sent["held"]) == (None, 1, "warm", "dec_4")


async def test_kept_reasons_are_told_in_the_language_of_whoever_asks(journey):
    (listed,) = (await journey.get("/v1/decisions?campaign=caps&language=it")).json()["decisions"]
    words = "il testo 'title' (en) è vuoto per questa persona"
    assert listed["reasons"] == [{"gate": "text", "name": "testo dell'offerta", "words": words}]
    told = (await journey.get("/v1/decisions/dec_6?language=it")).json()["reasons"]
    assert told == listed["reasons"]
    english = (await journey.get("/v1/decisions/dec_6")).json()["reasons"]
    assert english[0]["words"] == "the title (en) is empty for this shopper"


async def test_a_reason_from_before_its_facts_were_kept_stays_as_it_was(journey):
    (held,) = (await journey.get("/v1/decisions?verdict=hold&language=it")).json()["decisions"]
    assert held["reasons"][0]["words"] == "quiet hours until 09:00"


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

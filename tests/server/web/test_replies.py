"""A shopper books, calls for help or says how it was by an offer's button; staff see to it, and the shop's system is told."""

from datetime import timedelta

import pytest

from server.records import forgetting, retention
from server.records.tables import ReplyRow, WebhookEventRow, WebhookRow
from server.web.replies import reply_routes
from tests.server.delivery.makers import Clock
from tests.server.records.rows import a_device, a_shopper, an_offer, keep, rows_of

BOOKING = {"agreed_to": "reply-2026-01", "wants_at": "2026-06-11T10:00:00Z", "contact": "+39 02 1234"}
HELP = {"agreed_to": "reply-2026-01", "words": "size 43?\nplease"}
STARS = {"agreed_to": "reply-2026-01", "stars": 4, "words": "lovely"}


@pytest.fixture
def clock(noon):
    return Clock(noon)


@pytest.fixture
async def doors(open_doors, database, guard, noon, clock):
    offers = {
        "of_book": {"action": "book_appointment", "service": "Fitting"},
        "of_help": {"action": "ask_assistance", "topic": "Shoes"},
        "of_stars": {"action": "give_feedback", "stars": "5"},
        "of_link": {"action": "open_link", "url": "https://shop.example"},
        "of_plain": {},
    }
    crm = WebhookRow(
        id="crm",
        name="CRM",
        url="https://crm.example",
        types=["reply.made", "reply.taken_back"],
        secrets=[],
        created_at=noon,
        updated_at=noon,
    )
    async with database.writing() as connection:
        await keep(connection, a_shopper("sh_1", own_id="loyalty-1"), a_device("d_1", "sh_1"), crm)
        await keep(connection, *(an_offer(offer, data=data) for offer, data in offers.items()))
        await keep(connection, an_offer("of_bob", shopper_id="sh_bob", data=offers["of_help"]))
    return open_doors(reply_routes(database, guard, clock))


@pytest.fixture
def reply(doors, tokens):
    async def reply(offer, body, **headers):
        return await doors.post(
            f"/v1/offers/{offer}/reply", json=body, headers=tokens.headers("device") | headers
        )

    return reply


@pytest.fixture
def listed(doors, tokens):
    async def listed(role="marketer", **asked):
        return await doors.get("/v1/replies", params=asked, headers=tokens.headers(role))

    return listed


async def test_a_shopper_books_a_fitting_and_staff_see_it_to_the_end(reply, listed, doors, tokens):
    kept = (await reply("of_book", BOOKING)).json()
    assert (kept["kind"], kept["done"]) == ("book_appointment", False)
    [shown] = (await listed()).json()["replies"]
    assert (shown["about"], shown["wants_at"], shown["contact"]) == (
        "Fitting",
        "2026-06-11T10:00:00Z",
        "+39 02 1234",
    )
    assert (shown["shopper"], shown["zone"], shown["agreed_to"]) == ("sh_1", "shoes", "reply-2026-01")
    path = f"/v1/replies/{kept['id']}"
    done = (await doors.put(f"{path}/done", json={"done": True}, headers=tokens.headers("manager"))).json()
    assert (done["done_at"], done["done_by"]) == ("2026-06-10T12:00:00Z", "st_manager")
    assert (await listed(done=False)).json()["replies"] == []
    phone = tokens.headers("device")
    assert (await doors.get("/v1/offers/of_book/reply", headers=phone)).json()["done"] is True
    again = (await doors.put(f"{path}/done", json={"done": False}, headers=tokens.headers("server"))).json()
    assert (again["done_at"], again["done_by"]) == (None, None)


async def test_help_and_feedback_come_into_the_same_list_and_are_told_apart(reply, listed):
    assert (await reply("of_help", HELP)).is_success
    assert (await reply("of_stars", STARS)).is_success
    [asked] = (await listed(kind="ask_assistance")).json()["replies"]
    assert (asked["about"], asked["words"]) == ("Shoes", "size 43?\nplease")
    [stars] = (await listed(kind="give_feedback", shopper="loyalty-1")).json()["replies"]
    assert stars["stars"] == 4
    first = (await listed(limit=1)).json()
    rest = (await listed(limit=1, cursor=first["next"])).json()
    assert {each["kind"] for each in first["replies"] + rest["replies"]} == {
        "ask_assistance",
        "give_feedback",
    }


async def test_the_same_reply_again_is_the_same_and_another_is_refused(reply, database):
    first = await reply("of_help", HELP)
    assert (await reply("of_help", HELP)).json() == first.json()
    keyed = [await reply("of_book", BOOKING, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert keyed[0].json() == keyed[1].json()
    assert (await reply("of_help", HELP | {"words": "never mind"})).status_code == 409
    assert len(await rows_of(database, ReplyRow)) == 2


async def test_nothing_is_kept_without_the_text_that_the_shopper_agreed_to(reply, database):
    refused = await reply("of_help", {"words": "hello"})
    assert refused.json()["errors"][0]["place"] == "body.agreed_to"
    assert await rows_of(database, ReplyRow) == []


@pytest.mark.parametrize(
    ("offer", "body", "place"),
    [
        ("of_book", HELP, "body.wants_at"),
        ("of_book", BOOKING | {"wants_at": "2026-06-10T11:59:00Z"}, "body.wants_at"),
        ("of_book", BOOKING | {"stars": 5}, "body.stars"),
        ("of_help", BOOKING, "body.wants_at"),
        ("of_help", STARS, "body.stars"),
        ("of_stars", HELP, "body.stars"),
        ("of_stars", STARS | {"stars": 6}, "body.stars"),
        ("of_stars", STARS | {"wants_at": "2026-06-11T10:00:00Z"}, "body.wants_at"),
        ("of_help", HELP | {"words": "a\u0000b"}, "body.words"),
    ],
)
async def test_what_does_not_fit_the_offer_is_told_in_its_place(reply, offer, body, place):
    refused = await reply(offer, body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == place


async def test_an_offer_that_asks_for_nothing_or_is_another_shoppers_takes_no_reply(reply):
    for offer in ("of_link", "of_plain"):
        assert "asks for no reply" in (await reply(offer, HELP)).json()["detail"]
    assert (await reply("of_bob", HELP)).status_code == 404


async def test_help_is_too_late_after_the_offer_but_feedback_is_not(reply, clock):
    clock.pass_s(timedelta(hours=1).total_seconds())
    late = await reply("of_help", HELP)
    assert (late.status_code, "ended at" in late.json()["detail"]) == (409, True)
    assert (await reply("of_stars", STARS)).is_success


async def test_the_shops_system_is_told_once_and_not_in_the_shoppers_own_words(
    reply, doors, tokens, database
):
    for _ in range(2):
        await reply("of_book", BOOKING | {"words": "after lunch"})
    await doors.delete("/v1/offers/of_book/reply", headers=tokens.headers("device"))
    told = sorted(await rows_of(database, WebhookEventRow), key=lambda event: event.type)
    assert [event.type for event in told] == ["reply.made", "reply.taken_back"]
    made = told[0].data
    assert (made["own_id"], made["about"], made["kind"]) == ("loyalty-1", "Fitting", "book_appointment")
    assert made["wants_at"].startswith("2026-06-11T10:00:00")
    assert "lunch" not in str(made) + str(told[1].data)
    assert "1234" not in str(made)


async def test_what_is_taken_back_is_gone_and_may_be_said_anew(reply, doors, tokens, listed):
    await reply("of_help", HELP)
    phone = tokens.headers("device")
    assert (await doors.delete("/v1/offers/of_help/reply", headers=phone)).status_code == 204
    assert (await doors.delete("/v1/offers/of_help/reply", headers=phone)).status_code == 404
    assert (await doors.get("/v1/offers/of_help/reply", headers=phone)).status_code == 404
    assert (await listed()).json()["replies"] == []
    assert (await reply("of_help", HELP | {"words": "size 44"})).is_success


async def test_replies_are_in_the_shoppers_copy_and_go_with_the_shopper(reply, database, noon):
    await reply("of_help", HELP)
    async with database.reading() as connection:
        [copied] = (await forgetting.export(connection, "sh_1"))["replies"]
    assert copied["words"] == "size 43?\nplease"
    async with database.writing() as connection:
        await forgetting.forget(connection, "sh_1", noon)
    assert await rows_of(database, ReplyRow) == []


async def test_a_reply_is_kept_as_long_as_offers_are_by_its_own_time(reply, clock, database, noon):
    await reply("of_help", HELP)
    clock.pass_s(timedelta(days=1).total_seconds())
    await reply("of_stars", STARS)
    async with database.writing() as connection:
        await retention.forget_before(connection, "outbox_days", noon + timedelta(hours=1))
    assert [row.outbox_id for row in await rows_of(database, ReplyRow)] == ["of_stars"]


async def test_analysts_and_phones_read_nobodys_words(listed, reply):
    await reply("of_help", HELP)
    for role in ("analyst", "device", "app", "gateway"):
        assert (await listed(role)).status_code == 403

"""Staff see a campaign on their own phone before any shopper does; it goes the real way, says so, and counts nowhere."""

import asyncio
from datetime import timedelta

import pytest

from server.app import trying
from server.campaigns import read_campaign
from server.delivery import channels as channel_files
from server.delivery.channels import fcm, inbox, webpush
from server.delivery.sender import Pace, Sender
from server.records import campaigns, consents, keys, zones
from server.records.outbox import RecordedOutbox
from server.records.tables import AddressRow, Table
from server.web.claims import claim_routes
from server.web.receipts import receipt_routes
from server.web.send_test import TESTS_A_MINUTE, send_test_routes
from server.web.testers import routes_for_testers
from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Fault
from simulator.push_service import PushService
from tests.makers import a_department, a_shop
from tests.server.campaigns.makers import a_document
from tests.server.delivery.makers import Clock
from tests.server.records.rows import a_device, a_shopper, an_address, keep, rows_of

VAPID = {"private_key": "m6KzCsYTnAVl1n5hWbKxQ2cyHkTuqqPCzaZlmr3d2Mg", "subject": "mailto:it@shop.example"}
OFFER = {
    "title": {
        "it": "Ciao {{ shopper.first_name | default: 'bella' }}",
        "en": "Hello {{ shopper.first_name }}",
    },
    "body": {"it": "Da {{ zone.name }} fino alle {{ offer.until }}", "en": "Until {{ offer.until }}"},
    "data": {"shelf": "7"},
}
DRAFT = a_document(
    state="draft",
    trigger={"on": "entered", "where": {"zones": ["shoes"]}},
    channels=["fcm", "webpush", "email", "inbox"],
    conditions=[{"kind": "stock", "total": 1}],
    hold_out=0.9,
    offer=OFFER,
    follow_ups=[{"when": "not_opened", "after": "30m", "channels": ["webpush"], "offer": {"title": {"it": "Ancora qui?"}, "body": {"it": "Scarpe"}}}],
    variants=[{"id": "warm", "offer": {"title": {"it": "Fa freddo"}, "body": {"it": "Scarpe"}}}, {"id": "own"}],
)  # fmt: skip


@pytest.fixture
async def push():
    async with PushService() as service:
        yield service


@pytest.fixture
async def fcm_door():
    async with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def clock(noon):
    return Clock(noon)


@pytest.fixture
async def shop(database, guard, tokens, open_doors, push, fcm_door, tmp_path, noon, clock):
    """Real channels and a real sender behind the doors; Giulia's phone (d_1) has joined as a tester."""
    async with database.writing() as connection:
        places = [a_shop(name="Brera", time_zone="Europe/Rome"), a_department("shoes", a_shop().place)]
        await zones.put(connection, [zones.Given(place) for place in places], noon)
        await campaigns.put(connection, read_campaign(DRAFT), noon)
        await keep(
            connection,
            a_shopper("sh_1"),
            a_shopper("sh_ann", own_id="loyalty-1", language="it", attributes={"first_name": "Anna"}),
            a_device("d_1", "sh_1"),
            an_address("ad_1", kind="fcm_fid", value="phone-1"),
            an_address("ad_2", kind="webpush", value=push.subscribe("giulia")),
        )
    ours = {"fcm": fcm, "webpush": webpush, "inbox": inbox}
    ways = {name: way for name, way in channel_files.ways().items() if name in ours}
    outbox = RecordedOutbox(database, ways)
    async with (
        fcm.open(fcm.Settings(service_account_file=fcm_door.service_account_file(tmp_path), endpoint=fcm_door.url)) as one,
        webpush.open(webpush.Settings(**VAPID, allow_private=True)) as two,
        inbox.open(inbox.Settings()) as three,
    ):  # fmt: skip
        sender = Sender(
            outbox,
            {"fcm": one, "webpush": two, "inbox": three},
            pace=Pace(test_wait_s=0.0),
            rates={"fcm": 5.0},
            clock=clock,
        )
        yield open_doors(
            send_test_routes(database, guard, ways, trying(sender, outbox), clock),
            routes_for_testers(database, guard, clock),
            receipt_routes(database, guard, clock=clock),
            claim_routes(database, guard, clock),
        )


@pytest.fixture
async def giulia(shop, tokens):
    invited = await shop.post("/v1/testers", json={"name": "Giulia"}, headers=tokens.headers("marketer"))
    code = {"code": invited.json()["code"]}
    joined = await shop.put("/v1/devices/me/tester", json=code, headers=tokens.headers("device"))
    return joined.json()["id"]


@pytest.fixture
def send(shop, giulia, tokens):
    async def send(role="marketer", campaign="shoes", **asked):
        path = f"/v1/campaigns/{campaign}/test-send"
        return await shop.post(path, json={"tester": giulia, **asked}, headers=tokens.headers(role))

    return send


async def test_a_draft_shows_on_the_testers_phone_marked_as_a_test(send, fcm_door, push):
    told = (await send(own_id="loyalty-1")).json()
    assert (told["title"], told["body"]) == ("[TEST] Ciao Anna", "Da shoes fino alle 16:00")
    [arrived] = fcm_door.messages_for("phone-1")
    assert arrived.message.title == "[TEST] Ciao Anna"
    assert (arrived.message.data["test"], arrived.message.data["shelf"]) == ("true", "7")
    assert push.shown("giulia")[0].message["notification"]["data"]["test"] == "true"


async def test_each_channel_says_what_it_answered(send):
    tries = {each["channel"]: each for each in (await send()).json()["tries"]}
    assert list(tries) == ["fcm", "webpush", "email", "inbox"]
    assert tries["fcm"]["outcome"] == tries["webpush"]["outcome"] == "sent"
    assert tries["fcm"]["receipt"].startswith("projects/soglia-demo/messages/")
    assert (tries["email"]["outcome"], tries["email"]["why"]) == ("untried", "it is not set up")
    assert "kept nowhere" in tries["inbox"]["why"]


async def test_it_is_written_in_the_language_that_staff_choose_for_somebody_made_up(send):
    told = (await send(language="en", channels=["fcm"], made_up={"attributes": {"first_name": "Zoe"}})).json()
    assert (told["language"], told["title"], told["body"]) == ("en", "[TEST] Hello Zoe", "Until 16:00")
    assert [each["channel"] for each in told["tries"]] == ["fcm"]
    assert (await send(variant="warm")).json()["title"] == "[TEST] Fa freddo"


async def test_a_follow_up_is_tried_by_its_own_channels(send, push):
    told = (await send(step=1)).json()
    assert [(each["channel"], each["outcome"]) for each in told["tries"]] == [("webpush", "sent")]
    assert push.shown("giulia")[0].message["notification"]["title"] == "[TEST] Ancora qui?"
    assert (await send(step=2)).status_code == 404
    assert (await send(step=1, variant="warm")).status_code == 422


async def test_what_cannot_be_written_is_not_sent_and_says_why(send, fcm_door):
    refused = await send(language="en")
    assert refused.status_code == 422
    assert "shopper.first_name" in refused.json()["errors"][0]["reason"]
    assert fcm_door.arrivals == []


async def test_nothing_counts_a_test(send, database, shop, tokens):
    test = (await send()).json()["id"]
    kept = {"shoppers", "devices", "addresses", "testers", "zones", "campaigns", "campaign_versions"}
    async with database.reading() as connection:
        full = [
            name
            for name, table in Table.metadata.tables.items()
            if (await connection.execute(table.select().limit(1))).first() is not None
        ]
    assert set(full) == kept | {"keys", "staff"}
    receipt = {"receipts": [{"offer": test, "kind": "opened", "at": "2026-06-10T12:00:00Z"}]}
    phone = tokens.headers("device")
    assert (await shop.post("/v1/receipts", json=receipt, headers=phone)).json()["verdicts"] == [
        "unknown_offer"
    ]
    assert (await shop.post(f"/v1/offers/{test}/claim", headers=phone)).status_code == 404


async def test_an_address_that_a_test_finds_dead_is_dead_for_every_offer(send, fcm_door, database):
    fcm_door.fail("phone-1", Fault.UNREGISTERED)
    first = (await send(channels=["fcm"])).json()["tries"]
    assert first[0]["outcome"] == "unreachable"
    dead = {row.id: row.dead_why for row in await rows_of(database, AddressRow)}
    assert (dead["ad_1"], dead["ad_2"]) == (first[0]["why"], None)
    again = (await send(channels=["fcm"])).json()["tries"]
    assert again[0]["why"] == "the tester's phone has no live address for it"


async def test_tests_keep_to_the_channels_rate(send, clock):
    outcomes = [(await send(channels=["fcm"])).json()["tries"][0]["outcome"] for _ in range(6)]
    assert outcomes == ["sent"] * 5 + ["untried"]
    clock.pass_s(1)
    assert (await send(channels=["fcm"])).json()["tries"][0]["outcome"] == "sent"


async def test_a_passing_fault_is_told_and_nothing_is_tried_again(send, fcm_door):
    fcm_door.fail("phone-1", Fault.UNAVAILABLE, times=1)
    [tried] = (await send(channels=["fcm"])).json()["tries"]
    assert tried["outcome"] == "postponed"
    assert fcm_door.arrivals == []


async def test_only_a_phone_that_joined_can_be_sent_tests(shop, send, tokens):
    unknown = {"tester": "te_none"}
    marketer = tokens.headers("marketer")
    assert (
        await shop.post("/v1/campaigns/shoes/test-send", json=unknown, headers=marketer)
    ).status_code == 404
    waiting = (await shop.post("/v1/testers", json={"name": "Carlo"}, headers=marketer)).json()["id"]
    assert (await send(tester=waiting)).status_code == 404
    assert (await shop.delete("/v1/devices/me/tester", headers=tokens.headers("device"))).status_code == 204
    assert (await send()).status_code == 404


async def test_what_is_not_there_is_not_found_and_analysts_send_nothing(send):
    for asked in ({"campaign": "hats"}, {"shopper": "sh_none"}, {"zone": "nowhere"}, {"variant": "cold"}):
        assert (await send(**asked)).status_code == 404
    assert (await send(role="analyst")).status_code == 403


@pytest.fixture
def answer(database, clock):
    """`await answer(location=False)`: what the tester's shopper says to purposes."""

    async def answer(**purposes):
        async with database.writing() as connection:
            words = consents.Wording("1", "it", "app")
            await consents.give(connection, "sh_1", purposes, words, clock())

    return answer


async def test_a_tester_gets_so_many_tests_a_minute_and_no_more(send, fcm_door):
    answers = [await send(channels=["inbox"]) for _ in range(TESTS_A_MINUTE + 2)]
    assert [each.status_code for each in answers] == [200] * TESTS_A_MINUTE + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await send(tester="te_none")).status_code == 404  # others have a minute of their own


async def test_who_withdraws_location_is_a_tester_no_more(send, answer, clock, fcm_door, push, shop, tokens):
    clock.pass_s(60)
    await answer(location=False)
    assert (await send()).status_code == 404
    listed = (await shop.get("/v1/testers", headers=tokens.headers("marketer"))).json()["testers"]
    assert (listed, fcm_door.arrivals, push.shown("giulia")) == ([], [], [])
    await answer(location=True)
    assert (await send()).status_code == 404


async def test_who_withdraws_push_is_sent_no_test_by_it_until_they_agree_again(send, answer, clock, fcm_door):
    clock.pass_s(60)
    await answer(push=False)
    [tried] = (await send(channels=["fcm"])).json()["tries"]
    assert (tried["outcome"], tried["why"]) == ("untried", "the tester said no to push after joining")
    assert fcm_door.arrivals == []
    await answer(push=True)
    assert (await send(channels=["fcm"])).json()["tries"][0]["outcome"] == "sent"


async def test_a_no_from_before_joining_does_not_stand_against_tests(shop, answer, clock, tokens):
    await answer(location=False, push=False)
    clock.pass_s(60)
    marketer = tokens.headers("marketer")
    made = (await shop.post("/v1/testers", json={"name": "Giulia"}, headers=marketer)).json()
    phone = tokens.headers("device")
    await shop.put("/v1/devices/me/tester", json={"code": made["code"]}, headers=phone)
    await answer(location=False, push=False)  # an app that tells it again withdraws nothing new
    asked = {"tester": made["id"], "channels": ["fcm"]}
    told = await shop.post("/v1/campaigns/shoes/test-send", json=asked, headers=marketer)
    assert told.json()["tries"][0]["outcome"] == "sent"


async def test_a_code_holds_once_and_for_a_quarter_of_an_hour(shop, tokens, clock):
    marketer, phone = tokens.headers("marketer"), tokens.headers("device")
    first = (await shop.post("/v1/testers", json={"name": "Giulia"}, headers=marketer)).json()
    code = {"code": first["code"].upper()}
    assert (await shop.put("/v1/devices/me/tester", json=code, headers=phone)).is_success
    assert (await shop.put("/v1/devices/me/tester", json=code, headers=phone)).status_code == 404
    late = (await shop.post("/v1/testers", json={"name": "Carlo"}, headers=marketer)).json()
    clock.pass_s(timedelta(minutes=15).total_seconds())
    refused = await shop.put("/v1/devices/me/tester", json={"code": late["code"]}, headers=phone)
    assert refused.status_code == 404
    listed = (await shop.get("/v1/testers", headers=tokens.headers("analyst"))).json()["testers"]
    assert [(each["name"], each["device"]) for each in listed] == [("Giulia", "d_1")]
    assert first["code"] not in str(listed)


async def test_one_code_shown_to_many_phones_makes_one_tester(shop, tokens, database, noon):
    marketer = tokens.headers("marketer")
    async with database.writing() as connection:
        await keep(connection, *(a_device(f"d_{name}", "sh_ann") for name in "abcd"))
        phones = [
            (await keys.issue(connection, "device", "phone", noon, owner=f"d_{name}")).token
            for name in "abcd"
        ]
    code = {
        "code": (await shop.post("/v1/testers", json={"name": "Giulia"}, headers=marketer)).json()["code"]
    }
    headers = [{"Authorization": f"Bearer {token}"} for token in phones]
    answers = await asyncio.gather(
        *(shop.put("/v1/devices/me/tester", json=code, headers=phone) for phone in headers)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]


async def test_a_phone_that_takes_up_several_codes_at_once_is_one_tester(shop, tokens):
    marketer, phone = tokens.headers("marketer"), tokens.headers("device")
    made = [
        (await shop.post("/v1/testers", json={"name": f"Giulia {n}"}, headers=marketer)).json()
        for n in range(4)
    ]
    answers = await asyncio.gather(
        *(shop.put("/v1/devices/me/tester", json={"code": each["code"]}, headers=phone) for each in made)
    )
    assert {answer.status_code for answer in answers} == {200}
    listed = (await shop.get("/v1/testers", headers=marketer)).json()["testers"]
    assert [each["device"] for each in listed] == ["d_1"]


async def test_staff_may_end_a_tester(shop, giulia, send, tokens):
    path = f"/v1/testers/{giulia}"
    assert (await shop.delete(path, headers=tokens.headers("analyst"))).status_code == 403
    assert (await shop.delete(path, headers=tokens.headers("marketer"))).status_code == 204
    assert (await shop.delete(path, headers=tokens.headers("marketer"))).status_code == 404
    assert (await send()).status_code == 404

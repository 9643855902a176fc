"""Owners say where other systems are told what happened, see what became of it, and send it again."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from server.records import webhooks
from server.records.tables import WebhookDeliveryRow, WebhookRow
from server.records.webhook_deliveries import RecordedDeliveries
from server.records.webhooks import EVENT_TYPES, Happened
from server.web.webhooks import webhook_routes
from tests.server.records.rows import rows_of

CRM = {"name": "CRM", "url": "https://crm.shop.example/soglia"}


@pytest.fixture
def doors(open_doors, database, guard, noon):
    allowed = [ip_network("10.1.0.0/16")]
    return open_doors(webhook_routes(database, guard, allowed=allowed, clock=lambda: noon))


@pytest.fixture
def owner(tokens):
    return tokens.headers("owner")


@pytest.fixture
async def crm(doors, owner):
    return (await doors.put("/v1/webhooks/crm", json=CRM, headers=owner)).json()


async def happen(database, noon, *names):
    async with database.writing() as connection:
        told = [Happened("visit.entered", (name,), None, {"visit": name}, noon) for name in names]
        await webhooks.queue(connection, told, noon)
    return [each.id for each in told]


async def give_up_all(database, noon):
    await RecordedDeliveries(database).give_up(noon, noon)


async def test_a_secret_is_shown_once_when_it_is_made(doors, owner, crm, database):
    assert crm["change"] == "created"
    assert crm["secret"].startswith("whsec_")
    again = (await doors.put("/v1/webhooks/crm", json=CRM, headers=owner)).json()
    assert (again["change"], again["secret"]) == ("same", None)
    for path in ("/v1/webhooks", "/v1/webhooks/crm"):
        assert crm["secret"] not in (await doors.get(path, headers=owner)).text
    [row] = await rows_of(database, WebhookRow)
    assert row.secrets[0]["secret"] == crm["secret"]


@pytest.mark.parametrize("who", ["server", "device", "app", "gateway", "manager", "marketer", "analyst"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/webhooks"),
        ("GET", "/v1/webhooks/crm"),
        ("PUT", "/v1/webhooks/crm"),
        ("DELETE", "/v1/webhooks/crm"),
        ("POST", "/v1/webhooks/crm/secret"),
        ("POST", "/v1/webhooks/crm/test"),
        ("GET", "/v1/webhooks/crm/deliveries"),
        ("POST", "/v1/webhooks/crm/deliveries/evt_1/replay"),
        ("POST", "/v1/webhooks/crm/replay"),
    ],
)
async def test_nobody_but_an_owner_may(doors, tokens, who, method, path):
    answer = await doors.request(method, path, json={}, headers=tokens.headers(who))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5432/",
        "http://localhost/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.2.0.1/",
        "http://[::ffff:10.2.0.1]/",
        "https://name:password@crm.shop.example/",
        "ftp://crm.shop.example/",
        "https://",
        "https://crm.shop.example:99999/",
        "https://crm.shop.example/ two",
        "crm.shop.example",
        "https://[::1/",
    ],
)
async def test_a_url_that_leads_inside_or_nowhere_is_refused(doors, owner, url):
    answer = await doors.put("/v1/webhooks/crm", json={**CRM, "url": url}, headers=owner)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "body.url"


async def test_a_private_network_that_the_operator_allows_is_taken(doors, owner):
    answer = await doors.put("/v1/webhooks/crm", json={**CRM, "url": "http://10.1.0.9/"}, headers=owner)
    assert answer.status_code == 200


async def test_a_type_that_there_is_not_is_refused_and_each_that_there_is_is_taken(doors, owner):
    body = {**CRM, "types": list(EVENT_TYPES)}
    assert (await doors.put("/v1/webhooks/crm", json=body, headers=owner)).status_code == 200
    body = {**CRM, "types": ["visit.guessed"]}
    assert (await doors.put("/v1/webhooks/crm", json=body, headers=owner)).status_code == 422


async def test_what_is_changed_or_turned_off_says_so(doors, owner, crm):
    changed = await doors.put("/v1/webhooks/crm", json={**CRM, "on": False}, headers=owner)
    assert (changed.json()["change"], changed.json()["on"]) == ("changed", False)
    assert "staff" in changed.json()["off_because"]
    back = await doors.put("/v1/webhooks/crm", json=CRM, headers=owner)
    assert (back.json()["on"], back.json()["off_because"]) == (True, None)


async def test_a_deleted_webhook_is_gone_with_its_deliveries(doors, owner, crm, database, noon):
    await happen(database, noon, "v_1")
    assert (await doors.delete("/v1/webhooks/crm", headers=owner)).status_code == 204
    assert (await doors.get("/v1/webhooks/crm", headers=owner)).status_code == 404
    assert (await doors.delete("/v1/webhooks/crm", headers=owner)).status_code == 404
    assert await rows_of(database, WebhookDeliveryRow) == []


async def test_webhooks_are_listed_page_by_page_with_how_they_stand(doors, owner, database, noon):
    for name in ("a", "b", "c"):
        await doors.put(f"/v1/webhooks/{name}", json=CRM, headers=owner)
    await happen(database, noon, "v_1", "v_2")
    await give_up_all(database, noon)
    await happen(database, noon + timedelta(seconds=1), "v_3")
    first = (await doors.get("/v1/webhooks?limit=2", headers=owner)).json()
    rest = (await doors.get(f"/v1/webhooks?limit=2&cursor={first['next']}", headers=owner)).json()
    assert [each["id"] for each in first["webhooks"] + rest["webhooks"]] == ["a", "b", "c"]
    assert {(each["waiting"], each["dead"]) for each in first["webhooks"]} == {(1, 2)}


async def test_a_rotated_secret_is_shown_once_and_the_same_answer_comes_for_the_same_key(
    doors, owner, crm, noon
):
    headers = {**owner, "Idempotency-Key": "a-key-of-an-owner"}
    answers = [
        (await doors.post("/v1/webhooks/crm/secret", json={"overlap_hours": 2}, headers=headers)).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["secret"] != crm["secret"]
    assert answers[0]["old_until"] == (noon + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert (await doors.get("/v1/webhooks/crm", headers=owner)).json()["secrets"] == 2


async def test_a_test_event_waits_for_its_webhook_alone_whatever_that_listens_to(doors, owner):
    await doors.put("/v1/webhooks/crm", json={**CRM, "types": ["redemption.made"]}, headers=owner)
    await doors.put("/v1/webhooks/other", json=CRM, headers=owner)
    event = (await doors.post("/v1/webhooks/crm/test", headers=owner)).json()["event"]
    listed = (await doors.get("/v1/webhooks/crm/deliveries", headers=owner)).json()["deliveries"]
    assert [(each["event"], each["type"], each["state"]) for each in listed] == [
        (event, "webhook.test", "waiting")
    ]
    assert (await doors.get("/v1/webhooks/other/deliveries", headers=owner)).json()["deliveries"] == []
    assert (await doors.post("/v1/webhooks/none/test", headers=owner)).status_code == 404


async def test_deliveries_are_listed_page_by_page_the_last_first(doors, owner, crm, database, noon):
    told = []
    for second in range(3):
        told += await happen(database, noon + timedelta(seconds=second), f"v_{second}_a", f"v_{second}_b")
    found, cursor = [], ""
    while cursor is not None:
        path = "/v1/webhooks/crm/deliveries?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = (await doors.get(path, headers=owner)).json()
        found += page["deliveries"]
        cursor = page["next"]
    assert len(found) == 6
    assert {each["event"] for each in found} == set(told)
    times = [each["queued_at"] for each in found]
    assert times == sorted(times, reverse=True)
    dead = await doors.get("/v1/webhooks/crm/deliveries?state=dead_letter", headers=owner)
    assert dead.json()["deliveries"] == []


async def test_one_that_was_given_up_is_sent_again_and_one_that_waits_is_not(
    doors, owner, crm, database, noon
):
    [event] = await happen(database, noon, "v_1")
    path = f"/v1/webhooks/crm/deliveries/{event}/replay"
    assert (await doors.post(path, headers=owner)).status_code == 409
    await give_up_all(database, noon)
    assert (await doors.post(path, headers=owner)).json() == {"replayed": 1}
    [row] = await rows_of(database, WebhookDeliveryRow)
    assert (row.settled_at, row.attempts, row.due_at) == (None, 0, noon)
    path = "/v1/webhooks/crm/deliveries/evt_none/replay"
    assert (await doors.post(path, headers=owner)).status_code == 404


async def test_all_since_a_time_are_sent_again(doors, owner, crm, database, noon):
    await happen(database, noon - timedelta(hours=2), "v_1")
    await happen(database, noon - timedelta(hours=1), "v_2", "v_3")
    await give_up_all(database, noon)
    body = {"since": (noon - timedelta(hours=1)).isoformat()}
    assert (await doors.post("/v1/webhooks/crm/replay", json=body, headers=owner)).json() == {"replayed": 2}
    assert (await doors.post("/v1/webhooks/none/replay", json=body, headers=owner)).status_code == 404


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJ4IiwieSJd"])
async def test_a_cursor_that_is_none_of_ours_is_a_fault_of_the_caller(doors, owner, crm, cursor):
    answer = await doors.get(f"/v1/webhooks/crm/deliveries?cursor={cursor}", headers=owner)
    assert answer.status_code == 422

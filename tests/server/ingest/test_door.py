"""What a shop's doors say to phones and gateways: a verdict for each thing told, whatever stands beside it."""

import json

import pytest

from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, a_sighting, pings, sightings

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-000000000001:1:7"
WALL = "ibeacon:6f1c0a9e-0000-4000-8000-000000000001:9:1"
DAY_S = 86_400.0


async def test_a_phone_that_agreed_is_taken(shop):
    phone = await shop.phone()
    answer = await shop.post("/v1/pings", pings(a_ping()), phone)
    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 1, "verdicts": ["accepted"], "problems": []},
    )
    assert shop.traces() == {phone.id}


async def test_each_item_gets_its_own_verdict_and_the_good_ones_go_through(shop):
    phone = await shop.phone()
    verdicts = await shop.verdicts(
        "/v1/pings",
        pings(
            a_ping(-60),
            a_ping(-60),
            a_ping(-8 * DAY_S),
            a_ping(61),
            a_ping(-50, accuracy=5_000),
            a_ping(-40, lat="45.4"),
            a_ping(-30, device="d_another"),
            a_ping(-20),
        ),
        phone,
    )
    assert verdicts == [
        "accepted", "duplicate", "too_old", "in_the_future", "too_inaccurate", "malformed", "unknown_device", "accepted",
    ]  # fmt: skip
    assert shop.counted() == {
        "accepted": 2, "duplicate": 1, "too_old": 1, "in_the_future": 1, "too_inaccurate": 1, "malformed": 1,
        "unknown_device": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "field", "word"),
    [
        (a_ping(lat=90.0001), "lat", "90"),
        (a_ping(lon=-181), "lon", "-180"),
        (a_ping(accuracy=-1), "accuracy", "0"),
        (a_ping(lat=True), "lat", "bool"),
        (a_ping(lat=None), "lat", "missing"),
        (a_ping(at=None), "at", "missing"),
        (a_ping(at="2026-06-10T12:00:00"), "at", "timezone"),
        (a_ping(at="yesterday"), "at", "RFC3339"),
        (a_ping(at=NOON_S * 1000), "at", "100000000000"),
        (a_ping(at=-1), "at", "0"),
        (a_ping(device=7), "device", "str"),
        (a_ping(device="d" * 101), "device", "100"),
        (a_ping(mock="no"), "mock", "bool"),
        (None, "", "null"),
        (["at", 1], "", "array"),
    ],
)
async def test_what_is_malformed_is_said_with_field_and_reason(shop, item, field, word):
    phone = await shop.phone()
    answer = (await shop.post("/v1/pings", pings(item, a_ping()), phone)).json()
    assert answer["verdicts"] == ["malformed", "accepted"]
    (problem,) = answer["problems"]
    assert (problem["index"], problem["verdict"], problem["field"]) == (0, "malformed", field)
    assert word in problem["reason"]


@pytest.mark.parametrize(
    "number", [b"1e999", b"9" * 400, b"-1e400", b"true", b'"\\u0000"', b"[]", b"{}", b'"\xff"']
)
async def test_a_number_that_is_none_spoils_its_own_item_alone(shop, number):
    phone = await shop.phone()
    good = json.dumps(a_ping()).encode()
    body = b'{"pings":[{"at":%b,"lat":%b,"lon":9.1,"device":%b},%b]}' % (number, number, number, good)
    assert await shop.verdicts("/v1/pings", body, phone) == ["malformed", "accepted"]


async def test_a_text_that_is_no_utf8_spoils_its_own_item_alone(shop):
    phone = await shop.phone()
    good = json.dumps(a_ping()).encode()
    body = b'{"pings":[{"at":1,"lat":1,"lon":1,"device":"\xff"},%b]}' % good
    assert await shop.verdicts("/v1/pings", body, phone) == ["malformed", "accepted"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"pings"',
        b'{"pings":{}}',
        b'{"ping":[]}',
        b'{"pings":[{"at":NaN}]}',
        b'{"pings":[{"at":1},]}',
        b'{"pings":[{"at":1}',
        b"\xff\xfe{",
        b'{"pings":[' + b"[" * 1500,
        b'{"x":' * 700,
        b'{"sent_at":"soon","pings":[]}',
        b'{"sent_at":true,"pings":[]}',
        b'{"sent_at":1e300,"pings":[]}',
        b'{"pings":[{"device":"\\ud800"}]}',
    ],
)
async def test_what_is_no_list_of_items_is_refused_as_a_whole(shop, body):
    phone = await shop.phone()
    answer = await shop.post("/v1/pings", body, phone)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["title"]) == (400, "Bad Request")
    assert answer.json()["detail"]


async def test_the_last_of_two_equal_keys_counts_as_everywhere(shop):
    phone = await shop.phone()
    body = b'{"pings":[],"pings":[{"at":%d,"at":%d,"lat":44,"lat":45,"lon":9}]}' % (1, NOON_S)
    assert await shop.verdicts("/v1/pings", body, phone) == ["accepted"]


async def test_an_empty_list_is_no_mistake(shop):
    phone = await shop.phone()
    answer = await shop.post("/v1/pings", pings(), phone)
    assert (answer.status_code, answer.json()["verdicts"]) == (200, [])
    assert shop.taken == []


async def test_what_an_app_adds_of_its_own_is_let_pass(shop):
    phone = await shop.phone()
    ping = a_ping(altitude=120, activity=["still"], speed=None, course=-1, provider="fused")
    assert await shop.verdicts("/v1/pings", pings(ping, app="1.2"), phone) == ["accepted"]


async def test_the_first_verdict_against_an_item_stands_and_is_said_once(shop):
    """Too old, of another device, of nobody: one verdict, one reason."""
    phone = await shop.phone()
    answer = (await shop.post("/v1/pings", pings(a_ping(-9 * DAY_S, device="d_x")), phone)).json()
    assert [(p["verdict"], p["field"]) for p in answer["problems"]] == [("unknown_device", "device")]

    server = await shop.key("server")
    answer = (await shop.post("/v1/pings", pings(a_ping(-9 * DAY_S, device="d_x")), server)).json()
    assert [(p["verdict"], p["field"]) for p in answer["problems"]] == [("too_old", "at")]

    answer = (await shop.post("/v1/sightings", sightings(a_sighting(3_600, "ibeacon:x:1:1")), phone)).json()
    assert [(p["verdict"], p["field"]) for p in answer["problems"]] == [("in_the_future", "at")]


async def test_problems_stand_in_the_order_of_the_items(shop):
    phone = await shop.phone()
    body = pings(a_ping(-9 * DAY_S), a_ping(lat=100), a_ping(99), a_ping(lon=200), a_ping())
    answer = (await shop.post("/v1/pings", body, phone)).json()
    assert [problem["index"] for problem in answer["problems"]] == [0, 1, 2, 3]


async def test_the_edges_of_time_are_inside(shop):
    phone = await shop.phone()
    body = pings(a_ping(-7 * DAY_S), a_ping(-7 * DAY_S - 1), a_ping(60), a_ping(61))
    assert await shop.verdicts("/v1/pings", body, phone) == [
        "accepted",
        "too_old",
        "accepted",
        "in_the_future",
    ]


async def test_times_may_be_texts(shop):
    phone = await shop.phone()
    ping = a_ping(at="2026-06-10T14:00:00+02:00")
    assert await shop.verdicts("/v1/pings", pings(ping, sent_at="2026-06-10T12:00:00Z"), phone) == [
        "accepted"
    ]
    assert shop.taken[0].fixes.at.tolist() == [NOON_S]


async def test_a_phone_may_name_itself_and_nobody_else(shop):
    phone, other = await shop.phone(), await shop.phone()
    body = pings(a_ping(-1, device=phone.id), a_ping(device=other.id))
    assert await shop.verdicts("/v1/pings", body, phone) == ["accepted", "unknown_device"]
    assert shop.traces() == {phone.id}


async def test_the_shops_own_server_speaks_for_phones_that_it_names(shop):
    server, one, two = await shop.key("server"), await shop.phone(), await shop.phone(agreed=False)
    body = pings(
        a_ping(device=one.id), a_ping(device=two.id), a_ping(device="d_nobody"), a_ping(), a_ping(device="")
    )
    assert await shop.verdicts("/v1/pings", body, server) == [
        "accepted", "no_consent", "unknown_device", "unknown_device", "unknown_device",
    ]  # fmt: skip
    assert shop.traces() == {one.id}


@pytest.mark.parametrize("name", ["\x00", "d_\x00", "d_ü", "'; drop table devices; --", " ", "d_\n"])
async def test_a_device_of_a_name_that_no_database_takes_is_unknown(shop, name):
    server = await shop.key("server")
    assert await shop.verdicts("/v1/pings", pings(a_ping(device=name)), server) == ["unknown_device"]


async def test_a_gateway_hears_fobs_and_tells_its_own_anchor(shop):
    gateway, fob = await shop.gateway("till"), await shop.phone(beacon=FOB)
    await shop.learn()
    body = sightings(a_sighting(id=FOB), a_sighting(id="ibeacon:nobody:1:2"))
    assert await shop.verdicts("/v1/sightings", body, gateway) == ["accepted", "unknown_device"]
    heards = shop.taken[0].heards
    assert (heards.device, heards.anchor, heards.rssi_dbm.tolist(), heards.count.tolist()) == (
        [fob.id],
        ["an_till"],
        [-71.5],
        [4.0],
    )


async def test_a_phone_hears_the_beacons_of_the_shop(shop):
    await shop.gateway("wall", beacon=WALL)
    phone = await shop.phone(beacon=FOB)
    await shop.learn()
    body = sightings(a_sighting(id=WALL), a_sighting(id=FOB), a_sighting(id="ibeacon:nobody:1:2"))
    assert await shop.verdicts("/v1/sightings", body, phone) == [
        "accepted",
        "unknown_anchor",
        "unknown_anchor",
    ]
    heards = shop.taken[0].heards
    assert (heards.device, heards.anchor) == ([phone.id], ["an_wall"])


async def test_a_gateway_without_a_place_is_told_so(shop):
    gateway = await shop.gateway()  # after the doors learnt of all gateways
    answer = (await shop.post("/v1/sightings", sightings(a_sighting()), gateway)).json()
    assert answer["verdicts"] == ["unknown_anchor"]
    assert "gateway" in answer["problems"][0]["reason"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rssi": -128}, "rssi"),
        ({"rssi": 21}, "rssi"),
        ({"rssi": None}, "rssi"),
        ({"count": -1}, "count"),
        ({"count": 1e300}, "count"),
        ({"id": 5}, "id"),
        ({"id": "x" * 101}, "id"),
    ],
)
async def test_a_sighting_that_no_radio_can_mean_is_malformed(shop, changes, field):
    gateway = await shop.gateway()
    answer = (await shop.post("/v1/sightings", sightings(a_sighting(**changes)), gateway)).json()
    assert [(p["verdict"], p["field"]) for p in answer["problems"]] == [("malformed", field)]


async def test_a_gateway_that_does_not_count_packets_heard_one(shop):
    gateway = await shop.gateway()
    await shop.phone(beacon=FOB)
    await shop.learn()
    body = sightings(
        {"at": NOON_S, "id": FOB, "rssi": -60}, {"at": NOON_S - 1, "id": FOB, "rssi": -60, "count": None}
    )
    assert await shop.verdicts("/v1/sightings", body, gateway) == ["accepted", "accepted"]
    assert shop.taken[0].heards.count.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/pings", "app"),
        ("/v1/pings", "gateway"),
        ("/v1/sightings", "app"),
        ("/v1/sightings", "server"),
        ("/ingest/owntracks", "server"),
        ("/ingest/owntracks", "gateway"),
    ],
)
async def test_a_good_token_does_not_open_every_door(shop, path, kind):
    answer = await shop.post(path, pings(), await shop.key(kind))
    assert answer.status_code == 403
    assert kind in answer.json()["detail"]


async def test_more_items_than_a_request_may_have_are_refused_together(shop):
    phone = await shop.phone()
    some = [{"at": 1}] * 21
    answer = await shop.post("/v1/pings", pings(*some), phone)
    assert answer.status_code == 413
    assert "21 items" in answer.json()["detail"]
    assert (await shop.post("/v1/pings", pings(*some[:20]), phone)).status_code == 200


async def test_a_full_queue_says_when_to_come_again(quiet_shop, waiting):
    phone = await quiet_shop.phone()
    some = [a_ping(-i) for i in range(20)]
    first = waiting(quiet_shop.post("/v1/pings", pings(*some), phone))
    await quiet_shop.queue(20)
    answer = await quiet_shop.post("/v1/pings", pings(a_ping(5)), phone)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert "20 sightings wait" in answer.json()["detail"]
    waiting(quiet_shop.take())
    assert (await first).json()["accepted"] == 20
    assert await quiet_shop.verdicts("/v1/pings", pings(a_ping(5)), phone) == ["accepted"]


async def test_what_the_records_do_not_take_is_not_acknowledged(quiet_shop, waiting):
    phone = await quiet_shop.phone()
    answer = waiting(quiet_shop.post("/v1/pings", pings(a_ping()), phone))
    for handover in await quiet_shop.bus.take():
        handover.refuse("the database does not take it just now")
    assert ((await answer).status_code, (await answer).headers["retry-after"]) == (503, "5")
    assert quiet_shop.counted() == {}


async def test_records_that_cannot_be_reached_lose_nobody(shop, tmp_path):
    """A token or device that must be looked up, and the database is away: try again, not "unknown"."""
    phone, server = await shop.phone(), await shop.key("server")
    assert shop.keyring.find(phone.token) is None
    assert await shop.verdicts("/v1/pings", pings(a_ping(device=phone.id)), server) == ["accepted"]
    await shop.lose_records()
    for who, body in (
        (phone, pings(a_ping())),
        (server, pings(a_ping(1, device="d_new"), a_ping(1, device=phone.id))),
    ):
        answer = await shop.post("/v1/pings", body, who)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    known = pings(a_ping(2, device=phone.id))
    assert await shop.verdicts("/v1/pings", known, server) == ["accepted"]


async def test_a_door_that_fails_says_so_and_tells_nothing(quiet_shop, waiting, logged):
    """Whatever breaks behind it: a problem document, and nobody's data in it or in the log."""
    phone = await quiet_shop.phone()
    answer = waiting(quiet_shop.post("/v1/pings", pings(a_ping()), phone))
    for handover in await quiet_shop.bus.take():
        handover.verdicts.set_exception(ZeroDivisionError())
    assert ((await answer).status_code, (await answer).json()["status"]) == (500, 500)
    assert [(line["event"], line["door"]) for line in logged] == [("door_failed", "/v1/pings")]
    assert phone.id not in (await answer).text + str(logged)

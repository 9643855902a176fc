"""Unmodified OwnTracks apps speak to us as they are, and are never answered what would make them lose a point."""

import json
from math import isnan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.ingest.format import Links, Positions
from server.ingest.formats import owntracks
from tests.makers import LAT, LON, NOON_S
from tests.server.ingest.shop import a_ping, pings

UUID = "6F1C0A9E-0000-4000-8000-000000000001"
WALL = f"ibeacon:{UUID.lower()}:9:1"


def location(**changes) -> dict:
    return {"_type": "location", "tid": "GR", "lat": LAT, "lon": LON, "acc": 14, "tst": NOON_S, **changes}


def beacon(**changes) -> dict:
    ranged = {"uuid": UUID, "major": 9, "minor": 1, "rssi": -71, "acc": 1.2, "prox": 2, "tst": NOON_S - 5_000}
    return {"_type": "beacon", "desc": "wall", **ranged, **changes}


def read(message) -> Positions | Links | None:
    return owntracks.read(json.dumps(message).encode(), NOON_S)


async def told(shop, phone, message) -> list[int]:
    """The answer of a request."""
    answer = await shop.post("/ingest/owntracks", message, phone)
    assert answer.content == b"[]"
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code


async def test_a_location_is_a_fix(shop):
    phone = await shop.phone()
    assert await told(shop, phone, location(vel=18, batt=62, t="p", topic="owntracks/giulia/phone")) == 200
    fixes = shop.taken[0].fixes
    assert (fixes.device, fixes.at.tolist(), fixes.accuracy_m.tolist()) == ([phone.id], [NOON_S], [14.0])
    assert fixes.speed_mps.tolist() == [5.0]  # 18 km/h
    assert shop.counted() == {"accepted": 1}


async def test_a_transition_is_a_hint_our_own_fences_decide(shop):
    """It says where the phone is; that it says "enter" of a circle of its own is no visit."""
    phone = await shop.phone()
    far = {"_type": "transition", "event": "enter", "wtst": 1, "desc": "Shop", "t": "c"}
    assert await told(shop, phone, location(**far, lat=LAT + 1)) == 200
    assert len(shop.taken[0].fixes) == 1
    assert shop.presence.events == []


async def test_a_beacon_is_heard_when_its_message_arrives(shop):
    """Its `tst` is that of the phone's last location, which may be hours old."""
    await shop.gateway("wall", beacon=WALL)
    phone = await shop.phone()
    await shop.learn()
    assert await told(shop, phone, beacon()) == 200
    heards = shop.taken[0].heards
    assert (heards.device, heards.anchor) == ([phone.id], ["an_wall"])
    assert (heards.at.tolist(), heards.rssi_dbm.tolist()) == ([NOON_S], [-71.0])


async def test_a_beacon_that_is_not_the_shops_is_nothing(shop):
    assert await told(shop, await shop.phone(), beacon()) == 200
    assert (shop.traces(), shop.counted()) == (set(), {"unknown_anchor": 1})


def test_a_beacon_that_was_lost_for_a_moment_was_not_heard():
    assert read(beacon(rssi=0)) is None


def test_accuracy_and_speed_may_be_missing():
    for message in (location(acc=0), location(acc=None), {**location(), "acc": 0.0}):
        assert read(message).accuracy_m.tolist() == [50.0]  # iOS leaves out zeros
    assert isnan(read(location()).speed_mps[0])
    assert read(location(vel=0)).speed_mps.tolist() == [0.0]


def test_numbers_may_be_texts_of_an_older_app():
    assert read(location(lat="45.5", tst=str(int(NOON_S)))).lat.tolist() == [45.5]
    assert read(beacon(major="9")).beacon == [WALL]


@pytest.mark.parametrize(
    "message",
    [
        {"_type": "waypoint", "desc": "Shop", "tst": 1, "lat": 45, "lon": 9, "rad": 120},
        {"_type": "waypoints", "waypoints": []},
        {"_type": "lwt", "tst": 1},
        {"_type": "status", "iOS": {}},
        {"_type": "cmd", "action": "dump"},
        {"_type": "encrypted", "data": "AAAA"},
        {"_type": "of the year 2040"},
        {"lat": 45, "lon": 9, "tst": 1},
        {"_type": None},
    ],
)
async def test_other_messages_say_nothing_of_where_the_phone_is(shop, message):
    assert await told(shop, await shop.phone(), message) == 200
    assert (shop.taken, shop.counted()) == ([], {})


@pytest.mark.parametrize(
    "body",
    [
        b"junk",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 4_000,
        b'{"_type":7}',
        b"x" * 4_001,
        json.dumps(location(lat=91)).encode(),
        json.dumps(location(lat=True)).encode(),
        json.dumps(location(tst=NOON_S * 1_000)).encode(),
        json.dumps(location(tst=None)).encode(),
        json.dumps(location(lon=float("nan"))).encode(),
        json.dumps(beacon(major=65_536)).encode(),
        json.dumps(beacon(uuid="x" * 37)).encode(),
    ],
)
async def test_garbage_is_answered_like_everything_else_and_counted(shop, body):
    """A 4xx would make iOS drop the point with an alert, and Android send it for ever."""
    assert await told(shop, await shop.phone(), body) == 200
    assert (shop.taken, shop.counted()) == ([], {"malformed": 1})


async def test_a_friend_who_was_deleted_is_an_empty_body(shop):
    assert await told(shop, await shop.phone(), b"") == 200
    assert shop.counted() == {}


async def test_a_body_that_cannot_be_unpacked_is_answered_too(shop):
    phone = await shop.phone()
    for encoding in ("gzip", "br"):
        answer = await shop.post("/ingest/owntracks", b"junk", phone, Content_Encoding=encoding)
        assert (answer.status_code, answer.content) == (200, b"[]")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"tst": NOON_S - 8 * 86_400}, "too_old"),
        ({"tst": NOON_S + 120}, "in_the_future"),
        ({"acc": 5_000}, "too_inaccurate"),
    ],
)
async def test_points_that_we_reject_are_answered_and_counted(shop, changes, verdict):
    assert await told(shop, await shop.phone(), location(**changes)) == 200
    assert shop.counted() == {verdict: 1}


async def test_who_did_not_agree_is_answered_and_leaves_no_trace(shop):
    assert await told(shop, await shop.phone(agreed=False), location()) == 200
    assert (shop.traces(), shop.counted()) == (set(), {"no_consent": 1})


async def test_while_we_cannot_take_it_the_phone_keeps_it(quiet_shop, waiting):
    """5xx: both apps keep the point and try again; a 429 is a 4xx to them."""
    shop, phone = quiet_shop, await quiet_shop.phone()
    waiting(shop.post("/v1/pings", pings(*[a_ping(-i) for i in range(20)]), phone))
    await shop.queue(20)
    answer = await shop.post("/ingest/owntracks", location(), phone)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
async def test_whatever_is_posted_the_answer_is_the_same(shop, body):
    if not hasattr(shop, "giulia"):
        shop.giulia = await shop.phone()
    assert await told(shop, shop.giulia, body) == 200

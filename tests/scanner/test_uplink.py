"""What we say to the server, and what we make of its answers."""

import gzip
import json

import httpx
import pytest

from scanner.instructions import Instructions
from scanner.sighting import Sighting
from scanner.uplink import NotNow, Refused, Taken, Uplink, signature

NOW = 1_781_092_800.25
FOB = Sighting(NOW - 1, "ibeacon:5a4bcfce-174e-4bac-a814-092e77f6b7e5:1:7", -71.5, 4, -59, 0.5)


@pytest.fixture
def uplink():
    """An uplink to a server that answers like this, and the requests that it was sent."""

    def to(answer) -> tuple[Uplink, list[httpx.Request]]:
        asked = []

        def handle(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return answer(request) if callable(answer) else answer

        client = httpx.AsyncClient(base_url="http://server", transport=httpx.MockTransport(handle))
        return Uplink(client, "sog_gateway_x", lambda: NOW), asked

    return to


async def test_a_sighting_is_said_in_the_words_of_the_wire(uplink):
    line, asked = uplink(httpx.Response(200, json={"accepted": 1, "verdicts": ["accepted"]}))
    assert await line.send([FOB]) == Taken({"accepted": 1})
    said = json.loads(gzip.decompress(asked[0].content))
    assert asked[0].url.path == "/v1/sightings"
    assert asked[0].headers["Content-Encoding"] == "gzip"
    assert said["sent_at"] == NOW
    assert said["sightings"] == [
        {"at": FOB.at, "id": FOB.id, "rssi": -71.5, "count": 4, "tx": -59, "battery": 0.5}
    ]


async def test_what_is_not_known_is_not_said(uplink):
    line, asked = uplink(httpx.Response(200, json={"verdicts": ["accepted"]}))
    await line.send([Sighting(NOW, "eddystone-eid:00", -80.0, 1)])
    (said,) = json.loads(gzip.decompress(asked[0].content))["sightings"]
    assert set(said) == {"at", "id", "rssi", "count"}


async def test_each_body_is_signed_as_it_is_sent(uplink):
    line, asked = uplink(httpx.Response(200, json={"verdicts": ["accepted"]}))
    await line.send([FOB])
    assert asked[0].headers["Soglia-Signature"] == signature("sog_gateway_x", asked[0].content, int(NOW))


def test_the_signature_is_the_one_that_openssl_computes():
    # key=$(printf soglia-signature-v1 | openssl dgst -sha256 -hmac sog_gateway_x -r | cut -d' ' -f1)
    # printf '1781092800.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key
    expected = "9d9b459196c85266e924fa4707a4daf40e5f71d42bceb116a26727fdbd97236c"
    assert signature("sog_gateway_x", b"{}", 1_781_092_800) == f"t=1781092800,v1={expected}"


async def test_the_servers_verdicts_are_counted_and_its_first_problem_kept(uplink):
    problems = [{"index": 1, "verdict": "malformed", "field": "rssi", "reason": "above 20 dBm"}]
    verdicts = ["accepted", "malformed", "accepted"]
    line, _ = uplink(httpx.Response(200, json={"accepted": 2, "verdicts": verdicts, "problems": problems}))
    taken = await line.send([FOB] * 3)
    assert taken == Taken({"accepted": 2, "malformed": 1}, "malformed: rssi: above 20 dBm")


async def test_a_server_that_queues_has_taken_it(uplink):
    line, _ = uplink(httpx.Response(202, json={"accepted": 1}))
    assert await line.send([FOB]) == Taken({"queued": 1})


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_the_server_will_never_take_is_refused_with_its_reason(uplink, status):
    line, _ = uplink(httpx.Response(status, json={"title": "Bad Request", "detail": "sightings: missing"}))
    answer = await line.send([FOB])
    assert isinstance(answer, Refused)
    assert answer.reason.endswith("sightings: missing")


@pytest.mark.parametrize(
    ("status", "words"), [(401, "does not take our token"), (403, "not a gateway's"), (404, "no Soglia")]
)
async def test_what_only_people_can_mend_is_kept_and_said(uplink, status, words):
    line, _ = uplink(httpx.Response(status))
    answer = await line.send([FOB])
    assert isinstance(answer, NotNow)
    assert answer.needs_people
    assert words in answer.reason


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_busy_server_is_given_the_time_it_asks_for(uplink, status):
    line, _ = uplink(httpx.Response(status, headers={"Retry-After": "7"}))
    answer = await line.send([FOB])
    assert isinstance(answer, NotNow)
    assert (answer.after_s, answer.needs_people) == (7.0, False)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("no route"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("eh")]
)
async def test_a_line_that_is_down_is_no_refusal(uplink, error):
    def broken(_: httpx.Request) -> httpx.Response:
        raise error

    line, _ = uplink(broken)
    answer = await line.send([FOB])
    assert isinstance(answer, NotNow)
    assert answer.reason.startswith("no line to the server")


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, html="<h1>Welcome to the guest network</h1>"),
        httpx.Response(200, json=["accepted"]),
        httpx.Response(200, json={"verdicts": ["accepted", "accepted"]}),
        httpx.Response(202, text="thanks"),
        httpx.Response(302, headers={"Location": "http://login.example"}),
    ],
)
async def test_a_guest_networks_login_page_takes_no_sightings(uplink, page):
    line, _ = uplink(page)
    assert isinstance(await line.send([FOB]), NotNow)


async def test_a_heartbeat_tells_how_far_the_servers_clock_is_ahead(uplink):
    line, asked = uplink(httpx.Response(200, json={"server_time": NOW + 90}))
    assert await line.beat({"radio": "hearing"}) == 90.0
    assert json.loads(gzip.decompress(asked[0].content)) == {"sent_at": NOW, "radio": "hearing"}


async def test_a_machine_with_a_hopeless_clock_signs_by_the_servers(uplink):
    line, asked = uplink(httpx.Response(200, json={"server_time": NOW + 7200, "verdicts": ["accepted"]}))
    await line.beat({})
    await line.send([FOB])
    signed = [request.headers["Soglia-Signature"].partition(",")[0] for request in asked]
    assert signed == [f"t={int(NOW)}", f"t={int(NOW + 7200)}"]


async def test_what_the_server_says_of_our_token_is_passed_on(uplink):
    line, _ = uplink(httpx.Response(401, json={"detail": "this token is unknown, revoked or expired"}))
    assert (await line.send([FOB])).reason.endswith("this token is unknown, revoked or expired")


async def test_a_server_that_tells_time_in_words_is_not_compared(uplink):
    line, _ = uplink(httpx.Response(200, json={"server_time": "2026-06-10T12:00:00Z"}))
    assert await line.beat({}) is None


async def test_instructions_come_with_their_mark_and_are_not_sent_twice(uplink):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("If-None-Match") == '"7"':
            return httpx.Response(304)
        return httpx.Response(200, json={"gateway": "gw_1", "version": "7"}, headers={"ETag": '"7"'})

    line, _ = uplink(answer)
    told = await line.instructions(None)
    assert told == Instructions(gateway="gw_1", version="7", etag='"7"')
    assert await line.instructions(told.etag) is None


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_instructions_that_do_not_come_are_asked_for_again(uplink, status):
    line, _ = uplink(httpx.Response(status))
    assert isinstance(await line.instructions(None), NotNow)


async def test_instructions_that_make_no_sense_are_named(uplink):
    line, _ = uplink(httpx.Response(200, json={"window_s": -1}))
    answer = await line.instructions(None)
    assert isinstance(answer, NotNow)
    assert "window_s" in answer.reason

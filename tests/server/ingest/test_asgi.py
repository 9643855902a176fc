"""The doors on the web: in front of the application or within it, for senders who hang up, dawdle, or never stop."""

import asyncio
import gzip
import json

import httpx
import pytest

from server.ingest import formats
from server.ingest.asgi import HotDoors
from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, a_sighting, pings, sightings


class Line:
    """One request as a server program hands it over, message by message, and what goes back."""

    def __init__(self, *messages, path="/v1/pings", method="POST", **headers: str) -> None:
        self.messages = [*messages]
        self.read = 0
        self.sent: list[dict] = []
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.replace("_", "-").lower().encode(), text.encode()) for name, text in headers.items()],
        }  # fmt: skip

    async def receive(self) -> dict:
        self.read += 1
        message = self.messages.pop(0)
        return await message() if callable(message) else message

    async def send(self, message: dict) -> None:
        self.sent.append(message)

    async def through(self, application) -> int:
        await application(self.scope, self.receive, self.send)
        return self.sent[0]["status"]


def part(body: bytes, *, more: bool = True) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


HANGS_UP = {"type": "http.disconnect"}


async def test_a_body_comes_in_parts(shop):
    phone = await shop.phone()
    body = json.dumps(pings(a_ping())).encode()
    line = Line(*[part(body[i : i + 1]) for i in range(len(body))], part(b"", more=False), **phone.headers)
    assert await line.through(shop.hot) == 200
    assert json.loads(line.sent[1]["body"])["verdicts"] == ["accepted"]
    assert dict(line.sent[0]["headers"])[b"content-length"] == str(len(line.sent[1]["body"])).encode()


async def test_a_body_that_was_cut_off_is_never_taken_for_whole(shop):
    """Here what came is sound by itself: were it taken, what did not come would be lost."""
    phone = await shop.phone()
    line = Line(part(json.dumps(pings(a_ping())).encode()), HANGS_UP, **phone.headers)
    assert await line.through(shop.hot) == 400
    assert shop.traces() == set()
    assert shop.counted() == {}


async def test_a_sender_who_hangs_up_at_once_disturbs_nobody(shop):
    phone = await shop.phone()
    assert await Line(HANGS_UP, **phone.headers).through(shop.hot) == 400
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["accepted"]


async def test_a_sender_who_hangs_up_while_we_work_is_counted_all_the_same(quiet_shop, waiting):
    shop, phone = quiet_shop, await quiet_shop.phone()
    gone = waiting(shop.post("/v1/pings", pings(a_ping()), phone))
    await shop.queue(1)
    gone.cancel()
    waiting(shop.take())
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["duplicate"]
    assert shop.bus.waiting == 0


async def test_a_sender_who_dawdles_is_sent_away(shop):
    phone = await shop.phone()
    line = Line(part(b'{"pings":'), asyncio.Event().wait, **phone.headers)
    assert await line.through(shop.hot) == 408


async def test_a_body_that_is_announced_too_large_is_refused_unread(shop):
    phone = await shop.phone()
    line = Line(content_length="4001", **phone.headers)
    assert await line.through(shop.hot) == 413
    assert line.read == 0


async def test_a_body_that_grows_too_large_is_refused_as_soon_as_it_is(shop):
    phone = await shop.phone()
    line = Line(*[part(b" " * 1_000)] * 10, **phone.headers)
    assert await line.through(shop.hot) == 413
    assert line.read == 5


async def test_the_largest_body_is_taken(shop):
    phone = await shop.phone()
    body = json.dumps(pings(a_ping())).encode()
    assert (await shop.post("/v1/pings", body.ljust(4_000), phone)).status_code == 200
    assert (await shop.post("/v1/pings", body.ljust(4_001), phone)).status_code == 413


async def test_without_a_token_no_body_is_read(shop):
    for headers in ({}, {"authorization": "Bearer sog_device_" + "A" * 43}):
        line = Line(**headers)
        assert await line.through(shop.hot) == 401
        assert line.read == 0


@pytest.mark.parametrize("announced", ["-1", "x", "", "1e9", "9" * 400])
async def test_a_length_that_is_none_is_no_length(shop, announced):
    phone = await shop.phone()
    line = Line(part(b'{"pings":[]}', more=False), content_length=announced, **phone.headers)
    assert await line.through(shop.hot) == (413 if announced.isdigit() else 200)


@pytest.mark.parametrize("changes", [{"method": "GET"}, {"path": "/v1/pings/"}, {"path": "/v1/zones"}])
async def test_what_is_for_another_door_goes_on_to_the_application(shop, changes):
    line = Line(part(b"", more=False), **changes)
    assert await line.through(shop.hot) in {404, 405, 307}


async def test_other_kinds_of_connection_go_on_to_the_application(shop):
    kinds = []

    async def application(scope, _receive, _send):
        kinds.append(scope["type"])

    await HotDoors(application, shop.door)({"type": "lifespan"}, None, None)
    await HotDoors(application, shop.door)({"type": "websocket", "path": "/v1/pings"}, None, None)
    assert kinds == ["lifespan", "websocket"]


async def test_both_roads_lead_through_the_same_door(shop):
    """What stands in the API's document answers as the fast road does, word by word."""
    phone, gateway, server = await shop.phone(), await shop.gateway(), await shop.key("server")
    await shop.learn()
    packed = {"Content-Encoding": "gzip"}
    location = {"_type": "location", "lat": 45.0, "lon": 9.0, "tst": NOON_S}
    requests = [
        ("/v1/pings", phone, pings(a_ping(), a_ping(lat=91)), {}),
        ("/v1/pings", phone, b"junk", {}),
        ("/v1/pings", phone, b"x" * 4_001, {}),
        ("/v1/pings", phone, b"junk", packed),
        ("/v1/pings", phone, gzip.compress(b'{"pings":[]}'), packed),
        ("/v1/pings", phone, b"junk", {"Content-Encoding": "br"}),
        ("/v1/pings", server, pings(a_ping(device="d_nobody")), {}),
        ("/v1/pings", gateway, pings(), {}),
        ("/v1/pings", None, pings(), {}),
        ("/v1/sightings", gateway, sightings(a_sighting()), {}),
        ("/v1/sightings", gateway, sightings(), {"Soglia-Signature": "t=1,v1=2"}),
        ("/ingest/owntracks", phone, location, {}),
        ("/ingest/owntracks", phone, b"", {}),
        ("/ingest/owntracks", gateway, location, {}),
    ]
    for path, who, body, headers in requests:
        answers = []
        for application in (shop.hot, shop.slow):
            async with shop.at(application) as client:
                shop.presence.tracks.forget([phone.id])
                sent = body if isinstance(body, bytes) else json.dumps(body).encode()
                given = headers | (who.headers if who else {})
                answers.append(await client.post(path, content=sent, headers=given))
        hot, slow = answers
        assert (hot.status_code, hot.content) == (slow.status_code, slow.content), path
        assert dict(hot.headers) == dict(slow.headers), path


async def test_every_format_stands_in_the_document_with_its_body(shop):
    async with shop.at(shop.slow) as client:
        document = (await client.get("/openapi.json")).json()
    for form in formats.found().values():
        operation = document["paths"][form.PATH]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert "$ref" not in json.dumps(schema)
        assert {next(iter(each)) for each in operation["security"]} == set(form.SPEAKERS)
        assert operation["description"]
    item = document["paths"]["/v1/pings"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    lat = item["properties"]["pings"]["items"]["properties"]["lat"]
    assert lat == {"type": "number", "minimum": -90.0, "maximum": 90.0}


async def test_a_real_server_program_lets_the_rest_of_a_large_body_run_by(shop, served):
    """So that the sender reads why it was refused: a scanner then sends smaller parts."""
    phone = await shop.phone()
    async with httpx.AsyncClient(base_url=await served(shop.hot)) as client:
        large = await client.post("/v1/pings", content=b" " * 3_000_000, headers=phone.headers)
        small = await client.post("/v1/pings", content=b'{"pings":[]}', headers=phone.headers)
    assert (large.status_code, small.status_code) == (413, 200)


async def test_a_real_sender_who_hangs_up_half_way_leaves_no_trace(shop, served, caplog):
    phone = await shop.phone()
    body = json.dumps(pings(a_ping())).encode()
    address = httpx.URL(await served(shop.hot))
    _, writer = await asyncio.open_connection(address.host, address.port)
    head = ["POST /v1/pings HTTP/1.1", "host: x", f"authorization: Bearer {phone.token}"]
    head += [f"content-length: {len(body) + 9}", "", ""]
    writer.write("\r\n".join(head).encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.post("/v1/pings", content=b'{"pings":[]}', headers=phone.headers)
    assert answer.status_code == 200
    assert shop.traces() == set()
    assert caplog.records == []

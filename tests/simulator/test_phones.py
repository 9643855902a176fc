"""The pretend phones against a pretend server: what they say, in which order, and what they do when nobody answers."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import numpy as np

from simulator.air import Hearing
from simulator.clock import StoryClock
from simulator.fcm import Delivery
from simulator.fcm_answers import Message
from simulator.frame import Frame
from simulator.journal import Journal
from simulator.phones import App, letters
from simulator.sky import FixTrack

FRAME = Frame(45.4717, 9.18795)
LONG_AGO = StoryClock.starting(-60.0)  # the story's second 60: whatever is due is due now


def fixes(*at_s: float, speed=1.2, provider="gps") -> FixTrack:
    at = np.array(at_s)
    return FixTrack("phone", at, at * 0.0, at * 1.0, at * 0.0 + 8.0, at * 0.0 + speed, provider)


def an_app(answer, **facts) -> App:
    def line(base: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=base, transport=httpx.MockTransport(answer))

    app = {
        "device": "phone",
        "shopper": "ann",
        "token": "sog_device_x",
        "seed": 1,
        "clock": LONG_AGO,
        "journal": Journal(),
    }
    return App(http=line("http://server.example"), till=line("http://server.example"), **(app | facts))


def accepting(seen: list):
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        seen.append((request.url.path, body))
        items = next((v for v in body.values() if isinstance(v, list)), [])
        return httpx.Response(
            200, json={"accepted": len(items), "verdicts": ["accepted"] * len(items), "problems": []}
        )

    return answer


def test_each_fix_is_a_ping_with_its_own_time_and_place():
    (ping,) = letters(fixes(10.0), [], {}, FRAME, LONG_AGO)
    said = ping.body["pings"][0]
    assert said["at"] == LONG_AGO.epoch(10.0)
    assert round(said["lat"], 6) == round(45.4717 + 10.0 / 111_140, 6)
    assert (said["accuracy"], said["speed"], said["provider"]) == (8.0, 1.2, "gps")


def test_what_a_phone_does_not_know_it_does_not_say():
    (ping,) = letters(fixes(1.0, speed=float("nan"), provider=""), [], {}, FRAME, LONG_AGO)
    assert not {"speed", "provider"} & set(ping.body["pings"][0])


def test_beacons_of_one_turn_go_out_together_at_its_end():
    heard = [Hearing("phone", "window", np.array([2.1, 3.8, 4.2]), np.array([-70.0, -72.0, -71.0]))]
    first, second = letters(None, heard, {"window": "ibeacon:x:1:1"}, FRAME, LONG_AGO)
    assert (first.at_s, len(first.body["sightings"])) == (4.0, 2)
    assert (second.at_s, len(second.body["sightings"])) == (6.0, 1)


async def test_what_the_server_took_is_counted_by_its_verdict():
    seen: list = []
    app = an_app(accepting(seen))
    await app.say(letters(fixes(1.0, 2.0), [], {}, FRAME, LONG_AGO))
    assert app.journal.acknowledged == 2
    assert [body["pings"][0]["at"] for _, body in seen] == [LONG_AGO.epoch(1.0), LONG_AGO.epoch(2.0)]


async def test_a_phone_without_a_line_keeps_its_ping_and_tries_again():
    seen: list = []
    troubles = iter([httpx.ConnectError("no line"), None, None])

    def answer(request: httpx.Request) -> httpx.Response:
        if (trouble := next(troubles, None)) is not None:
            raise trouble
        return accepting(seen)(request)

    app = an_app(answer)
    await app.say(letters(fixes(1.0, 2.0), [], {}, FRAME, LONG_AGO))
    assert app.journal.refusals["ConnectError"] == 1
    assert len(seen) == 2


async def test_a_full_server_is_asked_again_and_a_refused_ping_is_not():
    seen: list[int] = []
    statuses = iter([429, 200, 422])

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(next(statuses))
        return httpx.Response(seen[-1], json={"verdicts": ["accepted"]})

    app = an_app(answer)
    await app.say(letters(fixes(1.0, 2.0), [], {}, FRAME, LONG_AGO))
    assert seen == [429, 200, 422]
    assert app.journal.refusals == {"429": 1, "422": 1}


async def test_a_sleeping_phone_tells_all_when_it_wakes():
    seen: list = []
    app = an_app(accepting(seen), clock=StoryClock.starting(-0.1), asleep=(0.0, 0.4))
    began = app.clock.now_s
    await app.say(letters(fixes(0.1, 0.2), [], {}, FRAME, app.clock))
    assert app.clock.now_s >= 0.4 > began
    assert len(seen) == 2


async def test_an_offer_is_shown_once_and_its_return_is_noticed():
    shown: list[str] = []
    both_shown = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if (
            request.url.path == "/v1/receipts"
            and (kind := json.loads(request.content)["receipts"][0]["kind"]) == "shown"
        ):
            shown.append(kind)
            if len(shown) == 2:
                both_shown.set()
        return httpx.Response(200, json={"verdicts": ["accepted"]})

    app = an_app(answer)
    data = {"offer": "of_1", "visit": "v_1", "campaign": "welcome"}
    message = Message("fid", "fid-ann", "Benvenuta", "Entra", data, "v_1", 900.0, "high")
    tray: asyncio.Queue[Delivery] = asyncio.Queue()
    for number in (1, 2):
        tray.put_nowait(Delivery(number, str(number), datetime.now(UTC), message))
    reading = asyncio.create_task(app.receive(tray))
    await asyncio.wait_for(both_shown.wait(), 10.0)
    reading.cancel()
    assert [arrival.again for arrival in app.journal.arrivals] == [False, True]
    assert app.journal.arrivals[0].title == "Benvenuta"

import asyncio
import json
import zlib

import httpx
import numpy as np
import pytest

from scanner.agent import Agent
from scanner.settings import Settings
from simulator.air import Hearing
from simulator.clock import StoryClock
from simulator.gateways import STRANGER, CutLine, Packet, PretendRadio, advertisement_of, packets

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000f0:1:7"


def test_a_fob_speaks_as_its_id_says():
    advertisement = advertisement_of(FOB)
    assert (
        advertisement.manufacturer_data[0x004C].hex().startswith("02156f1c0a9e0000400080000000000000f00001")
    )


def test_an_id_that_is_no_ibeacons_is_refused():
    with pytest.raises(ValueError, match="iBeacons"):
        advertisement_of("eddystone-uid:00112233445566778899:000000000001")


def test_strangers_are_heard_between_our_own_in_order_of_time():
    heard = packets([Hearing("fob", "gw", np.array([0.2, 1.7]), np.array([-70.0, -71.0]))], {"fob": FOB}, 3.0)
    assert [packet.at_s for packet in heard] == sorted(packet.at_s for packet in heard)
    assert sum(packet.advertisement is STRANGER for packet in heard) == 6
    assert sum(packet.advertisement is not STRANGER for packet in heard) == 2


async def heard_by(radio: PretendRadio, count: int) -> list[float]:
    """The strengths of the first so many packets that a radio lets through."""
    heard: list[float] = []
    enough = asyncio.Event()

    def hear(advertisement) -> None:
        heard.append(advertisement.rssi)
        if len(heard) == count:
            enough.set()

    listening = asyncio.create_task(radio.run(hear))
    await asyncio.wait_for(enough.wait(), 5.0)
    listening.cancel()
    return heard


async def test_a_radio_hears_its_script_as_it_falls_due():
    script = [Packet(0.0, -70.0, STRANGER), Packet(0.05, -71.0, STRANGER)]
    assert await heard_by(PretendRadio(script, StoryClock.starting(0.0)), 2) == [-70.0, -71.0]


async def test_a_deaf_radio_hears_nothing_and_says_why():
    past = StoryClock.starting(-5.0)  # the story is in its sixth second
    radio = PretendRadio([Packet(1.0, -70.0, STRANGER), Packet(8.0, -71.0, STRANGER)], past, deaf=(0.0, 7.0))
    assert radio.health().condition == "off"
    assert "switched off" in radio.health().reason


async def test_the_real_agent_sends_our_own_and_forgets_strangers(tmp_path):
    bodies: list[dict] = []
    taken = asyncio.Event()

    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/gateways/me/settings":
            ours = {"ibeacon_uuids": ["6f1c0a9e-0000-4000-8000-0000000000f0"], "altbeacon_ids": []}
            more = {"eddystone_namespaces": [], "eddystone_eid": False}
            body = {"gateway": "gw", "ours": ours | more, "window_s": 0.2, "version": "1"}
            return httpx.Response(200, json=body, headers={"ETag": '"1"'})
        if request.url.path == "/v1/sightings":
            body = request.content
            if request.headers.get("content-encoding") == "gzip":
                body = zlib.decompress(body, wbits=31)
            bodies.append(json.loads(body))
            taken.set()
            count = len(bodies[-1]["sightings"])
            return httpx.Response(
                200, json={"accepted": count, "verdicts": ["accepted"] * count, "problems": []}
            )
        return httpx.Response(200, json={"server_time": 0.0})

    heard = packets([Hearing("fob", "gw", np.array([0.5, 0.6]), np.array([-70.0, -72.0]))], {"fob": FOB}, 1.0)
    settings = Settings(
        server={"url": "http://server.example", "token": "sog_gateway_x"},
        spool={"folder": tmp_path},
        ours={"ibeacon_uuids": ["6f1c0a9e-0000-4000-8000-0000000000f0"]},
        window={"width_s": 0.2},
    )
    agent = Agent(
        settings, PretendRadio(heard, StoryClock.starting(0.0)), transport=httpx.MockTransport(server)
    )
    running = asyncio.create_task(agent.run())
    await asyncio.wait_for(taken.wait(), 10.0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {sighting["id"] for body in bodies for sighting in body["sightings"]} == {FOB}


async def test_a_line_is_cut_for_its_span_and_whole_again():
    cut = CutLine(StoryClock.starting(-5.0), (0.0, 60.0))
    async with httpx.AsyncClient(transport=cut) as client:
        with pytest.raises(httpx.ConnectError, match="the line is cut"):
            await client.get("http://127.0.0.1:9/")
    whole = CutLine(StoryClock.starting(-5.0), (0.0, 1.0))
    async with httpx.AsyncClient(transport=whole) as client:
        with pytest.raises(httpx.ConnectError) as refused:
            await client.get("http://127.0.0.1:9/")
    assert "cut" not in str(refused.value)

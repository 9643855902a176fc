"""What the scanner says, the server understands, and the other way round: the two share no code, so this is their treaty."""

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scanner.advertisement import RadioHealth
from scanner.agent import Agent
from scanner.formats import FORMATS
from scanner.instructions import Instructions
from scanner.settings import Settings
from scanner.sighting import Sighting
from scanner.uplink import Taken, Uplink
from server.ingest.formats import gateway
from server.ingest.trust import check_signature
from server.ingest.unpacking import unpacked
from server.records.keys import Principal, signing_key
from server.web.fields import BeaconId
from server.web.gateways import GatewaySettings, Heartbeat, OursShown

TOKEN = "sog_gateway_x"
NOW = 1_781_092_800.25
GATEWAY = Principal("gateway", "k_1", "gw_1", signing_key(TOKEN))
FOB = Sighting(NOW - 1, "ibeacon:5a4bcfce-174e-4bac-a814-092e77f6b7e5:1:7", -71.5, 4, -59, 0.5)


def opened(request: httpx.Request) -> bytes:
    """The body as the server opens it. Raises where it would answer 400 or 401."""
    signature = request.headers["Soglia-Signature"].encode()
    check_signature(GATEWAY, signature, request.content, NOW)
    return unpacked(request.content, request.headers["Content-Encoding"].encode(), 100_000)


@pytest.fixture
def line():
    """An uplink whose requests are kept instead of sent."""
    asked: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"accepted": 2, "verdicts": ["accepted"] * 2, "server_time": NOW})

    client = httpx.AsyncClient(base_url="http://server", transport=httpx.MockTransport(keep))
    return Uplink(client, TOKEN, lambda: NOW), asked


async def test_sightings_are_read_as_they_were_said(line):
    uplink, asked = line
    sealed = Sighting(NOW - 2, "eddystone-eid:a9b76a71c5f89290", -80.0, 1)
    assert await uplink.send([FOB, sealed]) == Taken({"accepted": 2})
    read = gateway.read(opened(asked[0]), NOW)
    assert read.beacon == [FOB.id, sealed.id]
    assert read.at.tolist() == [FOB.at, sealed.at]
    assert read.rssi_dbm.tolist() == [-71.5, -80.0]
    assert read.count.tolist() == [4.0, 1.0]
    assert read.items.sent_at == NOW
    assert not read.items.faults


class Deaf:
    """A radio that is off."""

    async def run(self, hear) -> None:
        del hear
        await asyncio.Event().wait()

    def health(self) -> RadioHealth:
        return RadioHealth("off", "the Bluetooth adapter hci0 is switched off", 2, NOW - 60)


async def test_a_heartbeat_is_read_as_it_was_said(line, tmp_path):
    uplink, asked = line
    settings = Settings(server={"url": "http://server", "token": TOKEN}, spool={"folder": tmp_path})
    agent = Agent(settings, Deaf())
    await uplink.beat(agent._heartbeat(12.3, 3.2))
    agent.spool.close()
    said = Heartbeat.model_validate_json(opened(asked[0]))
    assert (said.radio, said.reason) == ("off", "the Bluetooth adapter hci0 is switched off")
    assert (said.heard_per_s, said.kept_per_s, said.restarts) == (12.3, 3.2, 2)


def test_the_servers_settings_are_read_as_they_were_said():
    said = GatewaySettings(
        gateway="gw_1",
        ours=OursShown(
            ibeacon_uuids=["5a4bcfce-174e-4bac-a814-092e77f6b7e5"],
            altbeacon_ids=["0118:000102030405060708090a0b0c0d0e0f"],
            eddystone_namespaces=["00112233445566778899"],
            eddystone_eid=True,
        ),
        window_s=1.0,
        version="abc",
    )
    read = Instructions.model_validate_json(said.model_dump_json())
    assert read.ours.model_dump(mode="json") == {
        key: value if isinstance(value, bool) else list(value)
        for key, value in said.ours.model_dump().items()
    }


fixed = [form for form in FORMATS if form.name in ("ibeacon", "altbeacon", "eddystone_uid")]


@given(beacon=st.one_of([st.from_type(form.value_type) for form in fixed]))
def test_a_beacon_is_called_by_the_same_id_on_both_sides(beacon):
    assert TypeAdapter(BeaconId).validate_python(beacon.beacon_id) == beacon.beacon_id

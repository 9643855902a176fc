"""The whole scanner: from what is on the air to what a real HTTP server has been told."""

import asyncio
import time
from dataclasses import replace

import pytest
from aiohttp import web

from scanner.advertisement import NO_RSSI, RadioHealth
from scanner.agent import Agent
from scanner.formats import FORMATS
from scanner.instructions import Instructions, save
from scanner.ours import OursSettings
from scanner.radio import BluezRadio
from scanner.settings import RadioSettings

ENCODE = {form.name: form.encode for form in FORMATS}
FOB = "ibeacon:5a4bcfce-174e-4bac-a814-092e77f6b7e5:1:7"
QUICK = RadioSettings(retry_first_s=0.05, retry_longest_s=0.2)


class PretendRadio:
    """A radio that hears what the test says; `end()` ends it."""

    def __init__(self, clock) -> None:
        self.state = RadioHealth("hearing")
        self._clock = clock
        self._hear = lambda _: None
        self._ended = asyncio.Event()
        self.ready = asyncio.Event()

    async def run(self, hear) -> None:
        self._hear = hear
        self.ready.set()
        await self._ended.wait()

    def health(self) -> RadioHealth:
        return self.state

    def end(self) -> None:
        self._ended.set()

    def say(self, name: str, beacon, rssi: float = -70.0, address: str = "02:01") -> None:
        packet = ENCODE[name](beacon)
        self._hear(replace(packet, rssi=rssi, heard_at=self._clock(), address=address))


class Gateway:
    """An agent that runs on a pretend radio for as long as the block lasts."""

    def __init__(self, settings, radio=None) -> None:
        self.radio = radio or PretendRadio(time.time)
        self.agent = Agent(settings, self.radio)

    async def __aenter__(self):
        self.running = asyncio.create_task(self.agent.run())
        if isinstance(self.radio, PretendRadio):
            await self.radio.ready.wait()
        return self

    async def __aexit__(self, *_) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


async def test_our_fob_is_told_to_the_server_with_its_strength_and_count(server, settings_for, until, one_of):
    async with Gateway(settings_for(server)) as gateway:
        for _ in range(4):
            gateway.radio.say("ibeacon", one_of("ibeacon"))
        await until(lambda: sum(said["count"] for said in server.sightings) == 4)
    assert {(said["id"], said["rssi"], said["tx"]) for said in server.sightings} == {(FOB, -70.0, -59)}


async def test_strangers_are_never_stored_or_sent(server, settings_for, until, one_of, tmp_path):
    stranger = one_of("eddystone_uid", namespace=b"strangers!", instance=b"myself")
    async with Gateway(settings_for(server)) as gateway:
        gateway.radio.say("eddystone_uid", stranger)
        gateway.radio.say("eddystone_eid", one_of("eddystone_eid"))
        gateway.radio.say("ibeacon", one_of("ibeacon"))
        await until(lambda: server.sightings)
    assert server.ids == {FOB}
    assert (gateway.agent.heard, gateway.agent.kept) == (3, 1)
    on_disk = b"".join(file.read_bytes() for file in (tmp_path / "spool").iterdir())
    assert b"strangers!".hex().encode() not in on_disk


async def test_the_servers_list_of_our_beacons_is_followed_when_it_changes(
    server, settings_for, until, one_of
):
    async with Gateway(settings_for(server, ours={})) as gateway:
        gateway.radio.say("eddystone_eid", one_of("eddystone_eid"))
        server.settings = {"ours": {"eddystone_eid": True}, "window_s": 0.1, "version": "2"}
        await until(lambda: gateway.agent.ours.owners)
        assert gateway.agent.window.width_s == 0.1
        gateway.radio.say("eddystone_eid", one_of("eddystone_eid"))
        await until(lambda: server.sightings)
    assert [said["count"] for said in server.sightings] == [1]


async def test_a_start_without_a_line_listens_for_what_the_server_said_last(
    server, settings_for, one_of, tmp_path, until
):
    told = Instructions(ours=OursSettings(eddystone_eid=True), version="1", etag='"1"')
    save(tmp_path / "spool" / "instructions.json", told)
    server.fault = lambda *_: web.Response(status=503)
    async with Gateway(settings_for(server, ours={})) as gateway:
        gateway.radio.say("eddystone_eid", one_of("eddystone_eid"))
        await until(lambda: gateway.agent.spool.state().waiting == 1)
        server.fault = lambda *_: None
        await until(lambda: server.sightings)


async def test_an_outage_loses_nothing_and_keeps_the_order(server, settings_for, until, one_of):
    down = [True]
    server.fault = lambda *_: web.Response(status=503) if down else None
    async with Gateway(settings_for(server)) as gateway:
        for minor in range(5):
            gateway.radio.say("ibeacon", one_of("ibeacon", minor=minor))
            await until(lambda minor=minor: gateway.agent.spool.state().waiting == minor + 1)
        down.clear()
        await until(lambda: len(server.sightings) == 5)
    assert [said["id"].rpartition(":")[2] for said in server.sightings] == ["0", "1", "2", "3", "4"]


async def test_stopping_keeps_the_open_window_for_the_next_start(server, settings_for, until, one_of):
    async with Gateway(settings_for(server, window={"width_s": 60})) as gateway:
        server.settings["window_s"] = 60
        await until(lambda: server.asked["/v1/gateways/me/settings"])
        gateway.radio.say("ibeacon", one_of("ibeacon"))
    assert server.sightings == []
    async with Gateway(settings_for(server)):
        await until(lambda: server.ids == {FOB})


async def test_a_radio_that_ends_is_seen_off_with_everything_sent(server, settings_for, one_of):
    async with Gateway(settings_for(server, window={"width_s": 60})) as gateway:
        gateway.radio.say("ibeacon", one_of("ibeacon"))
        gateway.radio.end()
        await gateway.running
    assert server.ids == {FOB}
    assert gateway.agent.drain.taken == 1


async def test_telemetry_is_told_with_the_beacon_it_belongs_to(server, settings_for, until, one_of):
    async with Gateway(settings_for(server)) as gateway:
        gateway.radio.say("eddystone_uid", one_of("eddystone_uid"), address="02:02")
        gateway.radio.say("eddystone_tlm", one_of("eddystone_tlm", battery_mv=2500), address="02:02")
        gateway.radio.say("eddystone_uid", one_of("eddystone_uid"), address="02:02")
        await until(lambda: any(said.get("battery") == 0.5 for said in server.sightings))


async def test_a_packet_without_a_strength_is_no_sighting(server, settings_for, until, one_of):
    async with Gateway(settings_for(server)) as gateway:
        gateway.radio.say("ibeacon", one_of("ibeacon", minor=1), rssi=NO_RSSI)
        gateway.radio.say("ibeacon", one_of("ibeacon", minor=2))
        await until(lambda: server.sightings)
    assert {said["id"][-2:] for said in server.sightings} == {":2"}


async def test_the_heartbeat_tells_how_the_gateway_is(server, settings_for, until, one_of):
    async with Gateway(settings_for(server)) as gateway:
        gateway.radio.say("ibeacon", one_of("ibeacon"))
        await until(lambda: any(beat["kept_per_s"] > 0 for beat in server.heartbeats))
    beat = server.heartbeats[0]
    assert set(beat) == {
        "sent_at", "started_at", "version", "radio", "reason", "heard_per_s", "kept_per_s",
        "spool_batches", "spool_oldest_at", "dropped", "restarts", "last_heard_at",
    }  # fmt: skip
    assert (beat["radio"], beat["reason"], beat["dropped"]) == ("hearing", None, 0)


async def test_a_radio_that_changes_is_told_at_once(server, settings_for, until):
    async with Gateway(settings_for(server, uplink={"heartbeat_s": 3600})) as gateway:
        await until(lambda: server.heartbeats)
        gateway.radio.state = RadioHealth("off", "the Bluetooth adapter hci0 is switched off", 3, 5.0)
        await until(lambda: len(server.heartbeats) == 2)
    said = server.heartbeats[-1]
    assert (said["radio"], said["reason"]) == ("off", "the Bluetooth adapter hci0 is switched off")
    assert (said["restarts"], said["last_heard_at"]) == (3, 5.0)


async def test_a_server_that_does_not_know_our_token_is_complained_of_in_the_heartbeat(
    server, settings_for, until, one_of
):
    server.fault = lambda path, _: web.Response(status=401) if path == "/v1/sightings" else None
    async with Gateway(settings_for(server)) as gateway:
        gateway.radio.say("ibeacon", one_of("ibeacon"))
        await until(
            lambda: "token" in (server.heartbeats[-1]["reason"] or "") if server.heartbeats else False
        )
        assert server.heartbeats[-1]["spool_batches"] == 1
    assert server.sightings == []


async def test_a_server_that_is_not_there_at_all_stops_nothing(settings_for, server, one_of, until):
    settings = settings_for(server)
    await server.stop()
    async with Gateway(settings) as gateway:
        gateway.radio.say("ibeacon", one_of("ibeacon"))
        await until(lambda: gateway.agent.spool.state().waiting == 1)
        assert not gateway.running.done()


async def test_two_agents_in_one_program_keep_to_themselves(server, settings_for, until, one_of, tmp_path):
    first = settings_for(server)
    other_spool = first.spool.model_copy(update={"folder": tmp_path / "other"})
    second = first.model_copy(update={"spool": other_spool})
    async with Gateway(first) as till, Gateway(second) as door:
        till.radio.say("ibeacon", one_of("ibeacon", minor=1))
        door.radio.say("ibeacon", one_of("ibeacon", minor=2))
        await until(lambda: len(server.ids) == 2)


# -- on the real BleakScanner


@pytest.fixture
async def gateway(server, settings_for, on_the_air):
    async with Gateway(settings_for(server), BluezRadio(QUICK)) as running:
        yield running


def radios(server) -> list[str]:
    """The radio's condition in each heartbeat, repetitions left out."""
    said = [beat["radio"] for beat in server.heartbeats]
    return [word for number, word in enumerate(said) if number == 0 or word != said[number - 1]]


async def test_an_adapter_that_goes_off_and_on_is_told_in_the_heartbeat(gateway, server, bluez, until):
    await until(lambda: radios(server)[-1:] == ["hearing"])
    bluez.adapter.power(on=False)
    await until(lambda: radios(server)[-1] == "off")
    assert server.heartbeats[-1]["reason"] == "the Bluetooth adapter hci0 is switched off"
    bluez.adapter.power(on=True)
    await until(lambda: radios(server)[-1] == "hearing")
    assert server.heartbeats[-1]["restarts"] == 1
    server.sightings.clear()
    await until(lambda: FOB in server.ids)


async def test_a_bluez_restart_is_told_in_the_heartbeat(gateway, server, bluez, until):
    await until(lambda: radios(server)[-1:] == ["hearing"])
    await bluez.stop()
    await until(lambda: radios(server)[-1] == "failed")
    assert server.heartbeats[-1]["reason"] == "bluetoothd does not run"
    await bluez.start()
    await until(lambda: radios(server)[-1] == "hearing")
    server.sightings.clear()
    await until(lambda: FOB in server.ids)


async def test_the_death_of_dbus_is_told_in_the_heartbeat(gateway, server, bluez, system_bus, until):
    await until(lambda: radios(server)[-1:] == ["hearing"])
    await system_bus.die()
    await until(lambda: "D-Bus cannot be reached" in (server.heartbeats[-1]["reason"] or ""))
    assert server.heartbeats[-1]["radio"] == "failed"
    await bluez.stop()
    await system_bus.start()
    await bluez.start()
    await until(lambda: radios(server)[-1] == "hearing")
    server.sightings.clear()
    await until(lambda: FOB in server.ids)

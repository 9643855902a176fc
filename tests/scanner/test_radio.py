"""The real BleakScanner against a BlueZ of our own: the radio recovers from whatever happens to it, and says so."""

import asyncio

import pytest

from scanner.radio import BluezRadio
from scanner.settings import RadioSettings

QUICK = {"retry_first_s": 0.05, "retry_longest_s": 0.2, "start_timeout_s": 1.0}


class Listening:
    """A radio that runs, and what it heard."""

    def __init__(self, *, not_discovering_for_s: float = 10.0, **settings) -> None:
        self.radio = BluezRadio(
            RadioSettings(**{**QUICK, **settings}), not_discovering_for_s=not_discovering_for_s
        )
        self.packets = []

    async def __aenter__(self):
        self._task = asyncio.create_task(self.radio.run(self.packets.append))
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def condition(self) -> str:
        return self.radio.health().condition


async def test_what_is_on_the_air_is_heard_with_its_strength(on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: len(gateway.packets) >= 10)
        ours = next(packet for packet in gateway.packets if packet.service_data)
    assert ours.service_data["feaa"].hex().startswith("00ee00112233445566778899")
    assert -82 <= ours.rssi <= -75


async def test_bluez_is_asked_for_every_packet_however_faint(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.packets)
        filters = {key: asked.value for key, asked in bluez.adapter.filters[0].items()}
    assert filters == {"Transport": "le", "DuplicateData": True, "RSSI": -127}


async def test_a_passive_scan_hears_too(bluez, on_the_air, until):
    async with Listening(mode="passive") as gateway:
        await until(lambda: gateway.condition() == "hearing")
        assert bluez.monitors.monitors
        assert bluez.adapter.starts == 0


async def test_an_adapter_that_goes_off_is_told_and_heard_again_when_it_is_on(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.adapter.power(on=False)
        await until(lambda: gateway.condition() == "off")
        assert gateway.radio.health().reason == "the Bluetooth adapter hci0 is switched off"
        bluez.adapter.power(on=True)
        await until(lambda: gateway.condition() == "hearing")
        assert gateway.radio.health().restarts == 1


async def test_a_bluez_that_restarts_is_listened_to_anew(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        await bluez.stop()
        await until(lambda: gateway.condition() == "failed")
        assert gateway.radio.health().reason == "bluetoothd does not run"
        await bluez.start()
        await until(lambda: gateway.condition() == "hearing")


async def test_a_bluez_that_restarts_in_the_blink_of_an_eye_is_noticed(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        await bluez.stop()
        await bluez.start()
        await until(lambda: gateway.radio.health().restarts == 1 and gateway.condition() == "hearing")


async def test_a_dbus_that_dies_is_outlived(system_bus, bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        await system_bus.die()
        await until(lambda: gateway.condition() == "failed")
        await until(lambda: "D-Bus cannot be reached" in gateway.radio.health().reason)
        await bluez.stop()
        await system_bus.start()
        await bluez.start()
        await until(lambda: gateway.condition() == "hearing")


async def test_after_troubles_each_packet_is_heard_once(bluez, until):
    async with Listening() as gateway:
        for start in (1, 2, 3):
            await until(
                lambda start=start: gateway.radio.health().restarts == start - 1 and bluez.adapter.discovering
            )
            await bluez.stop()
            await until(lambda: gateway.condition() == "failed")
            await bluez.start()
        await until(lambda: bluez.adapter.discovering)
        bluez.advertise("02:00:00:00:02:01", -60, service={"feaa": b"\x01"})
        bluez.advertise("02:00:00:00:02:02", -60, service={"feaa": b"\x02"})
        await until(lambda: any(packet.address.endswith(":02") for packet in gateway.packets))
    assert [packet.address[-2:] for packet in gateway.packets] == ["01", "02"]


async def test_a_dongle_that_is_pulled_out_and_put_back_is_heard_again(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.unplug()
        await until(lambda: gateway.radio.health().reason == "there is no Bluetooth adapter hci0")
        bluez.plug()
        await until(lambda: gateway.condition() == "hearing")


@pytest.mark.parametrize("error", ["InProgress", "NotReady"])
async def test_a_bluez_that_refuses_to_start_is_asked_again(bluez, on_the_air, until, error):
    bluez.adapter.refuse = error
    async with Listening() as gateway:
        await until(lambda: error in (gateway.radio.health().reason or ""))
        assert gateway.condition() == "failed"
        bluez.adapter.refuse = None
        await until(lambda: gateway.condition() == "hearing")


async def test_a_start_that_hangs_is_given_up_and_tried_anew(bluez, on_the_air, until):
    bluez.adapter.answers.clear()
    async with Listening(start_timeout_s=0.2) as gateway:
        await until(lambda: "did not begin to listen" in (gateway.radio.health().reason or ""))
        bluez.adapter.answers.set()
        await until(lambda: gateway.condition() == "hearing")


async def test_a_stop_that_bluez_refuses_does_not_end_the_radio(bluez, on_the_air, until):
    async with Listening() as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.adapter.refuse_stop = "Failed"
        bluez.adapter.power(on=False)
        await until(lambda: gateway.condition() == "off")
        bluez.adapter.power(on=True)
        await until(lambda: gateway.condition() == "hearing")


async def test_a_bluez_that_falls_silent_is_told_within_seconds_and_begun_anew(bluez, on_the_air, until):
    async with Listening(silent_after_s=0.2, restart_after_s=1.0) as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.stalled = True
        await until(lambda: gateway.condition() == "silent")
        await until(lambda: gateway.radio.health().restarts >= 1)
        assert gateway.condition() == "silent"
        bluez.stalled = False
        await until(lambda: gateway.condition() == "hearing")


async def test_an_adapter_that_stays_silent_is_switched_off_and_on(bluez, on_the_air, until):
    async with Listening(silent_after_s=0.1, restart_after_s=0.1) as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.stalled = True
        await until(lambda: bluez.adapter.power_cycles == 1)
        bluez.stalled = False
        await until(lambda: gateway.condition() == "hearing")


async def test_an_adapter_that_we_switched_off_and_that_refuses_to_come_on_is_asked_until_it_does(
    bluez, on_the_air, until
):
    async with Listening(silent_after_s=0.1, restart_after_s=0.1) as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.adapter.refuse_power = "Busy"
        bluez.stalled = True
        await until(
            lambda: "Busy" not in (gateway.radio.health().reason or "") and gateway.condition() == "off"
        )
        bluez.stalled, bluez.adapter.refuse_power = False, None
        await until(lambda: gateway.condition() == "hearing")


async def test_a_discovery_that_bluez_ended_by_itself_is_begun_anew(bluez, on_the_air, until):
    async with Listening(not_discovering_for_s=0.1) as gateway:
        await until(lambda: gateway.condition() == "hearing")
        bluez.adapter.discover(on=False)
        await until(lambda: gateway.radio.health().restarts == 1 and gateway.condition() == "hearing")


async def test_packets_without_a_strength_or_without_content_are_not_heard(bluez, until):
    async with Listening() as gateway:
        await until(lambda: bluez.adapter.discovering)
        bluez.advertise("02:00:00:00:02:01", -127, service={"feaa": b"\x00"})
        bluez.advertise("02:00:00:00:02:02", -60)
        bluez.advertise("02:00:00:00:02:03", -61, service={"feaa": b"\x00"})
        await until(lambda: gateway.packets)
        assert [packet.address for packet in gateway.packets] == ["02:00:00:00:02:03"]

"""What the scanner's tests share: captured bytes as advertisements, and beacons with calm defaults."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon
from scanner.formats import altbeacon, eddystone_eid, eddystone_tlm, eddystone_uid, eddystone_url, ibeacon
from scanner.settings import Settings
from tests.scanner.fake_bluez import FakeBluez, PrivateBus, put_on_the_air
from tests.scanner.pretend_server import TOKEN, PretendServer

OUR_UUID = UUID("5a4bcfce-174e-4bac-a814-092e77f6b7e5")
OUR_NAMESPACE = bytes.fromhex("00112233445566778899")
OURS = {"ibeacon_uuids": [str(OUR_UUID)], "eddystone_namespaces": [OUR_NAMESPACE.hex()]}


def one_beacon(name: str, **fields: Any) -> Beacon:
    calm: dict[str, tuple[type[Beacon], dict[str, Any]]] = {
        "ibeacon": (ibeacon.IBeacon, {"uuid": OUR_UUID, "major": 1, "minor": 7, "power": -59}),
        "altbeacon": (altbeacon.AltBeacon, {"company": 0x0118, "identity": bytes(range(20)), "power": -59}),
        "eddystone_uid": (
            eddystone_uid.EddystoneUid,
            {"namespace": OUR_NAMESPACE, "instance": b"\0\0\0\0\0\7", "tx_at_0m": -18},
        ),
        "eddystone_url": (
            eddystone_url.EddystoneUrl,
            {"scheme": 3, "shortened": b"example\x07", "tx_at_0m": -18},
        ),
        "eddystone_tlm": (
            eddystone_tlm.Telemetry,
            {"battery_mv": 2840, "temperature_256": 19 * 256, "packets_sent": 5223, "uptime_tenths": 10948},
        ),
        "eddystone_eid": (eddystone_eid.EddystoneEid, {"eid": b"rotating", "tx_at_0m": -18}),
    }
    kind, defaults = calm[name]
    return kind(**{**defaults, **fields})


@pytest.fixture
def one_of() -> Callable[..., Beacon]:
    """A beacon of a format by the format's name, any field of it changed: one_of("ibeacon", minor=3)."""
    return one_beacon


def _structures(packet: bytes) -> list[tuple[int, bytes]]:
    """The AD structures of a packet (Bluetooth Core, Vol 3, Part C, 11): kind and data, until the first broken one."""
    found = []
    while packet and 0 < packet[0] < len(packet):
        found.append((packet[1], packet[2 : packet[0] + 1]))
        packet = packet[packet[0] + 1 :]
    return found


def _advertisement(vector: dict[str, Any]) -> Advertisement:
    manufacturer = {
        int(key, 16): bytes.fromhex(said) for key, said in vector.get("manufacturer_data", {}).items()
    }
    service = {key: bytes.fromhex(said) for key, said in vector.get("service_data", {}).items()}
    packet = bytes.fromhex(vector.get("adv", ""))
    if "hci_event" in vector:
        event = bytes.fromhex(vector["hci_event"])
        packet = event[
            14 : 14 + event[13]
        ]  # after the LE Advertising Report's header comes a length, then the data
    for kind, data in _structures(packet):
        if kind == 0xFF and len(data) >= 2:
            manufacturer[int.from_bytes(data[:2], "little")] = data[2:]
        if kind == 0x16 and len(data) >= 2:
            service[f"{int.from_bytes(data[:2], 'little'):04x}"] = data[2:]
    return Advertisement(manufacturer, service)


@pytest.fixture
def advertisement_of() -> Callable[[dict[str, Any]], Advertisement]:
    """A captured vector (AD structures, HCI event or ready fields) as the radio would hand it over."""
    return _advertisement


def _services_or_skip(reason: str) -> None:
    if os.environ.get("SOGLIA_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def system_bus(tmp_path, monkeypatch) -> AsyncIterator[PrivateBus]:
    """A D-Bus of the test's own in the place of the system's."""
    if shutil.which("dbus-daemon") is None:
        _services_or_skip("no dbus-daemon here: apt-get install dbus")
    bus = PrivateBus(tmp_path)
    await bus.start()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
    yield bus
    await bus.die()


@pytest.fixture
async def bluez(system_bus) -> AsyncIterator[FakeBluez]:
    """bluetoothd with one adapter, hci0, on that bus."""
    fake = FakeBluez(system_bus.address)
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def on_the_air(bluez) -> AsyncIterator[None]:
    """Our beacon, an Eddystone of ours and a stranger's phone, fifty times a second, for as long as the test runs."""
    air = asyncio.create_task(put_on_the_air(bluez, every_s=0.02))
    yield
    air.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await air


async def _until(true: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for lives in another program or thread
            await asyncio.sleep(0.01)


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits until something is so, and fails the test where it does not become so: await until(lambda: ...)."""
    return _until


@pytest.fixture
async def server() -> AsyncIterator[PretendServer]:
    """A real HTTP server that takes what is rightly signed, at `server.url`."""
    pretend = PretendServer()
    await pretend.start()
    yield pretend
    await pretend.stop()


@pytest.fixture
def settings_for(tmp_path) -> Callable[..., Settings]:
    """The settings of a gateway that speaks to this server, quick to try again: settings_for(server, ours={...})."""

    def made(server: PretendServer, **sections: dict[str, Any]) -> Settings:
        uplink = {"heartbeat_s": 0.3, "settings_s": 0.3, "retry_first_s": 0.05, "retry_longest_s": 0.2}
        return Settings(
            server={"url": server.url, "token": TOKEN, "timeout_s": 2.0},
            spool={"folder": tmp_path / "spool"},
            uplink=uplink | sections.pop("uplink", {}),
            **{"window": {"width_s": 0.2}, "ours": OURS, **sections},
        )

    return made

"""A BlueZ of our own on a private D-Bus: what the real BleakScanner needs to believe that it has a radio.

In a test: `PrivateBus` (a dbus-daemon that can die and come back at the same address) and `FakeBluez` (bluetoothd with
one adapter). By hand: `python tests/scanner/fake_bluez.py` prints the address to put into DBUS_SYSTEM_BUS_ADDRESS,
puts two beacons and a stranger on the air, and obeys the words `off on stop start restart die revive stall flow quit` on its
standard input. It covers Adapter1, Device1 and AdvertisementMonitorManager1 as far as bleak 3 asks for them.
"""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusDict, DBusInt16, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

DBusStrings = Annotated[list[str], DBusSignature("as")]
DBusManufacturerData = Annotated[dict[int, Variant], DBusSignature("a{qv}")]

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class PrivateBus:
    """A dbus-daemon at an address of its own that survives the daemon."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        self._config = folder / "bus.conf"
        self._config.write_text(CONFIG.format(socket=self.socket))
        self._daemon: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._daemon = await asyncio.create_subprocess_exec(
            "dbus-daemon",
            f"--config-file={self._config}",
            "--nofork",
            "--print-address",
            stdout=asyncio.subprocess.PIPE,
        )
        await self._daemon.stdout.readline()  # it prints the address once it listens

    async def die(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            await self._daemon.communicate()
            self._daemon = None


class Adapter(ServiceInterface):
    """org.bluez.Adapter1. `refuse` names the D-Bus error that StartDiscovery answers with; it answers once `answers` is set."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Adapter1")
        self.powered, self.discovering = True, False
        self.filters: list[dict[str, Variant]] = []
        self.starts = 0
        self.power_cycles = 0
        self.refuse: str | None = None
        self.refuse_stop: str | None = None
        self.refuse_power: str | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    @dbus_property()
    def Powered(self) -> DBusBool:  # noqa: N802 - BlueZ's names
        return self.powered

    @Powered.setter
    def Powered(self, on: DBusBool) -> None:  # noqa: N802
        if on and self.refuse_power:
            raise DBusError(f"org.bluez.Error.{self.refuse_power}", "as the test asked")
        self.power_cycles += on and not self.powered
        self.power(on=on)

    @dbus_property(access=PropertyAccess.READ)
    def Discovering(self) -> DBusBool:  # noqa: N802
        return self.discovering

    @dbus_property(access=PropertyAccess.READ)
    def Address(self) -> DBusStr:  # noqa: N802
        return "02:00:00:00:00:01"

    @dbus_property(access=PropertyAccess.READ)
    def Roles(self) -> DBusStrings:  # noqa: N802
        return ["central", "peripheral"]

    @dbus_method()
    def SetDiscoveryFilter(self, properties: DBusDict) -> None:  # noqa: N802
        self.filters.append(properties)

    @dbus_method()
    async def StartDiscovery(self) -> None:  # noqa: N802
        await self.answers.wait()
        if self.refuse:
            raise DBusError(f"org.bluez.Error.{self.refuse}", "as the test asked")
        if not self.powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
        self.starts += 1
        self.discover(on=True)

    @dbus_method()
    def StopDiscovery(self) -> None:  # noqa: N802
        if self.refuse_stop:
            raise DBusError(f"org.bluez.Error.{self.refuse_stop}", "as the test asked")
        if not self.discovering:
            raise DBusError("org.bluez.Error.Failed", "No discovery started")
        self.discover(on=False)

    def discover(self, *, on: bool) -> None:
        self.discovering = on
        self.emit_properties_changed({"Discovering": on})

    def power(self, *, on: bool) -> None:
        self.powered = on
        self.emit_properties_changed({"Powered": on})
        if not on and self.discovering:
            self.discover(on=False)


class MonitorManager(ServiceInterface):
    """org.bluez.AdvertisementMonitorManager1: passive scanning. It filters nothing."""

    def __init__(self) -> None:
        super().__init__("org.bluez.AdvertisementMonitorManager1")
        self.monitors: set[str] = set()

    @dbus_method()
    def RegisterMonitor(self, application: DBusObjectPath) -> None:  # noqa: N802
        self.monitors.add(application)

    @dbus_method()
    def UnregisterMonitor(self, application: DBusObjectPath) -> None:  # noqa: N802
        self.monitors.discard(application)


class Device(ServiceInterface):
    """org.bluez.Device1 with the MERGED properties that BlueZ shows: what was once heard stays until it goes."""

    def __init__(self, address: str, adapter: str) -> None:
        super().__init__("org.bluez.Device1")
        self.address, self.adapter = address, adapter
        self.rssi = -127
        self.manufacturer: dict[int, Variant] = {}
        self.service: dict[str, Variant] = {}

    @dbus_property(access=PropertyAccess.READ)
    def Address(self) -> DBusStr:  # noqa: N802
        return self.address

    @dbus_property(access=PropertyAccess.READ)
    def Alias(self) -> DBusStr:  # noqa: N802
        return self.address.replace(":", "-")

    @dbus_property(access=PropertyAccess.READ)
    def Adapter(self) -> DBusObjectPath:  # noqa: N802
        return self.adapter

    @dbus_property(access=PropertyAccess.READ)
    def RSSI(self) -> DBusInt16:  # noqa: N802
        return self.rssi

    @dbus_property(access=PropertyAccess.READ)
    def ManufacturerData(self) -> DBusManufacturerData:  # noqa: N802
        return self.manufacturer

    @dbus_property(access=PropertyAccess.READ)
    def ServiceData(self) -> DBusDict:  # noqa: N802
        return self.service


class FakeBluez:
    """bluetoothd with the adapter hci0. `stalled` lets it discover and deliver nothing, as bluez #1554 describes."""

    PATH = "/org/bluez/hci0"

    def __init__(self, address: str) -> None:
        self._address = address
        self._bus: MessageBus | None = None
        self._devices: dict[str, Device] = {}
        self.stalled = False
        self.adapter = Adapter()
        self.monitors = MonitorManager()

    async def start(self) -> None:
        self.adapter, self.monitors, self._devices = Adapter(), MonitorManager(), {}
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.export(self.PATH, self.adapter)
        self._bus.export(self.PATH, self.monitors)
        await self._bus.request_name("org.bluez")

    async def stop(self) -> None:
        if self._bus is not None:
            self._bus.disconnect()
            with contextlib.suppress(Exception):  # the daemon may be dead already: then so is this
                await self._bus.wait_for_disconnect()
            self._bus = None

    def unplug(self) -> None:
        self._bus.unexport(self.PATH, self.adapter)

    def plug(self) -> None:
        self.adapter = Adapter()
        self._bus.export(self.PATH, self.adapter)

    def advertise(
        self,
        address: str,
        rssi: int,
        *,
        manufacturer: dict[int, bytes] | None = None,
        service: dict[str, bytes] | None = None,
    ) -> None:
        """One packet on the air: heard only while somebody listens. `service` is keyed by four hex digits."""
        running = self._bus is not None and self._bus.connected
        listening = self.adapter.discovering or self.monitors.monitors
        if not running or not self.adapter.powered or not listening or self.stalled:
            return
        new = address not in self._devices
        device = self._devices.setdefault(address, Device(address, self.PATH))
        device.rssi = rssi
        device.manufacturer |= {key: Variant("ay", said) for key, said in (manufacturer or {}).items()}
        for key, said in (service or {}).items():
            device.service[f"0000{key}-0000-1000-8000-00805f9b34fb"] = Variant("ay", said)
        if new:
            self._bus.export(f"{self.PATH}/dev_{address.replace(':', '_')}", device)
        else:
            changed = {"RSSI": rssi, "ManufacturerData": device.manufacturer, "ServiceData": device.service}
            device.emit_properties_changed(changed)


async def put_on_the_air(bluez: FakeBluez, every_s: float) -> None:
    """Two beacons of a shop and a stranger's phone, for ever."""
    ibeacon = bytes.fromhex("0215" + "5a4bcfce174e4baca814092e77f6b7e5" + "00010007" + "c5")
    eddystone = bytes.fromhex("00ee" + "00112233445566778899" + "000000000007" + "0000")
    turn = 0
    while True:
        turn += 1
        bluez.advertise("02:00:00:00:01:01", -60 - turn % 4, manufacturer={0x004C: ibeacon})
        bluez.advertise("02:00:00:00:01:02", -75 - turn % 7, service={"feaa": eddystone})
        bluez.advertise("7A:11:22:33:44:55", -80, manufacturer={0x004C: bytes.fromhex("10061a1e16ec7f61")})
        await asyncio.sleep(every_s)


async def _obey(word: str, bus: PrivateBus, bluez: FakeBluez) -> None:
    match word:
        case "off" | "on":
            bluez.adapter.power(on=word == "on")
        case "stall" | "flow":
            bluez.stalled = word == "stall"
        case "stop":
            await bluez.stop()
        case "start":
            await bluez.start()
        case "restart":
            await bluez.stop()
            await bluez.start()
        case "die":
            await bluez.stop()
            await bus.die()
        case "revive":
            await bus.start()
            await bluez.start()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bus = PrivateBus(Path(folder))
        await bus.start()
        bluez = FakeBluez(bus.address)
        await bluez.start()
        sys.stdout.write(f"DBUS_SYSTEM_BUS_ADDRESS={bus.address}\n")
        sys.stdout.flush()
        air = asyncio.create_task(put_on_the_air(bluez, every_s=0.1))
        while (word := (await asyncio.to_thread(sys.stdin.readline)).strip()) not in ("", "quit"):
            await _obey(word, bus, bluez)
        air.cancel()
        await bluez.stop()
        await bus.die()


if __name__ == "__main__":
    asyncio.run(main())

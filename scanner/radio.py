"""The real radio: BlueZ through bleak. The only file that knows bleak.

In: the adapter's name and how to listen. Out: advertisements, and how the radio is. It runs for months: whatever
happens to adapter, bluetoothd or D-Bus, it says so in its health and begins to listen anew.

What we guard against, each seen in the field (BlueZ #1554 and #1126, bleak #1136 and #2021, habluetooth's recovery):
- discovery stops delivering while everything says that it runs: a watchdog begins anew, and every second time in a
  row switches the adapter off and on. It counts from the later of the last packet and our own last start, or it would
  trip at each look after a restart; and packets that say nothing (a failing adapter sends them) do not feed it.
- adapter off, bluetoothd restart and D-Bus death raise nothing in bleak: `BluezWatch` sees them.
- start() may hang: it gets a time. stop() may raise or hang: it is given up on, and bleak's D-Bus connection dropped,
  upon which bluetoothd ends whatever discovery that connection still had. Every session begins with a new one.
- without an RSSI (reported as -127, when a discovery ends) nothing was heard.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import lru_cache

import structlog
from bleak import BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters, BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.bluezdbus.manager import BlueZManager, get_global_bluez_manager
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from scanner.advertisement import NO_RSSI, Advertisement, Condition, RadioHealth
from scanner.backoff import BackOff
from scanner.bluez import BluezFailed, BluezWatch
from scanner.settings import RadioSettings
from scanner.watchdog import Watchdog

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
"""How often the watchdog looks where BlueZ reports no change by itself."""
STOP_WITHIN_S = 5.0
NOT_DISCOVERING_FOR_S = 10.0
"""bluetoothd itself ends and resumes LE discovery every few seconds, and shows it; longer than this is a stop."""

DISCOVERY = BlueZDiscoveryFilters(RSSI=NO_RSSI, DuplicateData=True)
"""Every packet, however faint and however often repeated: without these BlueZ reports only what has changed."""
PATTERNS = [
    OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x4c\x00\x02\x15"),  # iBeacon
    OrPattern(2, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\xbe\xac"),  # AltBeacon, any company
    OrPattern(0, AdvertisementDataType.SERVICE_DATA_UUID16, b"\xaa\xfe"),  # Eddystone
]
"""Passive scanning tells BlueZ what to look for; these are the beginnings of our formats."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a session ended."""

    condition: Condition
    reason: str


class BluezRadio:
    """One adapter. `now` gives UTC epoch seconds for `heard_at`; the watchdog keeps to the steady clock."""

    def __init__(
        self,
        settings: RadioSettings,
        now: Callable[[], float] = time.time,
        not_discovering_for_s: float = NOT_DISCOVERING_FOR_S,
    ) -> None:
        self.settings = settings
        self._now = now
        self._not_discovering_for_s = not_discovering_for_s
        self._owes_power = False
        self._hear: Callable[[Advertisement], None] = lambda _: None
        self._trouble: _Trouble | None = _Trouble("silent", "the radio is starting")
        self._backoff = BackOff(settings.retry_first_s, settings.retry_longest_s)
        self._starts = 0
        self._last_heard_at: float | None = None
        self._watchdog = Watchdog(
            silent_after_s=settings.silent_after_s, restart_after_s=settings.restart_after_s
        )

    def health(self) -> RadioHealth:
        restarts = max(0, self._starts - 1)
        if self._trouble is not None:
            return RadioHealth(self._trouble.condition, self._trouble.reason, restarts, self._last_heard_at)
        now = time.monotonic()
        if self._watchdog.hears(now):
            return RadioHealth("hearing", None, restarts, self._last_heard_at)
        words = f"listening for {self._watchdog.quiet_s(now):.0f} s and nothing is heard"
        return RadioHealth("silent", words, restarts, self._last_heard_at)

    async def run(self, hear: Callable[[Advertisement], None]) -> None:
        """Listens until it is cancelled."""
        self._hear = hear
        while True:
            try:
                async with BluezWatch(self.settings.adapter) as watch:
                    self._say(await self._session(watch))
            except BluezFailed as error:
                self._say(_Trouble("failed", str(error)))
            except Exception as error:  # noqa: BLE001 - the loop's edge: bleak and D-Bus raise some twenty kinds
                self._say(_Trouble("failed", f"Bluetooth failed: {type(error).__name__} {error}".strip()))
            await asyncio.sleep(self._backoff.next())

    def _say(self, trouble: _Trouble) -> None:
        if trouble != self._trouble:
            log.warning("radio_in_trouble", condition=trouble.condition, reason=trouble.reason)
        self._trouble = trouble

    # -- one session: from a radio that is ready to the trouble that ends it

    async def _session(self, watch: BluezWatch) -> _Trouble:
        while (trouble := self._unready(watch)) is not None:
            self._say(trouble)
            if self._owes_power and trouble.condition == "off":
                await self._switch_on(watch)
            await watch.wait(LOOK_EVERY_S)
            if not watch.connected:
                return _Trouble("failed", "the D-Bus connection was lost")
        silences = self._watchdog.silences
        if silences and silences % 2 == 0 and self.settings.power_cycle:
            await self._power_cycle(watch)
        async with self._listening():
            self._started()
            return await self._until_trouble(watch)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """While inside, packets arrive. Raises whatever bleak raises, and BluezFailed where start() hangs."""
        scanner, manager = self._scanner(), None
        try:
            try:
                async with asyncio.timeout(self.settings.start_timeout_s):
                    manager = await get_global_bluez_manager()
                    await scanner.start()
            except TimeoutError:
                words = f"BlueZ did not begin to listen within {self.settings.start_timeout_s:g} s"
                raise BluezFailed(words) from None
            yield
        finally:
            await _let_go(scanner, manager)

    def _unready(self, watch: BluezWatch) -> _Trouble | None:
        if watch.state.owner is None:
            return _Trouble("failed", "bluetoothd does not run")
        if not watch.state.present:
            return _Trouble("failed", f"there is no Bluetooth adapter {self.settings.adapter}")
        if not watch.state.powered:
            return _Trouble("off", f"the Bluetooth adapter {self.settings.adapter} is switched off")
        return None

    def _scanner(self) -> BleakScanner:
        args = BlueZScannerArgs(adapter=self.settings.adapter)
        if self.settings.mode == "passive":
            args["or_patterns"] = list(PATTERNS)
        else:
            args["filters"] = DISCOVERY
        return BleakScanner(self._on_packet, scanning_mode=self.settings.mode, bluez=args)

    def _started(self) -> None:
        self._starts += 1
        self._watchdog.started(time.monotonic())
        self._trouble = None
        log.info("radio_listens", adapter=self.settings.adapter, mode=self.settings.mode, start=self._starts)

    async def _until_trouble(self, watch: BluezWatch) -> _Trouble:
        owner = watch.state.owner
        stopped_since: float | None = None
        while True:
            if not watch.connected:
                return _Trouble("failed", "the D-Bus connection was lost")
            if watch.state.owner not in (owner, None):
                return _Trouble("failed", "bluetoothd was restarted")
            if (trouble := self._unready(watch)) is not None:
                return trouble
            now = time.monotonic()
            stopped_since = None if self._discovers(watch) else (stopped_since or now)
            quiet_s = self._watchdog.quiet_s(now)
            if stopped_since is not None and min(now - stopped_since, quiet_s) > self._not_discovering_for_s:
                return _Trouble("failed", "BlueZ stopped listening")
            if self._watchdog.trips(now):
                return _Trouble("silent", f"nothing heard for {quiet_s:.0f} s: beginning to listen anew")
            await watch.wait(LOOK_EVERY_S)

    def _discovers(self, watch: BluezWatch) -> bool:
        # A passive scan is no discovery, and BlueZ shows nothing of it.
        return watch.state.discovering or self.settings.mode == "passive"

    async def _power_cycle(self, watch: BluezWatch) -> None:
        log.warning("adapter_switched_off_and_on", adapter=self.settings.adapter, reason="it stays silent")
        self._owes_power = True  # until it is on again: what we switched off nobody else will switch on
        await watch.set_power(on=False)
        await self._switch_on(watch)

    async def _switch_on(self, watch: BluezWatch) -> None:
        await watch.set_power(on=True)
        self._owes_power = False

    # -- one packet

    def _on_packet(self, device: BLEDevice, data: AdvertisementData) -> None:
        said_something = data.manufacturer_data or data.service_data or data.service_uuids or data.local_name
        if data.rssi <= NO_RSSI or not said_something:
            return
        if self._watchdog.heard(time.monotonic()):
            self._backoff.reset()
        self._last_heard_at = heard_at = self._now()
        service_data = {_short(uuid): said for uuid, said in data.service_data.items()}
        self._hear(
            Advertisement(data.manufacturer_data, service_data, device.address, float(data.rssi), heard_at)
        )


async def _let_go(scanner: BleakScanner, manager: BlueZManager | None) -> None:
    """Stops as well as it goes, and drops bleak's connection: the next session must be able to begin."""
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await scanner.stop()
    except Exception as error:  # noqa: BLE001 - as in run; bleak's own state is dropped with its connection
        log.debug("radio_did_not_stop_cleanly", reason=f"{type(error).__name__} {error}")
    finally:
        # bleak offers no way to let go of its connection; habluetooth reaches for the same attribute.
        if manager is not None and manager._bus is not None:  # noqa: SLF001
            manager._bus.disconnect()  # noqa: SLF001


@lru_cache(maxsize=1024)
def _short(uuid: str) -> str:
    """Four hex digits for a 16-bit service (Bluetooth Core, Vol 3, Part B, 2.5.1), else the UUID as it is."""
    sixteen_bit = uuid.startswith("0000") and uuid.endswith("-0000-1000-8000-00805f9b34fb")
    return uuid[4:8] if sixteen_bit else uuid

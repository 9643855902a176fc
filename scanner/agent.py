"""THE MAIN JOB of a gateway: radio -> formats -> allow-list -> window -> spool -> uplink, in one task group.

In: settings and a `Radio`. Out: sightings of our own beacons at the server, each once it was heard, or in the spool
until then. `Agent(settings, radio).run()` is the whole scanner; the command line and the simulator both call it.
"""

import asyncio
import contextlib
import math
import ssl
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

import httpx
import structlog

from scanner.advertisement import NO_RSSI, Advertisement, Radio
from scanner.backoff import CHANCE, BackOff
from scanner.batteries import Batteries
from scanner.clock import Clock
from scanner.complaint import Complaint
from scanner.drain import Drain
from scanner.formats import decode_all
from scanner.instructions import Instructions, load, save
from scanner.ours import Ours
from scanner.settings import Settings
from scanner.sighting import Sighting
from scanner.spool import Spool
from scanner.uplink import NotNow, Refused, Uplink
from scanner.window import Window

log = structlog.get_logger(__name__)

SKEW_WORTH_SAYING_S = 60.0
"""The server corrects our clock by `sent_at`; an operator should still know when it is this far off."""
FAREWELL_S = 60.0
"""How long a radio that has ended (a recording) waits for the server to take the rest."""


def _version() -> str:
    try:
        return version_of("soglia")
    except PackageNotFoundError:
        return "unknown"


class Agent:
    """One gateway. `heard` and `kept` count packets since the start: all of them, and those of our own beacons.

    `transport` replaces the network (httpx.MockTransport in tests). Opening the spool raises `SpoolInUse`.
    """

    def __init__(
        self,
        settings: Settings,
        radio: Radio,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        name: str = "",
    ) -> None:
        self.settings = settings
        self.radio = radio
        self.clock = clock or Clock()
        self.heard = self.kept = 0
        self._log = log.bind(agent=name) if name else log
        self._started_at = self.clock.now()
        self._heartbeats = Complaint("server_takes_no_heartbeat", "server_takes_heartbeats_again")
        self._clock_skew = Complaint("clock_is_off", "clock_is_right_again")
        self._settings_line = Complaint("server_gives_no_settings", "server_gives_settings_again")
        self._beat_now = asyncio.Event()
        self._batteries = Batteries()
        self._cache = settings.spool.folder / "instructions.json"
        self.spool = Spool(
            settings.spool.folder / "spool.sqlite3",
            max_bytes=int(settings.spool.max_megabytes * 1_000_000),
            max_age_s=settings.spool.max_age_hours * 3600,
        )
        self._client = _client(settings, transport)
        self._uplink = Uplink(self._client, settings.server.secret, self.clock.now)
        self.drain = Drain(
            self.spool,
            self._uplink,
            self.clock,
            batch=settings.uplink.batch,
            backoff=BackOff(settings.uplink.retry_first_s, settings.uplink.retry_longest_s),
            knock=self._speak,
        )
        self._spoke = (self._started_at, 0, 0)
        self.window = _window(settings.window.width_s)
        self._follow(load(self._cache) or Instructions())

    async def run(self) -> None:
        """Until the radio has nothing more to say, or until cancelled. What was heard is then sent or in the spool."""
        self._log.info("agent_started", version=_version(), owners=len(self.ours.owners))
        try:
            async with asyncio.TaskGroup() as group:
                loops = [
                    group.create_task(self._close_windows(), name="close windows"),
                    group.create_task(self.drain.run(), name="drain the spool"),
                    group.create_task(self._ask_for_instructions(), name="ask for instructions"),
                    group.create_task(self._beat(), name="heartbeat"),
                ]
                await self.radio.run(self.hear)
                await self._see_off_the_rest()
                for loop in loops:
                    loop.cancel()
        finally:
            self.spool.put(self.window.close(), self.clock.reading(), self.clock.now())
            self._log.info(
                "agent_stopped", heard=self.heard, kept=self.kept, waiting=self.spool.state().waiting
            )
            self.spool.close()
            await self._client.aclose()

    def hear(self, advertisement: Advertisement) -> None:
        """One packet on its way into the window; whatever is not ours is forgotten here and now."""
        self.heard += 1
        if advertisement.rssi <= NO_RSSI:
            return
        for beacon in decode_all(advertisement):
            if beacon.beacon_id is None:
                if beacon.battery is not None:
                    self._batteries.told(advertisement.address, beacon.battery)
            elif self.ours.own(beacon):
                self.kept += 1
                self._batteries.heard(advertisement.address, beacon.beacon_id)
                self.window.add(
                    beacon.beacon_id,
                    advertisement.rssi,
                    advertisement.heard_at,
                    tx=beacon.tx_at_1m,
                    battery=self._batteries.news_of(beacon.beacon_id)
                    if beacon.battery is None
                    else beacon.battery,
                )

    # -- window -> spool

    async def _close_windows(self) -> None:
        condition = self.radio.health().condition
        while True:
            now = self.clock.now()
            await asyncio.sleep(max(0.01, self.window.ends_at(now) - now))
            await self._spool(self.window.close(self.clock.now()))
            if condition != (condition := self.radio.health().condition):
                self._beat_now.set()

    async def _spool(self, sightings: list[Sighting]) -> None:
        if not sightings:
            return
        put = asyncio.create_task(
            asyncio.to_thread(self.spool.put, sightings, self.clock.reading(), self.clock.now())
        )
        try:
            await asyncio.shield(put)
        except asyncio.CancelledError:
            await put  # they have left the window: a stop may not fall between window and spool
            raise
        self.drain.filled()

    async def _see_off_the_rest(self) -> None:
        await self._spool(self.window.close())
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self.drain.until_empty()
        except TimeoutError:
            self._log.warning("server_did_not_take_the_rest", waiting=self.spool.state().waiting)

    # -- instructions

    async def _ask_for_instructions(self) -> None:
        backoff = BackOff(self.settings.uplink.retry_first_s, self.settings.uplink.settings_s)
        while True:
            answer = await self._uplink.instructions(self.instructions.etag)
            if isinstance(answer, NotNow):
                self._settings_line.about(answer.reason, needs_people=answer.needs_people)
                await asyncio.sleep(backoff.next(answer.after_s))
                continue
            self._settings_line.settled()
            backoff.reset()
            if answer is not None:
                self._take_over(answer)
            await asyncio.sleep(self.settings.uplink.settings_s)

    def _take_over(self, instructions: Instructions) -> None:
        self._follow(instructions)
        self._log.info(
            "instructions_taken",
            version=instructions.version,
            owners=len(self.ours.owners),
            window_s=self.window.width_s,
        )
        try:
            save(self._cache, instructions)
        except OSError as error:
            self._log.error("instructions_not_kept", reason=str(error))

    def _follow(self, instructions: Instructions) -> None:
        """From here on we listen for these; what the window holds was ours when it was heard, and goes its way."""
        self.instructions = instructions
        self.ours = Ours.of(self.settings.ours, instructions.ours)
        width_s = instructions.window_s or self.settings.window.width_s
        if self.window.width_s != width_s:
            self.spool.put(self.window.close(), self.clock.reading(), self.clock.now())
            self.window = _window(width_s, overflowed=self.window.overflowed)
        if not self.ours.owners:
            self._log.warning(
                "nothing_is_ours", reason="no beacon is named in scanner.toml or by the server yet"
            )

    # -- heartbeat

    async def _beat(self) -> None:
        """Every `heartbeat_s`, and at once when the radio's condition changes."""
        while True:
            self._beat_now.clear()
            await self._speak()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.settings.uplink.heartbeat_s):
                    await self._beat_now.wait()

    async def _speak(self) -> None:
        """Says how we are."""
        since, heard, kept = self._spoke
        self._spoke = now, *_ = self.clock.now(), self.heard, self.kept
        span_s = max(now - since, 0.001)
        answer = await self._uplink.beat(
            self._heartbeat((self.heard - heard) / span_s, (self.kept - kept) / span_s)
        )
        if isinstance(answer, NotNow | Refused):
            self._heartbeats.about(
                answer.reason, needs_people=not isinstance(answer, NotNow) or answer.needs_people
            )
        else:
            self._heartbeats.settled()
            self._compare_clocks(answer or 0.0)

    def _compare_clocks(self, server_ahead_s: float) -> None:
        if abs(server_ahead_s) <= SKEW_WORTH_SAYING_S:
            self._clock_skew.settled()
        else:
            side = "behind" if server_ahead_s > 0 else "ahead of"
            self._clock_skew.about(f"this machine's clock is more than a minute {side} the server's")

    def _heartbeat(self, heard_per_s: float, kept_per_s: float) -> dict[str, Any]:
        health, spool = self.radio.health(), self.spool.state()
        reasons = [
            health.reason,
            self.drain.complaint.reason,
            spool.trouble and f"the spool cannot be written: {spool.trouble}",
        ]
        return {
            "started_at": round(self._started_at, 3),
            "version": _version(),
            "radio": health.condition,
            "reason": "; ".join(reason for reason in reasons if reason) or None,
            "heard_per_s": round(heard_per_s, 2),
            "kept_per_s": round(kept_per_s, 2),
            "spool_batches": math.ceil(spool.waiting / self.settings.uplink.batch),
            "spool_oldest_at": spool.oldest_at,
            "dropped": spool.dropped + self.window.overflowed,
            "restarts": health.restarts,
            "last_heard_at": health.last_heard_at,
        }


def _window(width_s: float, overflowed: int = 0) -> Window:
    """A window of this width that begins at a moment of this gateway's own."""
    window = Window(width_s, phase_s=CHANCE() * width_s)
    window.overflowed = overflowed
    return window


def _client(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Raises OSError where server.ca_file or server.token_file cannot be read."""
    trusted: ssl.SSLContext | bool = True
    if settings.server.ca_file is not None:
        trusted = ssl.create_default_context(cafile=str(settings.server.ca_file))
    return httpx.AsyncClient(
        base_url=str(settings.server.url),
        headers={
            "Authorization": f"Bearer {settings.server.secret}",
            "User-Agent": f"soglia-scanner/{_version()}",
        },
        timeout=settings.server.timeout_s,
        transport=transport,
        verify=trusted,
    )

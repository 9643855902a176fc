"""What it costs shoppers that staff look on: the path's times with five staff on the page *Now*, as a multiple of those without.

Measured in turns, in one run, on one real server with its embedded database: nobody watches; five staff watch (a real log-in each, the
page, its web socket: a client that reads what a browser would and draws nothing); five staff watch at real browsers, where there is a
Chromium and playwright. Meanwhile phones walk through the demo's shop and forty others and tell where they are, 1,000 sightings a second in
bodies of 25, each at its own time whether the one before was answered or not. Each entry into a shop is an offer.

Told are the times from when a body was due to when it was answered, durably (`answered`), and from the arrival of a sighting to the
push service's answer (`sent`, heard-to-sent, of the server's own books). Watchers, browsers, phones and the push service run on the same
machine as the server: on one with two cores a browser that draws takes from the server what it would not take from a shop's.
"""

import asyncio
import importlib.util
import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import msgspec
from httpx import codes

from simulator.bench.books import fill
from simulator.bench.crowd import Lap, Shops, build_shops, walk
from simulator.bench.load import all_accepted
from simulator.fcm import FcmStandIn
from simulator.house import House
from simulator.shop import Shop
from simulator.stage import DEMO
from simulator.world import read_world

CAPTION = "times of the path while five staff watch the page Now, as a multiple of those while nobody does"

#: Of accounts that are gone with the folder they are kept in.
PASSWORD: Final = "a long password for a benchmark"  # noqa: S105
WATCHERS: Final = 5
LAP_S: Final = 5.0
#: A page that was left is forgotten after ten seconds; one that was opened settles sooner.
AFTER_S, BEFORE_S = 12.0, 3.0
#: Half of the bodies are answered within this where the machine keeps up: a commit takes some milliseconds.
KEEPS_UP_S: Final = 0.25
NOBODY, SOCKETS, BROWSERS = "alone", "watched", "browsers"


@dataclass(frozen=True, slots=True)
class Size:
    """How many phones (each tells once in 5 s), and how long each turn is. `body` divides `phones`."""

    phones: int = 5_000
    shops: int = 40
    body: int = 25
    rounds: int = 5
    turn_s: float = 20.0
    after_s: float = AFTER_S
    browsers: bool = True


class Untrue(Exception):
    """Something was refused or not sent: the figures are void."""


@dataclass(slots=True)
class Book:
    """Times by who watched. `open` is who watches now, None between the turns; `spans` when each did (epoch seconds)."""

    answered: dict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    came: dict[str, list[dict[str, int]]] = field(default_factory=lambda: defaultdict(list))
    open: str | None = None

    def note(self, seconds: float) -> None:
        if self.open is not None:
            self.answered[self.open][-1].append(seconds)


def run() -> dict[str, object]:
    """The figures. Raises Untrue, house.HouseFailed."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for any number of phones and turns."""
    with tempfile.TemporaryDirectory(prefix="soglia-bench-") as folder:
        return asyncio.run(_measured(size, seed, Path(folder)))


async def _measured(size: Size, seed: int, folder: Path) -> dict[str, object]:
    book, shops = Book(), build_shops(size.shops, seed)
    async with FcmStandIn(seed=seed) as fcm:
        house = House(
            folder,
            {
                "SOGLIA_FCM__ENDPOINT": fcm.url,
                "SOGLIA_FCM__SERVICE_ACCOUNT_FILE": str(fcm.service_account_file(folder)),
                "SOGLIA_LOGS__LEVEL": "warning",
            },
        )
        await house.command("migrate")
        devices = fill(folder / "soglia.sqlite3", size.phones)
        key = await house.server_key()
        accounts = [await _hire(house)] * WATCHERS
        try:
            await house.start()
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            # Shorter than the server's own patience with a silent line, which else ends under a body that is on its way.
            limits = httpx.Limits(keepalive_expiry=2.0)
            async with httpx.AsyncClient(
                base_url=house.url, headers=headers, timeout=60.0, limits=limits
            ) as http:
                await _furnish(http, shops)
                walking = asyncio.create_task(
                    _walk(http, walk(shops, size.phones, seed), devices, size, book)
                )
                try:
                    await _turns(house.url, accounts, size, book, walking)
                finally:
                    walking.cancel()
                    with suppress(asyncio.CancelledError):
                        await walking
        finally:
            await house.stop()
    return _figures(size, book, _sent(folder / "soglia.sqlite3", book))


async def _hire(house: House) -> dict[str, str]:
    """One account: five log-ins to it are five sessions, and cost what those of five people do."""
    email = "staff@brera.example"
    words = ("staff", "add", email, "--name", "Staff", "--role", "manager", "--password-stdin")
    await house.command(*words, given=f"{PASSWORD}\n")
    return {"email": email, "password": PASSWORD}


async def _furnish(http: httpx.AsyncClient, shops: Shops) -> None:
    """The demo's shop, and the others, in each of which everybody who enters is spoken to."""
    await Shop(http).furnish(read_world(DEMO))
    zones = shops.as_geojson()
    for feature in zones["features"]:
        feature["properties"]["groups"] = ["crowd"]
    (await http.put("/v1/zones", json=zones)).raise_for_status()
    offer = {"title": {"en": "Welcome"}, "body": {"en": "Ten per cent today."}, "life_s": 3600}
    trigger = {"on": "entered", "where": {"group": "crowd"}}
    campaign = {"id": "greet", "name": "Greet", "state": "live", "trigger": trigger, "offer": offer}
    (await http.post("/v1/campaigns", json=campaign)).raise_for_status()


# -- phones


async def _walk(
    http: httpx.AsyncClient, laps: Iterator[Lap], devices: Sequence[str], size: Size, book: Book
) -> None:
    """Tells where everybody is, lap after lap, each body when it is due. A body that waits holds up none of the others."""
    began = time.time()
    async with asyncio.TaskGroup() as group:
        for lap in laps:
            for due_s, body in _bodies(lap, devices, began, size.body):
                await asyncio.sleep(max(0.0, due_s - time.time()))
                group.create_task(_tell(http, body, due_s, size.body, book))


def _bodies(lap: Lap, devices: Sequence[str], began: float, size: int) -> list[tuple[float, bytes]]:
    at = (lap.at_s + began).tolist()
    order = sorted(range(len(at)), key=at.__getitem__)
    encode = msgspec.json.Encoder().encode
    lat, lon, accuracy, speed = (
        column.tolist() for column in (lap.lat, lap.lon, lap.accuracy_m, lap.speed_mps)
    )
    bodies = []
    for first in range(0, len(order), size):
        people = order[first : first + size]
        pings = [
            {
                "at": round(at[i], 3),
                "lat": lat[i],
                "lon": lon[i],
                "accuracy": accuracy[i],
                "speed": speed[i],
                "device": devices[i],
            }
            for i in people
        ]
        bodies.append((at[people[-1]], encode({"pings": pings})))
    return bodies


async def _tell(http: httpx.AsyncClient, body: bytes, due_s: float, size: int, book: Book) -> None:
    answer = await http.post("/v1/pings", content=body)
    book.note(time.time() - due_s)
    if answer.status_code != codes.OK or not answer.content.endswith(all_accepted(size)):
        raise Untrue(f"{answer.status_code} {answer.text[:500]}")


# -- staff


async def _turns(
    url: str, accounts: Sequence[dict[str, str]], size: Size, book: Book, walking: asyncio.Task[None]
) -> None:
    """Nobody, sockets, browsers; again and again, in an order that turns, so that none is always first."""
    async with AsyncExitStack() as stack:
        sorts = {SOCKETS: await stack.enter_async_context(_watchers(url, accounts, browsers=False))}
        if size.browsers and _has_browser():
            sorts[BROWSERS] = await stack.enter_async_context(_watchers(url, accounts, browsers=True))
        names = [NOBODY, *sorts]
        await asyncio.sleep(LAP_S)
        for turn in range(size.rounds):
            for place in range(len(names)):
                name = names[(turn + place) % len(names)]
                if name in sorts:
                    await _told(sorts[name], "on")
                await asyncio.sleep(BEFORE_S)
                await _open(name, size.turn_s, book)
                if name in sorts:
                    book.came[name].append(await _told(sorts[name], "off"))
                    await asyncio.sleep(size.after_s)
                if walking.done():
                    await walking  # raises what it ended with


async def _open(name: str, seconds: float, book: Book) -> None:
    book.answered[name].append([])
    began, book.open = time.time(), name
    await asyncio.sleep(seconds)
    book.open = None
    book.spans[name].append((began, time.time()))


def _has_browser() -> bool:
    return shutil.which("chromium") is not None and importlib.util.find_spec("playwright") is not None


@asynccontextmanager
async def _watchers(
    url: str, accounts: Sequence[dict[str, str]], *, browsers: bool
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Five watchers in a process of their own, who have nothing open yet."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.bench.watchers", url, *(["--browsers"] if browsers else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _told(process, json.dumps(list(accounts)))
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _told(process: asyncio.subprocess.Process, word: str) -> dict[str, int]:
    if process.stdin is None or process.stdout is None:
        raise Untrue("the watchers do not listen")
    process.stdin.write(f"{word}\n".encode())
    said = await process.stdout.readline()
    if not said:
        raise Untrue(f"the watchers went at {word[:20]!r}")
    read: dict[str, int] = json.loads(said)
    return read


# -- figures


def _sent(database: Path, book: Book) -> dict[str, list[list[float]]]:
    """Heard-to-sent times (seconds) of each turn. Raises Untrue where an offer that was heard in a turn was not sent."""
    found: dict[str, list[list[float]]] = {name: [[] for _ in spans] for name, spans in book.spans.items()}
    asked = "SELECT heard_at, settled_at, outcome FROM outbox WHERE channel = 'fcm'"
    with closing(sqlite3.connect(database)) as connection:
        rows = [
            (_epoch(heard), settled and _epoch(settled), outcome)
            for heard, settled, outcome in connection.execute(asked)
        ]
    for name, spans in book.spans.items():
        for place, (since, until) in enumerate(spans):
            for heard, settled, outcome in rows:
                if since <= heard < until - 1:
                    if outcome != "sent":
                        raise Untrue(f"an offer was not sent: {outcome}")
                    found[name][place].append(settled - heard)
    return found


def _epoch(kept: str) -> float:
    return datetime.fromisoformat(kept).replace(tzinfo=UTC).timestamp()


def _figures(size: Size, book: Book, sent: dict[str, list[list[float]]]) -> dict[str, object]:
    told: dict[str, Any] = {"sightings_per_s": round(size.phones / LAP_S), "watchers": WATCHERS}
    for kind, times in (("sent", sent), ("answered", book.answered)):
        for name in (SOCKETS, BROWSERS):
            told |= _compared(kind, name, times)
        for name, turns in times.items():
            together = [each for turn in turns for each in turn]
            told[f"{kind}_{name}_p99_ms"] = round(1000 * p99(together), 2)
            told[f"{kind}_{name}_median_ms"] = round(1000 * median(together), 2)
        told[f"{kind}_alone_count"] = sum(map(len, times[NOBODY]))
    for name, came in book.came.items():
        per_second = size.turn_s * WATCHERS * len(came)
        told[f"{name}_bytes_per_s_each"] = round(sum(each["bytes"] for each in came) / per_second)
    told["rounds"] = size.rounds
    # Where bodies wait for the machine and not for the path, times say nothing of it.
    told["kept_up"] = median([each for turn in book.answered[NOBODY] for each in turn]) < KEEPS_UP_S
    return told


def _compared(kind: str, name: str, times: dict[str, list[list[float]]]) -> dict[str, float]:
    """All turns together, and the median of the rounds, each against the turn that nobody watched of the same round."""
    if name not in times:
        return {}
    alone, watched = times[NOBODY], times[name]
    together = [[each for turn in turns for each in turn] for turns in (watched, alone)]
    rounds = [p99(w) / p99(a) for w, a in zip(watched, alone, strict=True)]
    return {
        f"{kind}_p99_ratio_{name}": round(p99(together[0]) / p99(together[1]), 3),
        f"{kind}_p99_ratio_{name}_by_round": round(median(rounds), 3),
        f"{kind}_median_ratio_{name}": round(median(together[0]) / median(together[1]), 3),
    }


def p99(times: Sequence[float]) -> float:
    """The time that one in a hundred takes longer than."""
    ranked = sorted(times)
    if not ranked:
        raise Untrue("nothing was measured in a turn")
    return ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]

"""What belief costs: its share of the whole path, and how many times the plainest rule, a sighting. Positions and radio, each by itself.

The path: prepared bodies over kept-alive connections to a real server process on its embedded database (as `ingest`): 20,000 phones among
1,000 shops, 2,000 fobs among the 12 gateways of a store. Belief alone: `observe` and `keep` in this process over the same evidence, all
phones once or a second of all gateways a batch. The plainest rule (`plain`) over the same batches: the outlines that a fix lies in,
the strongest gateway's zone. Each pair in turns; the town's time goes on in every turn.

Times are processes' own, on all threads (the server's as Linux tells it): what other programs do meanwhile does not count, nor
what the path waits for the disk or the client. So rates are per second of work, not of the clock on the wall.
"""

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import msgspec
import numpy as np

from server.campaigns import compile_campaigns
from server.campaigns.reading import read_campaign
from server.presence.due import Patience
from server.presence.observe import keep, observe
from server.presence.sighting import Batch, Fixes, Heards
from server.presence.tracks import Tracks
from server.zones import read_zones
from server.zones.atlas import Atlas, compile_atlas
from server.zones.zone import Anchor, FloorPlan
from simulator.bench import fobs
from simulator.bench.books import fill
from simulator.bench.crowd import Shops, build_shops, campaigns, shop_id, walk
from simulator.bench.ingest import AHEAD_S, FURTHEST_S, Body, Ping
from simulator.bench.load import Asked, all_accepted, load, post
from simulator.bench.plain import PointInPolygon, StrongestWins
from simulator.bench.rounds import Compared, in_turns
from simulator.house import House, HouseFailed

CAPTION = "belief's share of the whole path, and its cost as a multiple of the plainest rule's, a sighting"


@dataclass(frozen=True, slots=True)
class Size:
    """How large the town is and how long it is watched. `shoppers` is a multiple of `connections`."""

    shoppers: int = 20_000
    shops: int = 1_000
    connections: int = 20
    fobs: int = 2_000
    rounds: int = 9
    laps_a_round: int = 4
    seconds_a_round: int = 5

    @property
    def turns(self) -> int:
        """A warm-up, and what is measured against has one more than the rounds."""
        return self.rounds + 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is played in one turn: the same evidence in batches, and as requests, a row a connection."""

    batches: Sequence[Batch]
    requests: Sequence[Sequence[Asked]]

    @property
    def items(self) -> int:
        return sum(len(batch) for batch in self.batches)


#: The kernel counts a process's time in hundredths of a second.
TICK_S = 0.01

Play = Callable[[Stretch], None]
Clock = Callable[[], float]


def run() -> dict[str, object]:
    """The figures. Raises load.Unanswered, house.HouseFailed."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for a town of any size."""
    with tempfile.TemporaryDirectory(prefix="soglia-bench-") as folder:
        return asyncio.run(_measured(size, seed, Path(folder)))


async def _measured(size: Size, seed: int, folder: Path) -> dict[str, object]:
    shops = build_shops(size.shops, seed)
    house = WorkingHouse(
        folder, {"SOGLIA_FRESHNESS__FUTURE_S": f"{FURTHEST_S:.0f}", "SOGLIA_LOGS__LEVEL": "warning"}
    )
    await house.command("migrate")
    phones = fill(folder / "soglia.sqlite3", size.shoppers)
    key = await house.server_key()
    try:
        await house.start()
        async with httpx.AsyncClient(
            base_url=house.url, headers={"authorization": f"Bearer {key}"}, timeout=60.0
        ) as http:
            tokens = await _furnish(http, shops)
            devices = await _hand_out(http, size.fobs)
        began_s = float(round(time.time() + AHEAD_S))
        town = _town(size, seed, shops, phones, key, began_s)
        store = _store(size, seed, devices, tokens, began_s)
        return await asyncio.to_thread(_compared, size, shops, town, store, house)
    finally:
        await house.stop()


def _compared(
    size: Size, shops: Shops, town: Sequence[Stretch], store: Sequence[Stretch], house: "WorkingHouse"
) -> dict[str, object]:
    """All pairs, one after another; the two of a pair take turns."""
    atlas = atlas_of(shops)
    outlines = PointInPolygon({shop_id(i): outline for i, outline in enumerate(shops.outlines)})
    strongest = StrongestWins({gateway: gateway.partition("-")[0] for gateway in fobs.GATEWAYS})
    figures: dict[str, object] = {"rounds": size.rounds}
    for sense, things, stretches, rule in (
        ("fixes", "positions", town, Told(lambda batch: outlines.take(batch.fixes))),
        ("radio", "sightings", store, Told(lambda batch: strongest.take(batch.heards))),
    ):
        believed, again = Believed(atlas), Believed(atlas)
        whole = _in_turns(size, stretches, house.play, house.worked_s, believed.play)
        plain = _in_turns(size, stretches, rule.play, time.process_time, again.play)
        figures |= _spread(f"{sense}_share_of_path", whole)
        figures |= _spread(f"{sense}_times_plainest", plain)
        figures |= {
            f"path_{things}_per_cpu_s": round(median(whole.measured)),
            f"belief_{things}_per_cpu_s": round(median(plain.against)),
            f"plainest_{things}_per_cpu_s": round(median(plain.measured)),
            f"{things}_a_batch": round(median(len(b) for s in stretches for b in s.batches)),
            f"belief_events_of_{things}": again.events,
            f"plainest_events_of_{things}": rule.events,
        }
    return figures


def _spread(name: str, compared: Compared) -> dict[str, object]:
    """How much longer belief takes than what was measured: as a share or a multiple; the median of the rounds, and their ends."""
    ratios = compared.ratios
    return {
        name: round(median(ratios), 4),
        f"{name}_lowest": round(min(ratios), 4),
        f"{name}_highest": round(max(ratios), 4),
    }


def _in_turns(
    size: Size, stretches: Sequence[Stretch], measured: Play, clock: Clock, belief: Play
) -> Compared:
    # What was built before is not looked through again by the collector of garbage while something is measured.
    gc.collect()
    gc.freeze()
    try:
        return in_turns(
            size.rounds,
            _timed(stretches, measured, clock),
            _timed(stretches, belief, time.process_time),
        )
    finally:
        gc.unfreeze()


def _timed(stretches: Iterable[Stretch], play: Play, clock: Clock) -> Callable[[int], float]:
    """Plays the first stretch to warm up; then each call plays the next one, and gives things a second."""
    rest = iter(stretches)
    play(next(rest))

    def turn(_round: int) -> float:
        stretch = next(rest)
        began = clock()
        play(stretch)
        return stretch.items / max(clock() - began, TICK_S)

    return turn


class Believed:
    """Presence as the path has it, without the path."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas, self._tracks, self._patience = atlas, Tracks(atlas.radio_maps), Patience()
        self.events = 0

    def play(self, stretch: Stretch) -> None:
        for batch in stretch.batches:
            step = observe(self._tracks, self._atlas, batch, self._patience)
            keep(self._tracks, step)
            self.events += len(step.events)


class Told:
    """A plain rule over the same batches."""

    def __init__(self, take: Callable[[Batch], Sequence[Any]]) -> None:
        self._take = take
        self.events = 0

    def play(self, stretch: Stretch) -> None:
        for batch in stretch.batches:
            self.events += len(self._take(batch))


class WorkingHouse(House):
    """The whole path, and how long its process has worked."""

    def play(self, stretch: Stretch) -> None:
        load(self.port, [iter(row) for row in stretch.requests])

    def worked_s(self) -> float:
        """Seconds of the running server's process since it started, in its own code and the kernel's (man 5 proc). Raises HouseFailed."""
        if self._process is None:
            raise HouseFailed("the server was not started")
        stat = Path(f"/proc/{self._process.pid}/stat").read_text("ascii", "replace")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def atlas_of(shops: Shops) -> Atlas:
    """The shops and the store as the server compiles them."""
    zones = (*read_zones(shops.as_geojson()).zones, *read_zones(fobs.zones()).zones)
    compiled = compile_campaigns([read_campaign(campaign) for campaign in _campaigns(shops)], zones)
    return compile_atlas(
        zones,
        [Anchor(**each) for each in fobs.anchors()],
        [FloorPlan(fobs.PLAN, fobs.PLAN, fobs.STORE, fobs.WIDTH_M, fobs.HEIGHT_M)],
        dwells_s=compiled.dwells,
    )


def _campaigns(shops: Shops) -> list[dict[str, Any]]:
    """Those of the shops, and one that greets in each department of the store."""
    greet, *others = campaigns(shops)
    trigger = {"on": "entered", "where": {"zones": list(fobs.DEPARTMENTS)}}
    return [greet, *others, {**greet, "id": "aisle", "name": "aisle", "trigger": trigger}]


async def _furnish(http: httpx.AsyncClient, shops: Shops) -> list[str]:
    """Shops, the store and campaigns, over the doors that staff use. Out: each gateway's token."""
    site, *departments = fobs.zones()["features"]
    plan = {"name": fobs.PLAN, "site": fobs.STORE, "width_m": fobs.WIDTH_M, "height_m": fobs.HEIGHT_M}
    for path, body in (
        ("/v1/zones", shops.as_geojson()),
        ("/v1/zones", {"type": "FeatureCollection", "features": [site]}),
        (f"/v1/floor-plans/{fobs.PLAN}", plan),
        ("/v1/anchors", {"anchors": fobs.anchors()}),
        ("/v1/zones", {"type": "FeatureCollection", "features": departments}),
    ):
        (await http.put(path, json=body)).raise_for_status()
    for campaign in _campaigns(shops):
        (await http.post("/v1/campaigns", json=campaign)).raise_for_status()
    tokens = []
    for name in fobs.GATEWAYS:
        answer = await http.post("/v1/gateways", json={"id": name, "name": name, "anchor": name})
        tokens.append(str(answer.raise_for_status().json()["token"]))
    return tokens


async def _hand_out(http: httpx.AsyncClient, count: int) -> list[str]:
    """A fob for each of the first shoppers in the books. Out: the devices."""
    shoppers = [f"sh_{i:024d}" for i in range(count)]

    async def handed(number: int) -> str:
        answer = await http.post(f"/v1/shoppers/{shoppers[number]}/devices", json={"beacon": _beacon(number)})
        return str(answer.raise_for_status().json()["device"])

    return [await handed(number) for number in range(count)]


def _beacon(number: int) -> str:
    return f"ibeacon:6f1c0a9e-0000-4000-8000-000000000001:1:{number}"


def _town(
    size: Size, seed: int, shops: Shops, phones: Sequence[str], key: str, began_s: float
) -> list[Stretch]:
    """Everybody's position each lap; each connection speaks for its own shoppers, so they stay in order."""
    a_body = size.shoppers // size.connections
    answer, encode = all_accepted(a_body), msgspec.json.Encoder().encode
    names, none, honest = list(phones), Heards.of(()), np.zeros(len(phones), np.bool_)
    batches, requests = [], []
    for lap in islice(walk(shops, size.shoppers, seed), size.turns * size.laps_a_round):
        at = (lap.at_s + began_s).round(3)
        columns = (at, lap.lat, lap.lon, lap.accuracy_m, lap.speed_mps)
        batches.append(Batch(Fixes(names, *columns, honest), none))
        pings = [Ping(*row) for row in zip(*(column.tolist() for column in columns), names, strict=True)]
        bodies = [encode(Body(pings[first : first + a_body])) for first in range(0, len(pings), a_body)]
        requests.append([Asked(post("/v1/pings", key, body), answer) for body in bodies])
    return _stretches(batches, requests, size.laps_a_round)


def _store(
    size: Size, seed: int, devices: Sequence[str], tokens: Sequence[str], began_s: float
) -> list[Stretch]:
    """What each gateway heard each second; each speaks for itself, and none is more than a stretch ahead of the others."""
    encode, none = msgspec.json.Encoder().encode, Fixes.of(())
    batches, requests = [], []
    for second in islice(fobs.stroll(len(devices), seed), size.turns * size.seconds_a_round):
        batches.append(Batch(none, second.heards(devices, began_s)))
        asked = []
        for gateway, token in enumerate(tokens):
            mine = second.gateway == gateway
            heard = zip(
                second.fob[mine].tolist(),
                second.at_s[mine].tolist(),
                second.rssi_dbm[mine].tolist(),
                strict=True,
            )
            items = [
                {"at": at_s + began_s, "id": _beacon(fob), "rssi": rssi, "count": fobs.PACKETS}
                for fob, at_s, rssi in heard
            ]
            asked.append(
                Asked(post("/v1/sightings", token, encode({"sightings": items})), all_accepted(len(items)))
            )
        requests.append(asked)
    return _stretches(batches, requests, size.seconds_a_round)


def _stretches(batches: Sequence[Batch], requests: Sequence[Sequence[Asked]], each: int) -> list[Stretch]:
    """So many batches in each; the requests of a batch stand one to a connection."""
    return [
        Stretch(batches[first : first + each], list(zip(*requests[first : first + each], strict=True)))
        for first in range(0, len(batches), each)
    ]

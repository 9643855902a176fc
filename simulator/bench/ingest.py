"""How many positions a second go through HTTP into committed visits and decisions, as a share of what no server can go under.

Measured: bodies of 1,000 pings of as many phones (server key, kept-alive connections, several in flight) to a real server process on
its embedded database with its real durability, every answer all accepted. Floor: msgspec decodes the same bodies and one
`STRtree.query` a body finds their polygons, in a loop. Both in turns. At the end the server's visits must be those that
presence gives for the same evidence in this process, and every event that a campaign listens to must have its decision.

The town's time runs faster than ours (20,000 shoppers among 1,000 polygons; each tells where they are every 5 s, and
we send as fast as we can), so it begins ahead of our clock and stays ahead: the server's own clock makes nothing due.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import shapely

from server.campaigns import Compiled, compile_campaigns
from server.campaigns.reading import read_campaign
from server.presence.due import Patience
from server.presence.observe import keep, observe
from server.presence.sighting import Batch, Fixes, Heards
from server.presence.tracks import Tracks
from server.presence.visit import ZoneEvent
from server.zones import Zone, read_zones
from server.zones.atlas import compile_atlas
from simulator.bench.books import fill
from simulator.bench.crowd import Lap, Shops, build_shops, campaigns, walk
from simulator.bench.load import Asked, all_accepted, load, post
from simulator.bench.rounds import Compared, in_turns
from simulator.house import House
from simulator.shop import Shop

CAPTION = (
    "positions/s through HTTP into committed visits and decisions, as a share of decode and bulk match alone"
)

#: How far the town's time is ahead of ours at the beginning, and may come at most.
AHEAD_S, FURTHEST_S = 600.0, 3_600.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large the town is and how long it is watched. `shoppers` is a multiple of `body` times `connections`."""

    shoppers: int = 20_000
    shops: int = 1_000
    body: int = 1_000
    connections: int = 20
    warm_up_laps: int = 5
    rounds: int = 9
    laps_a_round: int = 8

    @property
    def laps(self) -> int:
        return self.warm_up_laps + self.rounds * self.laps_a_round


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as both sides must tell it; times in milliseconds since the epoch."""

    id: str
    device: str
    zone: str
    entered_ms: int
    exited_ms: int | None


class Ping(msgspec.Struct, gc=False):
    """What the floor reads of a ping, and what the bodies are written from."""

    at: float
    lat: float
    lon: float
    accuracy: float
    speed: float
    device: str


class Body(msgspec.Struct, gc=False):
    pings: list[Ping]


class Untrue(Exception):
    """What the server kept is not what the evidence says: the figures are void. The text says how they differ."""


def run() -> dict[str, object]:
    """The figures. Raises Untrue, load.Unanswered, house.HouseFailed."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for a town of any size."""
    shops = build_shops(size.shops, seed)
    laps = list(islice(walk(shops, size.shoppers, seed), size.laps))
    with tempfile.TemporaryDirectory(prefix="soglia-bench-") as folder:
        return asyncio.run(_measured(size, shops, laps, Path(folder)))


async def _measured(size: Size, shops: Shops, laps: Sequence[Lap], folder: Path) -> dict[str, object]:
    house = House(
        folder, {"SOGLIA_FRESHNESS__FUTURE_S": f"{FURTHEST_S:.0f}", "SOGLIA_LOGS__LEVEL": "warning"}
    )
    await house.command("migrate")
    devices = fill(folder / "soglia.sqlite3", size.shoppers)
    key = await house.server_key()
    try:
        await house.start()
        async with httpx.AsyncClient(
            base_url=house.url, headers={"authorization": f"Bearer {key}"}, timeout=60.0
        ) as http:
            await _furnish(http, shops)
            began_s = float(round(time.time() + AHEAD_S))
            bodies = [_bodies(lap, devices, began_s, size.body) for lap in laps]
            compared = await asyncio.to_thread(_compared, size, shops, bodies, house.port, key)
            kept, decided = await _books(http)
    finally:
        await house.stop()
    true, heard = truth(shops, laps, devices, began_s)
    check(true, kept, heard, decided.total())
    return {
        **compared.figures("positions_per_s", "floor_positions_per_s"),
        "positions": size.shoppers * size.laps,
        "visits": len(kept),
        "visits_over": sum(visit.exited_ms is not None for visit in kept),
        "decisions": decided.total(),
        **{f"decisions_{verdict}": count for verdict, count in sorted(decided.items())},
        "visits_as_observed": True,
    }


def _compared(size: Size, shops: Shops, bodies: Sequence[Sequence[bytes]], port: int, key: str) -> Compared:
    """The path and its floor in turns, over the same bodies. Each connection speaks for its own shoppers, so they stay in order."""
    tree = shapely.STRtree(shops.outlines)
    shapely.prepare(tree.geometries)
    answer = all_accepted(size.body)

    def send(laps: Sequence[Sequence[bytes]]) -> float:
        shares = [
            iter(
                [
                    Asked(post("/v1/pings", key, body), answer)
                    for lap in laps
                    for body in lap[own :: size.connections]
                ]
            )
            for own in range(size.connections)
        ]
        return size.shoppers * len(laps) / load(port, shares)

    def of_round(turn: int) -> Sequence[Sequence[bytes]]:
        first = size.warm_up_laps + turn * size.laps_a_round
        return bodies[first : first + size.laps_a_round]

    send(bodies[: size.warm_up_laps])
    return in_turns(
        size.rounds,
        lambda turn: send(of_round(turn)),
        lambda turn: floor(tree, [body for lap in of_round(turn) for body in lap]),
    )


def floor(tree: shapely.STRtree, bodies: Sequence[bytes]) -> float:
    """Positions a second of what cannot be left out: reading the bodies, and asking which polygons the positions are in."""
    decode = msgspec.json.Decoder(Body).decode
    count = 0
    began = time.perf_counter()
    for body in bodies:
        pings = decode(body).pings
        points = shapely.points([ping.lon for ping in pings], [ping.lat for ping in pings])
        tree.query(points, predicate="intersects")
        count += len(pings)
    return count / (time.perf_counter() - began)


async def _furnish(http: httpx.AsyncClient, shops: Shops) -> None:
    """Shops and campaigns, over the doors that staff use."""
    (await http.put("/v1/zones", json=shops.as_geojson())).raise_for_status()
    for campaign in campaigns(shops):
        (await http.post("/v1/campaigns", json=campaign)).raise_for_status()


def _bodies(lap: Lap, devices: Sequence[str], began_s: float, size: int) -> list[bytes]:
    columns = ((lap.at_s + began_s).round(3), lap.lat, lap.lon, lap.accuracy_m, lap.speed_mps)
    pings = [Ping(*row) for row in zip(*(column.tolist() for column in columns), devices, strict=True)]
    encode = msgspec.json.Encoder().encode
    return [encode(Body(pings[first : first + size])) for first in range(0, len(pings), size)]


async def _books(http: httpx.AsyncClient) -> tuple[set[Visit], Counter[str]]:
    """What the server kept: its visits, and its decisions by verdict."""
    shop = Shop(http)
    visits = {
        Visit(
            row["id"],
            row["device"],
            row["zone"],
            _ms(row["entered_at"]),
            None if row["exited_at"] is None else _ms(row["exited_at"]),
        )
        for row in await shop.visits()
    }
    return visits, Counter(row["verdict"] for row in await shop.decisions())


def truth(
    shops: Shops, laps: Sequence[Lap], devices: Sequence[str], began_s: float
) -> tuple[set[Visit], int]:
    """The visits that presence gives for the same evidence in this process, and how many decisions their events ask for."""
    zones = _zones(shops)
    compiled = compile_campaigns([read_campaign(campaign) for campaign in campaigns(shops)], zones)
    atlas = compile_atlas(zones, dwells_s=compiled.dwells)
    tracks, patience = Tracks(()), Patience()
    events: list[ZoneEvent] = []
    names = list(devices)
    for lap in laps:
        fixes = Fixes(
            names,
            (lap.at_s + began_s).round(3),
            lap.lat,
            lap.lon,
            lap.accuracy_m,
            lap.speed_mps,
            np.zeros(len(names), np.bool_),
        )
        step = observe(tracks, atlas, Batch(fixes, Heards.of([])), patience)
        keep(tracks, step)
        events += step.events
    return _visits_of(events), sum(_listening(compiled, event) for event in events)


def _zones(shops: Shops) -> Sequence[Zone]:
    return tuple(read_zones(shops.as_geojson()).zones)


def _listening(compiled: Compiled, event: ZoneEvent) -> int:
    return len(compiled.listening(event.kind, event.zone, event.dwelled_s))


def _visits_of(events: Sequence[ZoneEvent]) -> set[Visit]:
    exited = {event.visit: _whole_ms(event.at.timestamp()) for event in events if event.kind == "exited"}
    return {
        Visit(
            event.visit,
            event.device,
            event.zone,
            _whole_ms(event.entered_at.timestamp()),
            exited.get(event.visit),
        )
        for event in events
        if event.kind == "entered"
    }


def check(true: set[Visit], kept: set[Visit], heard: int, decided: int) -> None:
    if true != kept:
        missing, strange = true - kept, kept - true
        one: Any = next(iter(missing or strange))
        raise Untrue(
            f"{len(missing)} visits that the evidence tells of were not kept, {len(strange)} kept that it does not tell of: {one}"
        )
    if heard != decided:
        raise Untrue(f"campaigns listen to {heard} events, {decided} decisions were kept")


def _ms(text: str) -> int:
    return _whole_ms(datetime.fromisoformat(text).timestamp())


def _whole_ms(at_s: float) -> int:
    return round(at_s * 1000)

"""A shop with its hot doors open: real records, keys and directory, a local bus, and presence that takes what comes through."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from server.bus.local import LocalBus
from server.bus.measures import Measures
from server.ingest.asgi import HotDoors, routes
from server.ingest.directory import Directory
from server.ingest.door import Door, Limits
from server.presence.observe import keep, observe
from server.presence.sighting import Batch
from server.records import anchors, consents, devices, gateways, keys, shoppers
from server.records.consents import Wording
from server.records.database import Database
from server.records.devices import Rotating
from server.records.keys import Keyring
from server.web import problem
from server.zones.zone import Anchor
from tests.makers import LAT, LON, NOON_S, Walkthrough, a_shop

WORDS = Wording(version="1", language="it", how="app")


@dataclass(frozen=True)
class Known:
    """Somebody with a token, by the id of their device or gateway."""

    id: str
    token: str
    shopper: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Shop:
    """What a test may do before and behind the doors. Everything happens at `now` (epoch seconds)."""

    def __init__(self, database: Database, limits: Limits, noon) -> None:
        self.database, self.noon, self.now = database, noon, NOON_S
        self.bus = LocalBus(room=20)
        self.keyring = Keyring(database, lambda: self.now)
        self.directory = Directory(database)
        self.measures = Measures()
        self.door = Door(self.bus, self.keyring, self.directory, self.measures, limits, lambda: self.now)
        self.presence = Walkthrough(a_shop(), anchors=())
        self.taken: list[Batch] = []
        app = FastAPI()
        problem.install(app)
        app.include_router(routes(self.door))
        self.slow, self.hot = app, HotDoors(app, self.door, body_within_s=0.2)
        self.client = self.at(self.hot)

    def at(self, application) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://shop.example")

    async def phone(self, *, agreed: bool = True, beacon=None, rotating: Rotating | None = None) -> Known:
        """A device with a token; its shopper has agreed to being located, or not."""
        async with self.database.writing() as work:
            shopper, _ = await shoppers.meet(work, None, self.noon)
            device = await devices.register_device(
                work, shopper.id, "phone", self.noon, beacon=beacon, rotating=rotating
            )
            key = await keys.issue(work, "device", "phone", self.noon, owner=device.id)
        if agreed:
            await self.answers(shopper.id, location=True)
        return Known(device.id, key.token, shopper.id)

    async def answers(self, shopper: str, **purposes: bool) -> None:
        """Written into the records, and told to nobody."""
        async with self.database.writing() as work:
            await consents.give(work, shopper, purposes, WORDS, self.noon)

    async def gateway(self, name: str = "door", beacon: str | None = None) -> Known:
        """A gateway with its anchor an_<name>, which may send a beacon too."""
        async with self.database.writing() as work:
            await anchors.put(work, [anchors.Given(Anchor(f"an_{name}", name), beacon)], self.noon)
            await gateways.add(work, f"gw_{name}", name, f"an_{name}", self.noon)
            key = await keys.issue(work, "gateway", name, self.noon, owner=f"gw_{name}")
        return Known(f"gw_{name}", key.token)

    async def key(self, kind: str) -> Known:
        async with self.database.writing() as work:
            key = await keys.issue(work, kind, kind, self.noon)
        return Known(key.key, key.token)

    async def learn(self) -> None:
        await self.directory.load(self.now)

    async def post(self, path: str, body: Any, who: Known | None = None, **headers: str) -> httpx.Response:
        """`body`: bytes as they are, anything else as JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = (who.headers if who else {}) | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return await self.client.post(path, content=sent, headers=given)

    async def verdicts(self, path: str, body: Any, who: Known) -> list[str]:
        answer = await self.post(path, body, who)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == answer.json()["verdicts"].count("accepted")
        return answer.json()["verdicts"]

    def traces(self) -> set[str]:
        """Devices of which anything at all went past the door."""
        passed = {device for batch in self.taken for device in (*batch.fixes.device, *batch.heards.device)}
        return passed | set(self.presence.tracks.slot_of)

    def counted(self) -> dict[str, int]:
        """The verdicts that operators see."""
        samples = [s for m in self.measures.registry.collect() for s in m.samples]
        return {
            s.labels["verdict"]: int(s.value)
            for s in samples
            if s.name == "soglia_sightings_total" and s.value
        }

    async def queue(self, sightings: int) -> None:
        """Until so many wait for the path."""
        async with asyncio.timeout(10):
            while self.bus.waiting < sightings:  # noqa: ASYNC110  (the queue has no event for it)
                await asyncio.sleep(0)

    async def lose_records(self) -> None:
        """The database is gone: its file is no database any more."""
        await self.database.close()
        _ruin(Path(self.database.engine.url.database))

    async def take(self) -> None:
        """The path, as long as it is not cancelled: presence without records."""
        while True:
            for handover in await self.bus.take():
                self.taken.append(handover.batch)
                presence = self.presence
                step = observe(presence.tracks, presence.atlas, handover.batch, presence.patience)
                keep(presence.tracks, step)
                handover.answer(step.verdicts)


def _ruin(file: Path) -> None:
    file.write_bytes(b"rust" * 2000)


def a_ping(seconds: float = 0.0, **changes) -> dict:
    """A fix so many seconds after noon; None leaves a field out."""
    ping = {"at": NOON_S + seconds, "lat": LAT, "lon": LON, "accuracy": 12, **changes}
    return {name: value for name, value in ping.items() if value is not None}


def pings(*some: dict, **more) -> dict:
    return {"pings": list(some), **more}


def a_sighting(seconds: float = 0.0, id: str = "ibeacon:nobody:1:2", **changes) -> dict:
    return {"at": NOON_S + seconds, "id": id, "rssi": -71.5, "count": 4, **changes}


def sightings(*some: dict, **more) -> dict:
    return {"sightings": list(some), **more}

"""A shop at a street corner behind a real server process: set up over HTTP, walked into by phones, its server killed at will."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulator.fcm import FcmStandIn
from simulator.house import House
from simulator.stage import premises

LAT, LON = 45.4722, 9.1871
#: The shortest lease that the server takes: what was being sent when it was killed is sent again after that.
SETTINGS = {"SOGLIA_OUTBOX__LEASE_S": "30"}
#: A killed server, its restart and a lease that runs out all fit in.
WAITS_S = 120.0


@dataclass
class Corner:
    """The running shop; `http` speaks with a server key."""

    house: House
    fcm: FcmStandIn
    http: httpx.AsyncClient
    answers: list[str] = field(default_factory=list)

    async def open(self, **campaign: Any) -> None:
        """The shop with one live campaign that greets whoever enters."""
        await self._put(
            "/v1/zones",
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [LON, LAT]},
                "properties": {
                    "id": "corner",
                    "name": "Corner",
                    "level": "site",
                    "radius": 60,
                    "time_zone": "Europe/Rome",
                },
            },
        )
        greets = {
            "id": "welcome",
            "name": "Welcome",
            "state": "live",
            "trigger": {"on": "entered", "where": {"zones": ["corner"]}},
            "offer": {"title": {"en": "Welcome"}, "body": {"en": "20 % off"}, "life_s": 3600},
        }
        await self._put("/v1/campaigns/welcome", greets | campaign)

    async def phone(self, shopper: str, address: str) -> dict[str, str]:
        """A phone of this shopper, who agreed to everything; gives the headers that it speaks with."""
        made = await self.http.post("/v1/devices", json={"shopper": shopper})
        own = {"Authorization": f"Bearer {made.raise_for_status().json()['token']}"}
        await self._put("/v1/devices/me/address", {"kind": "fcm_fid", "value": address}, own)
        agreed = {"purposes": {"location": True, "push": True}, "version": "2026-01"}
        await self._put("/v1/devices/me/consents", agreed, own)
        return own

    async def says(self, phone: dict[str, str], at: float) -> str:
        """The phone says that it was here at `at` (epoch seconds), again until the server answers; gives the verdict."""
        body = {"sent_at": at, "pings": [{"at": at, "lat": LAT, "lon": LON, "accuracy": 9.0}]}
        while True:
            try:
                answer = await self.http.post("/v1/pings", json=body, headers=phone)
            except httpx.TransportError:
                await asyncio.sleep(0.05)  # killed: soon back
                continue
            if answer.status_code in {429, 503}:
                await asyncio.sleep(0.05)
                continue
            (verdict,) = answer.raise_for_status().json()["verdicts"]
            self.answers.append(verdict)
            return str(verdict)

    async def told(self, name: str) -> list[dict[str, Any]]:
        """All `decisions`, or all `visits`, oldest first."""
        answer = await self.http.get(f"/v1/{name}", params={"limit": 1000})
        return list(reversed(answer.raise_for_status().json()[name]))

    async def kill_and_restart(self) -> None:
        await self.house.kill()
        await self.house.start()

    def rows(self, table: str) -> int:
        """How many rows a table of the records has, read behind the server's back."""
        with closing(sqlite3.connect(self.house.folder / "soglia.sqlite3")) as records:
            return int(records.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a test's own word

    async def until(self, it_holds: Callable[[], Any]) -> None:
        """Waits until an awaitable question is answered with something; TimeoutError where it never is."""
        async with asyncio.timeout(WAITS_S):
            while not await it_holds():  # noqa: ASYNC110 - what is waited for is another process's doing
                await asyncio.sleep(0.1)

    async def _put(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        answer = await self.http.put(path, json=body, headers=headers)
        assert answer.is_success, answer.text


@asynccontextmanager
async def a_corner() -> AsyncIterator[Corner]:
    """The server and its stand-in for FCM run; the shop is not set up yet."""
    async with premises(settings=SETTINGS) as here:
        headers = {"Authorization": f"Bearer {here.access.server_key}"}
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(
            base_url=here.house.url, headers=headers, timeout=20, limits=limits
        ) as http:
            yield Corner(here.house, here.fcm, http)


def now_s() -> float:
    return time.time()

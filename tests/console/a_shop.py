"""A furnished shop behind a real server, with staff of every role; a shopper who can walk in.

In: nothing. Out: a `Shop` with its address, a line with a server key, and everybody's e-mail (`owner@brera.example`).
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulator.fcm import FcmStandIn
from simulator.house import House
from simulator.shop import Shop as Office
from simulator.stage import DEMO, premises
from simulator.world import World, read_world
from tests.console.browsing import PASSWORD

ROLES = ("owner", "manager", "marketer", "analyst", "cashier")


@dataclass
class Shop:
    """See the module's text. `world` is the demo's: its zones, gateways and campaigns; `owner` the headers of an owner's own session."""

    house: House
    fcm: FcmStandIn
    http: httpx.AsyncClient
    world: World
    gateways: dict[str, str] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.house.url

    async def hire(self, role: str) -> str:
        """Somebody of this role; gives their e-mail. The first owner comes by the command line, who then lets the others in."""
        email = f"{role}@brera.example"
        if role == "owner" or not self.owner:
            await self._hire_by_command(email, role)
        else:
            body = {"email": email, "name": role.title(), "role": role, "password": PASSWORD}
            (await self.http.post("/v1/staff", json=body, headers=self.owner)).raise_for_status()
        if role == "owner":
            session = await self.http.post("/v1/login", json={"email": email, "password": PASSWORD})
            self.owner = {"Authorization": f"Bearer {session.raise_for_status().json()['token']}"}
        return email

    async def _hire_by_command(self, email: str, role: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "staff", "add", email, "--name", role.title()),
            *("--role", role, "--password-stdin"),
            env=self.house._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(f"{PASSWORD}\n".encode())
        assert process.returncode == 0, said.decode()

    async def meet(self, shopper: str = "ann") -> dict[str, str]:
        """A shopper with a phone who agreed to everything; gives the headers that it speaks with."""
        made = await self.http.post("/v1/devices", json={"shopper": shopper})
        own = {"Authorization": f"Bearer {made.raise_for_status().json()['token']}"}
        address = {"kind": "fcm_fid", "value": f"phone-{shopper}"}
        agreed = {"purposes": {"location": True, "push": True, "profiling": True}, "version": "2026-01"}
        for path, body in (("address", address), ("consents", agreed)):
            answer = await self.http.put(f"/v1/devices/me/{path}", json=body, headers=own)
            answer.raise_for_status()
        return own

    async def ping(self, phone: dict[str, str], at: float, lat: float, lon: float) -> None:
        """The phone says that it was here at `at` (epoch seconds)."""
        body: dict[str, Any] = {
            "sent_at": at,
            "pings": [{"at": at, "lat": lat, "lon": lon, "accuracy": 8.0}],
        }
        (await self.http.post("/v1/pings", json=body, headers=phone)).raise_for_status()


@asynccontextmanager
async def a_shop(*, furnished: bool = True, roles: tuple[str, ...] = ROLES) -> AsyncIterator[Shop]:
    """The shop runs for as long as the block lasts; `furnished` with the demo's zones, gateways and campaigns."""
    async with premises() as here:
        headers = {"Authorization": f"Bearer {here.access.server_key}"}
        async with httpx.AsyncClient(base_url=here.house.url, headers=headers, timeout=30) as http:
            shop = Shop(here.house, here.fcm, http, read_world(DEMO))
            if furnished:
                shop.gateways = await Office(http).furnish(shop.world)
            for role in roles:
                await shop.hire(role)
            yield shop

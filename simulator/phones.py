"""The shoppers' phones: an app that pings, ranges beacons, keeps what could not be sent, receives, shows, opens, redeems.

In: a phone's fixes and hearings, its token, the stand-in FCM's queue for its address. Out: requests, and notes in the journal.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np

from simulator.air import Hearing
from simulator.chance import stream
from simulator.clock import StoryClock
from simulator.fcm import Delivery
from simulator.frame import Frame
from simulator.journal import Arrival, Journal
from simulator.sky import FixTrack

Span = tuple[float, float]
Body = dict[str, Any]

#: An app does not open the radio for every beacon it hears: what was ranged goes out every other second, together.
RANGED_TOGETHER_S = 2.0
#: A phone without a line tries again soon, and then less often.
RETRY_FIRST_S, RETRY_LONGEST_S = 0.25, 2.0
#: How many of those who see an offer open it, and how many of those use it at the till.
OPENS, REDEEMS = 0.6, 0.5
#: Reading takes a moment.
READS_S = 0.5


@dataclass(frozen=True, slots=True)
class Letter:
    """One request to be made, when it became ready (story's second), and how many items it holds."""

    at_s: float
    path: str
    body: Body


def letters(
    fixes: FixTrack | None,
    hearings: Sequence[Hearing],
    beacons: Mapping[str, str],
    frame: Frame,
    clock: StoryClock,
) -> list[Letter]:
    """All that a phone will say, in order: a ping for each fix, a batch of beacons for each turn that had some."""
    said = [*_pings(fixes, frame, clock), *_ranged(hearings, beacons, clock)]
    return sorted(said, key=lambda letter: letter.at_s)


def _pings(fixes: FixTrack | None, frame: Frame, clock: StoryClock) -> list[Letter]:
    if fixes is None:
        return []
    lat, lon = frame.degrees(fixes.x, fixes.y)
    columns = (fixes.at_s, lat, lon, fixes.accuracy_m, fixes.speed_mps)
    said = []
    for at, here_lat, here_lon, accuracy, speed in zip(*(c.tolist() for c in columns), strict=True):
        ping = {
            "at": clock.epoch(at),
            "lat": round(here_lat, 7),
            "lon": round(here_lon, 7),
            "accuracy": accuracy,
        }
        speed_known = {} if np.isnan(speed) else {"speed": speed}
        provider_known = {"provider": fixes.provider} if fixes.provider else {}
        said.append(Letter(at, "/v1/pings", {"pings": [ping | speed_known | provider_known]}))
    return said


def _ranged(hearings: Sequence[Hearing], beacons: Mapping[str, str], clock: StoryClock) -> list[Letter]:
    together: dict[int, list[Body]] = {}
    for hearing in hearings:
        for at, rssi in zip(hearing.at_s.tolist(), hearing.rssi_dbm.tolist(), strict=True):
            heard = {"at": clock.epoch(at), "id": beacons[hearing.anchor], "rssi": rssi, "count": 1}
            together.setdefault(int(at / RANGED_TOGETHER_S), []).append(heard)
    return [
        Letter((turn + 1) * RANGED_TOGETHER_S, "/v1/sightings", {"sightings": heard})
        for turn, heard in together.items()
    ]


@dataclass(slots=True)
class App:
    """One phone's app. `asleep`: a span in which nothing leaves the phone; it all goes out on waking."""

    device: str
    shopper: str
    token: str
    http: httpx.AsyncClient
    till: httpx.AsyncClient
    clock: StoryClock
    journal: Journal
    seed: int
    asleep: Span | None = None
    _waiting: deque[Letter] = field(default_factory=deque)
    _offers: set[str] = field(default_factory=set)

    async def say(self, script: Sequence[Letter]) -> None:
        """Sends each letter when it is ready, in order; keeps those that the server did not take, and tries again."""
        wait = RETRY_FIRST_S
        coming = deque(script)
        while coming or self._waiting:
            if not self._waiting:
                await self.clock.until(self._leaves_at(coming[0]))
            while coming and self._leaves_at(coming[0]) <= self.clock.now_s:
                self._waiting.append(coming.popleft())
            if await self._send(self._waiting[0]):
                self._waiting.popleft()
                wait = RETRY_FIRST_S
            else:
                await asyncio.sleep(wait)
                wait = min(2.0 * wait, RETRY_LONGEST_S)

    def _leaves_at(self, letter: Letter) -> float:
        if self.asleep and self.asleep[0] <= letter.at_s < self.asleep[1]:
            return self.asleep[1]
        return letter.at_s

    async def _send(self, letter: Letter) -> bool:
        """Whether the server took it, or refused it for good."""
        try:
            answer = await self.http.post(
                letter.path,
                json={"sent_at": self.clock.epoch(self.clock.now_s), **letter.body},
                headers=self._auth,
            )
        except httpx.TransportError as error:
            self.journal.refusals[type(error).__name__] += 1
            return False
        if answer.status_code == httpx.codes.OK:
            self.journal.verdicts.update(answer.json()["verdicts"])
            return True
        self.journal.refusals[str(answer.status_code)] += 1
        return 400 <= answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS

    async def receive(self, tray: asyncio.Queue[Delivery]) -> None:
        """Shows what arrives, tells the server, opens some, uses some at the till."""
        chance = stream(self.seed, "reading", self.device)
        while True:
            delivery = await tray.get()
            data = delivery.message.data
            offer = data.get("offer", "")
            again = offer in self._offers
            self._offers.add(offer)
            self.journal.arrivals.append(
                Arrival(
                    self.shopper,
                    self.device,
                    data.get("campaign", ""),
                    data.get("visit", ""),
                    offer,
                    delivery.message.title or "",
                    delivery.arrived_at,
                    again,
                )
            )
            self.journal.last.append(f"{self.shopper}: {delivery.message.title}")
            await self._receipt(offer, "shown")
            if chance.random() < OPENS:
                await asyncio.sleep(READS_S)
                await self._receipt(offer, "opened")
                if chance.random() < REDEEMS:
                    await self._redeem(offer, float(np.round(chance.uniform(20, 180), 2)))

    async def _receipt(self, offer: str, kind: str) -> None:
        receipt = {"offer": offer, "kind": kind, "at": datetime.now(UTC).isoformat()}
        try:
            answer = await self.http.post("/v1/receipts", json={"receipts": [receipt]}, headers=self._auth)
        except httpx.TransportError as error:
            self.journal.refusals[type(error).__name__] += 1
            return
        taken = answer.json()["verdicts"][0] if answer.is_success else str(answer.status_code)
        self.journal.receipts[kind if taken == "accepted" else taken] += 1

    async def _redeem(self, offer: str, amount: float) -> None:
        try:
            answer = await self.till.post(
                "/v1/redemptions", json={"offer": offer, "amount": amount, "till": "cassa 1"}
            )
        except httpx.TransportError as error:
            self.journal.refusals[type(error).__name__] += 1
            return
        if answer.is_success:
            self.journal.redeemed += 1
        else:
            self.journal.refusals[f"redeem {answer.status_code}"] += 1

    @property
    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def lines(
    server_url: str, server_key: str
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """(the phones' line, the till's line): pooled connections to the server; the till speaks with a server key."""
    # a line of its own for each phone: one that waited for another's would seem to have a slow clock
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        httpx.AsyncClient(base_url=server_url, limits=limits, timeout=10.0) as phones,
        httpx.AsyncClient(
            base_url=server_url, timeout=30.0, headers={"Authorization": f"Bearer {server_key}"}
        ) as till,
    ):
        yield phones, till

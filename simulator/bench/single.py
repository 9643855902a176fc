"""How many single pings a second the server answers, as a share of a bare ASGI endpoint on the same server program.

Measured: phones with a token and a kept-alive connection each, one ping a request, to a real server process with 1,000 shops on its
embedded database with its real durability; each walks, so some pings open and close visits. Against it: the same requests to
`bare`, which reads the body and answers as many bytes. Both in turns, by the same client. Every answer must be an accepted one.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx

from simulator.bench.bare import ANSWER
from simulator.bench.crowd import Lap, Shops, build_shops, walk
from simulator.bench.load import Asked, all_accepted, load, post
from simulator.bench.rounds import Compared, in_turns
from simulator.house import House, free_port

CAPTION = "single pings/s through HTTP, as a share of a bare ASGI endpoint on the same server program"

#: The phones' clocks run ahead of ours, as their laps of 5 s follow each other faster than that; the server is told to bear it.
FURTHEST_S = 3_600.0
STARTS_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many phones, each on a connection of its own, and how long."""

    phones: int = 32
    shops: int = 1_000
    warm_up_laps: int = 20
    rounds: int = 9
    laps_a_round: int = 60

    @property
    def laps(self) -> int:
        return self.warm_up_laps + self.rounds * self.laps_a_round


def run() -> dict[str, object]:
    """The figures. Raises load.Unanswered, house.HouseFailed."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for any number of phones."""
    shops = build_shops(size.shops, seed)
    laps = list(islice(walk(shops, size.phones, seed), size.laps))
    with tempfile.TemporaryDirectory(prefix="soglia-bench-") as folder:
        return asyncio.run(_measured(size, shops, laps, Path(folder)))


async def _measured(size: Size, shops: Shops, laps: Sequence[Lap], folder: Path) -> dict[str, object]:
    settings = {"SOGLIA_FRESHNESS__FUTURE_S": f"{FURTHEST_S:.0f}", "SOGLIA_LOGS__LEVEL": "warning"}
    house = House(folder, settings)
    key = await house.server_key()
    try:
        await house.start()
        async with (
            httpx.AsyncClient(base_url=house.url, headers=_bearer(key), timeout=60.0) as http,
            _bare_server() as bare_port,
        ):
            (await http.put("/v1/zones", json=shops.as_geojson())).raise_for_status()
            tokens = [await _register(http) for _ in range(size.phones)]
            compared = await asyncio.to_thread(
                _compared, size, _requests(laps, tokens), house.port, bare_port
            )
            visits = len((await http.get("/v1/visits", params={"limit": 100})).json()["visits"])
    finally:
        await house.stop()
    return {
        **compared.figures("pings_per_s", "bare_requests_per_s"),
        "pings": size.phones * size.laps,
        "some_visits": visits,
    }


def _compared(size: Size, requests: Sequence[Sequence[bytes]], port: int, bare_port: int) -> Compared:
    """`requests` has a row a phone. The server and the bare endpoint in turns; the bare one gets the same bytes."""

    def send(to: int, first: int, count: int, answer: bytes) -> float:
        shares = [_asked(row[first : first + count], answer) for row in requests]
        return count * len(requests) / load(to, shares)

    def first_of(turn: int) -> int:
        return size.warm_up_laps + min(turn, size.rounds - 1) * size.laps_a_round

    send(port, 0, size.warm_up_laps, all_accepted(1))
    send(bare_port, 0, size.warm_up_laps, ANSWER)
    return in_turns(
        size.rounds,
        lambda turn: send(port, first_of(turn), size.laps_a_round, all_accepted(1)),
        lambda turn: send(bare_port, first_of(turn), size.laps_a_round, ANSWER),
    )


def _asked(requests: Sequence[bytes], answer: bytes) -> Iterator[Asked]:
    return iter([Asked(request, answer) for request in requests])


def _requests(laps: Sequence[Lap], tokens: Sequence[str]) -> list[list[bytes]]:
    """A row a phone, a request a lap."""
    began_s = float(round(time.time()))
    rows: list[list[bytes]] = [[] for _ in tokens]
    for lap in laps:
        for i, token in enumerate(tokens):
            ping = (
                f'{{"pings":[{{"at":{lap.at_s[i] + began_s:.3f},"lat":{lap.lat[i]:.7f},"lon":{lap.lon[i]:.7f},'
                f'"accuracy":{lap.accuracy_m[i]:.1f}}}]}}'
            )
            rows[i].append(post("/v1/pings", token, ping.encode()))
    return rows


async def _register(http: httpx.AsyncClient) -> str:
    """A phone whose owner agreed; gives its token."""
    answer = (await http.post("/v1/devices", json={"kind": "phone"})).raise_for_status()
    token = str(answer.json()["token"])
    agreed = {"purposes": {"location": True, "push": True}, "version": "1", "language": "it"}
    (await http.put("/v1/devices/me/consents", json=agreed, headers=_bearer(token))).raise_for_status()
    return token


@asynccontextmanager
async def _bare_server() -> AsyncIterator[int]:
    """The bare endpoint in a process of its own; gives its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "simulator.bench.bare", str(port))
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        yield port
    finally:
        process.terminate()
        await process.wait()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

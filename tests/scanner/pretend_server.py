"""A server as a gateway sees it: real HTTP, real signatures, and faults on demand.

By hand: `python tests/scanner/pretend_server.py` prints its address and every heartbeat and batch it takes.
"""

import asyncio
import gzip
import hashlib
import hmac
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

TOKEN = "sog_gateway_pretend"


class PretendServer:
    """Takes what is rightly signed. `fault`, where set, may answer (or not) before anything is taken."""

    def __init__(self, tell: Callable[[str], object] = lambda _: None) -> None:
        self.heartbeats: list[dict[str, Any]] = []
        self.sightings: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.asked: Counter[str] = Counter()
        self.settings: dict[str, Any] = {"gateway": "gw_1", "ours": {}, "window_s": 0.2, "version": "1"}
        self.fault: Callable[[str, dict[str, Any] | None], web.Response | None] = lambda *_: None
        self.url = ""
        self._tell = tell
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_post("/v1/sightings", self._take)
        app.router.add_post("/v1/gateways/me/heartbeat", self._beat)
        app.router.add_get("/v1/gateways/me/settings", self._instruct)
        # The signature is over the bytes as sent, so nobody may inflate them before us.
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, auto_decompress=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    @property
    def ids(self) -> set[str]:
        return {sighting["id"] for sighting in self.sightings}

    async def _read(self, request: web.Request) -> tuple[dict[str, Any], web.Response | None]:
        packed = await request.read()
        body = json.loads(gzip.decompress(packed))
        self.asked[request.path] += 1
        if (answer := self.fault(request.path, body)) is not None:
            return body, answer
        signed = dict(part.split("=") for part in request.headers["Soglia-Signature"].split(","))
        key = hmac.digest(TOKEN.encode(), b"soglia-signature-v1", hashlib.sha256)
        right = hmac.digest(key, signed["t"].encode() + b"." + packed, hashlib.sha256).hex()
        known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return body, None if known and signed["v1"] == right else web.json_response(
            {"title": "who?"}, status=401
        )

    async def _take(self, request: web.Request) -> web.Response:
        body, fault = await self._read(request)
        if fault is not None:
            return fault
        self.sightings += body["sightings"]
        self.batches.append(len(body["sightings"]))
        self._tell(f"sightings {json.dumps(body['sightings'])}")
        verdicts = ["accepted"] * len(body["sightings"])
        return web.json_response({"accepted": len(verdicts), "verdicts": verdicts, "problems": []})

    async def _beat(self, request: web.Request) -> web.Response:
        body, fault = await self._read(request)
        if fault is not None:
            return fault
        self.heartbeats.append(body)
        self._tell(f"heartbeat {json.dumps(body)}")
        return web.json_response({"server_time": time.time()})

    async def _instruct(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        if (answer := self.fault(request.path, None)) is not None:
            return answer
        etag = f'"{self.settings["version"]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.json_response(self.settings, headers={"ETag": etag})


async def main() -> None:
    server = PretendServer(tell=lambda line: sys.stdout.write(f"{time.strftime('%T')} {line}\n"))
    server.settings |= {
        "ours": {
            "ibeacon_uuids": ["5a4bcfce-174e-4bac-a814-092e77f6b7e5"],
            "eddystone_namespaces": ["00112233445566778899"],
        },
        "window_s": 1.0,
    }
    await server.start(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    sys.stdout.write(f"{server.url} token {TOKEN}\n")
    while True:
        sys.stdout.flush()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main())

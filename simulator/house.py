"""A real server, as an operator runs it: a process of its own, a fresh database, settings by environment. In: a folder. Out: its address.

`python -m server serve` and `key add`, nothing more; the simulator meets it over HTTP only.
"""

import asyncio
import os
import re
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

#: A cold start on a small busy machine: imports, migrations, the first transaction.
READY_WITHIN_S = 60.0
STOPS_WITHIN_S = 15.0
TOKEN = re.compile(r"sog_server_[A-Za-z0-9_-]{43}")


class HouseFailed(Exception):
    """The server did not start, or stopped; says the last lines of its log."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """Where staff log in, and as whom."""

    url: str
    email: str
    password: str


class House:
    """One server process. `start` and `kill` may be called again and again: the database stays."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """`settings` are environment variables (SOGLIA_...), on top of our own environment."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._environment = {**os.environ, **settings, **_own_settings(folder, self.port)}
        self._process: asyncio.subprocess.Process | None = None

    async def command(self, *words: str, given: str = "") -> str:
        """Runs one command of the server's command line, with this on its standard input; gives its output. Raises HouseFailed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", *words),
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(given.encode())
        if process.returncode != 0:
            raise HouseFailed(
                f"soglia {' '.join(words)}: exit {process.returncode}\n{output.decode(errors='replace')}"
            )
        return output.decode()

    async def server_key(self) -> str:
        """A new server key, as an administrator makes one. Raises HouseFailed."""
        said = await self.command("key", "add", "--kind", "server", "--name", "simulator")
        if (token := TOKEN.search(said)) is None:
            raise HouseFailed(f"soglia key add gave no token:\n{said}")
        return token[0]

    async def owner(self) -> LogIn:
        """Hires an owner, so that whoever watches can log in to the console. Raises HouseFailed."""
        owner = LogIn(f"{self.url}/", "owner@demo.example", secrets.token_urlsafe(9))
        words = ("staff", "add", owner.email, "--name", "Demo", "--role", "owner", "--password-stdin")
        await self.command(*words, given=f"{owner.password}\n")
        return owner

    async def start(self) -> float:
        """Starts the process and waits until it is ready. Returns the seconds that took. Raises HouseFailed."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "serve", env=self._environment, stdout=log, stderr=log
            )
        async with httpx.AsyncClient(base_url=self.url, timeout=2.0) as http:
            while not await self._is_ready(http):
                if time.monotonic() - began > READY_WITHIN_S:
                    raise HouseFailed(
                        f"the server was not ready within {READY_WITHIN_S:.0f} s:\n{self.last_words()}"
                    )
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        if self._process is not None and self._process.returncode is not None:
            raise HouseFailed(f"the server stopped with {self._process.returncode}:\n{self.last_words()}")
        try:
            return (await http.get("/health/ready")).is_success
        except httpx.TransportError:
            return False

    async def kill(self) -> None:
        """Ends it as kill -9 does: no warning, no farewell."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Asks the process to stop, and waits; kills it when it does not."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), STOPS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def last_words(self, lines: int = 20) -> str:
        """The end of the server's log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])


@asynccontextmanager
async def open_house(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[House]:
    """A running server (the embedded size migrates by itself); stopped on leaving. Raises HouseFailed."""
    house = House(folder, settings)
    try:
        await house.start()
        yield house
    finally:
        await house.stop()


def _own_settings(folder: Path, port: int) -> dict[str, str]:
    return {
        "SOGLIA_SERVER__HOST": "127.0.0.1",
        "SOGLIA_SERVER__PORT": str(port),
        "SOGLIA_DATABASE__URL": f"sqlite+aiosqlite:///{folder / 'soglia.sqlite3'}",
    }


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

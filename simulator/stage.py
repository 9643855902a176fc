"""What every story needs and gives. In: a town and who watches. Out: an `Outcome`, after a real server has played it.

A scenario (simulator/scenarios/) is `CAPTION` and `async def play(stage: Stage) -> Outcome`; most of them only raise a town
and hand it to `perform`.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from simulator.fcm import FcmStandIn
from simulator.house import House, open_house
from simulator.live import Access, Play, playing, verdict_of
from simulator.town import Town
from simulator.verdict import Happened, Verdict

#: config/demo of the checkout that this file lies in.
DEMO = Path(__file__).resolve().parents[1] / "config" / "demo"

#: The server's own default: older news makes history, never messages.
FRESHNESS_S = 120.0

#: Environment variables of the server, beyond those that every story needs.
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

#: Who watches a story: called once, runs beside it, is cancelled when it is over.
Watcher = Callable[[Play], Awaitable[None]]


class CannotPlay(Exception):
    """The story lacks something that it was not given; says what and how to give it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How a story was asked for. `data`: the folder of recorded traces; `times`: how often, where a story repeats something."""

    seed: int = 1
    shop: Path = DEMO
    data: Path | None = None
    times: int | None = None
    seconds: float | None = None
    watch: Watcher | None = None
    say: Callable[[str], None] = print


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the story went as it should, its figures, and its sentences."""

    good: bool
    figures: Mapping[str, object]
    sentences: Sequence[str] = field(default=())
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Premises:
    """Everything that runs: the server, the stand-in FCM, and a server key."""

    house: House
    fcm: FcmStandIn
    access: Access


@asynccontextmanager
async def premises(seed: int = 0, settings: Mapping[str, str] = NO_SETTINGS) -> AsyncIterator[Premises]:
    """A fresh server on a fresh database with a stand-in FCM, all in a folder that is gone afterwards. Raises HouseFailed."""
    with tempfile.TemporaryDirectory(prefix="soglia-simulator-") as name:
        folder = Path(name)
        async with FcmStandIn(seed=seed) as fcm:
            own = {
                "SOGLIA_FCM__ENDPOINT": fcm.url,
                "SOGLIA_FCM__SERVICE_ACCOUNT_FILE": str(fcm.service_account_file(folder)),
                "SOGLIA_CONSOLE__GROUND_FILE": str(DEMO / "street.geojson"),  # whoever looks sees the street
            }
            async with open_house(folder, own | dict(settings)) as house:
                key = await house.server_key()
                yield Premises(house, fcm, Access(house.url, key, folder))


async def perform(
    town: Town, stage: Stage, settings: Mapping[str, str] = NO_SETTINGS
) -> tuple[Verdict, Happened]:
    """Plays a town from beginning to end under a server with these settings, and judges it. Raises HouseFailed, Refused."""
    freshness_s = float(settings.get("SOGLIA_FRESHNESS__LIMIT_S", FRESHNESS_S))
    async with (
        premises(town.seed, settings) as here,
        playing(town, here.access, here.fcm) as (play, story),
        watched(play, stage.watch),
    ):
        if stage.watch is not None:
            play.staff = await here.house.owner()
        happened = await story
        return verdict_of(play, happened, freshness_s), happened


@asynccontextmanager
async def watched(play: Play, watcher: Watcher | None) -> AsyncIterator[None]:
    """Lets somebody watch for as long as the block lasts."""
    if watcher is None:
        yield
        return
    task = asyncio.ensure_future(watcher(play))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def judged(town: Town, stage: Stage, settings: Mapping[str, str] = NO_SETTINGS) -> Outcome:
    """The outcome of a story that is a town and its verdict."""
    verdict, _ = await perform(town, stage, settings)
    return Outcome(verdict.good, verdict.as_json(), verdict.complaints, verdict)

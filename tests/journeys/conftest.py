"""Stories are played in real time, so those that were asked for are played side by side, each with a server of its own."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from simulator.scenarios import scenarios
from simulator.stage import Outcome, Stage

#: More at once would make a small machine late, and lateness is judged.
AT_ONCE = 3


@pytest.fixture(scope="session")
def playbill() -> Iterator[Callable[[str, Stage], "Future[Outcome]"]]:
    """Starts a story, or gives the one that was started: `playbill(name, stage).result()`."""
    started: dict[str, Future[Outcome]] = {}
    with ThreadPoolExecutor(AT_ONCE) as stages:

        def start(name: str, stage: Stage) -> "Future[Outcome]":
            if name not in started:
                started[name] = stages.submit(lambda: asyncio.run(scenarios()[name].play(stage)))
            return started[name]

        yield start

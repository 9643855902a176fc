"""One file a story; this finds them. A file that breaks the contract stops the start, not the evening.

The contract: `CAPTION: str`, one line for people who choose; `async def play(stage: Stage) -> Outcome`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from simulator.stage import Outcome, Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    caption: str
    play: Callable[[Stage], Awaitable[Outcome]]


def scenarios() -> dict[str, Scenario]:
    """All stories by name. Raises TypeError, which names the file, for one that lacks its caption or its play."""
    found = {}
    for listed in iter_modules(__path__):
        story = import_module(f"{__name__}.{listed.name}")
        caption, play = getattr(story, "CAPTION", None), getattr(story, "play", None)
        if not isinstance(caption, str) or not callable(play):
            raise TypeError(f"{story.__name__} needs CAPTION and `async def play(stage)`")
        found[listed.name] = Scenario(listed.name, caption, play)
    return found

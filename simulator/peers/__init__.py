"""One file an algorithm of other projects, re-implemented from their published logic as baselines. Good for ranking, not for accusing.

The contract: `NAME: str`, what `--algorithm` takes; `SENSE`, "radio" or "fixes"; `SOURCE: str`, one line: whose logic, which version was
read; `play(case: Case) -> list[Said]`, by time. A file that breaks it stops the start, not the table. Numbers are the projects' defaults.
What they share lies in the folder `parts`: folders are not looked into, so every file here is an algorithm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from simulator.score.case import Case, Said, Sense

SENSES: Final[tuple[Sense, ...]] = ("radio", "fixes")


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    sense: Sense
    source: str
    play: Callable[[Case], list[Said]]


def peers() -> dict[str, Peer]:
    """All peers by name. Raises TypeError, which names the file, for one that breaks the contract or takes another's name."""
    found: dict[str, Peer] = {}
    for listed in iter_modules(__path__):
        if listed.ispkg:
            continue
        file = import_module(f"{__name__}.{listed.name}")
        sense = next((each for each in SENSES if each == getattr(file, "SENSE", None)), None)
        name, source, play = (getattr(file, each, None) for each in ("NAME", "SOURCE", "play"))
        if not isinstance(name, str) or not isinstance(source, str) or not callable(play) or sense is None:
            raise TypeError(
                f"{file.__name__} needs NAME, SENSE (radio or fixes), SOURCE and `play(case) -> list[Said]`"
            )
        if name in found:
            raise TypeError(f"{file.__name__} takes the name {name}, which another file has")
        found[name] = Peer(name, sense, source, play)
    return found

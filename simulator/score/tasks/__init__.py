"""One file a task: recordings and rules -> `Case`s. A file that breaks the contract stops the start.

The contract: `NAME: str` and `CAPTION: str`; `SENSE: "radio" | "fixes"`; `OPTIONS: frozenset[str]`, the options of the
command that change anything; `def cases(asked: Asked) -> list[Case]`, which raises NoTrace where the recordings are not there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from simulator.score.asked import Asked
from simulator.score.case import Case, Sense


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    caption: str
    sense: Sense
    options: frozenset[str]
    cases: Callable[[Asked], list[Case]]


def tasks() -> dict[str, Task]:
    """All tasks by name. Raises TypeError, which names the file, for one that breaks the contract."""
    found = {}
    for listed in iter_modules(__path__):
        task = import_module(f"{__name__}.{listed.name}")
        parts = [getattr(task, part, None) for part in ("NAME", "CAPTION", "SENSE", "OPTIONS", "cases")]
        if not all(parts) or not callable(parts[-1]):
            raise TypeError(f"{task.__name__} needs NAME, CAPTION, SENSE, OPTIONS and `def cases(asked)`")
        found[task.NAME] = Task(task.NAME, task.CAPTION, task.SENSE, task.OPTIONS, task.cases)
    return found

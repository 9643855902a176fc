"""One task played by some algorithms and judged. In: what was asked. Out: what each said and its figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.score.algorithms import OURS, Algorithm, algorithms
from simulator.score.asked import Asked
from simulator.score.case import Case, Said, Sense
from simulator.score.judge import Figures, judged
from simulator.score.tasks import Task, tasks

EVERY = "all"


class NoSuch(ValueError):
    """There is no task or algorithm of that name; says which there are."""


@dataclass(frozen=True, slots=True)
class Scored:
    """`said` belongs to `cases`, one by one."""

    algorithm: str
    cases: Sequence[Case]
    said: Sequence[Sequence[Said]]
    figures: Figures


def task_named(name: str) -> Task:
    """Raises NoSuch."""
    known = tasks()
    if name not in known:
        raise NoSuch(f"There is no task {name}. There are {', '.join(known)}.")
    return known[name]


def algorithms_named(name: str, sense: Sense) -> list[Algorithm]:
    """The one of that name, or all that fit the sense. Raises NoSuch."""
    fitting = [each for each in algorithms().values() if each.sense in {sense, None}]
    if name == EVERY:
        return fitting
    chosen = [each for each in fitting if each.name == name]
    if not chosen:
        names = ", ".join(each.name for each in fitting)
        raise NoSuch(f"There is no algorithm {name} for {sense}. There are {names}, or all.")
    return chosen


def scored(task: str, asked: Asked, algorithm: str = OURS, called: str | None = None) -> Iterator[Scored]:
    """The task's cases played by one algorithm or by all. Raises NoSuch, NoTrace. `called` is the row's name in the figures."""
    chosen = task_named(task)
    players = algorithms_named(algorithm, chosen.sense)
    cases = chosen.cases(asked)
    for player in players:
        said = player.play_all(cases)
        yield Scored(player.name, cases, said, judged(called or task, player.name, cases, said))

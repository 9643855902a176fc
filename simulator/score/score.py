"""One task played by some algorithms and judged. In: what was asked. Out: what each said and its figures."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.score.algorithms import OURS, Algorithm, algorithms
from simulator.score.asked import Asked
from simulator.score.case import Case, Said, Sense
from simulator.score.judge import Figures, judged
from simulator.score.repeats import SEEDS, SMALL_H, mean_of
from simulator.score.tasks import Task, tasks
from simulator.score.whole import OPTIONS, learns_less, rows
from simulator.score.windows import told_in_windows
from simulator.traces.trace import NoTrace

EVERY = "all"


class AskedWrongly(ValueError):
    """What was asked cannot be done, or would change nothing; says why."""


@dataclass(frozen=True, slots=True)
class Scored:
    """`said` belongs to `cases`, one by one, by the first seed; `figures` are the mean over all. `task` and `options`: as `score` takes them."""

    task: str
    options: str
    algorithm: str
    cases: Sequence[Case]
    said: Sequence[Sequence[Said]]
    figures: Figures

    def events(self) -> Iterator[str]:
        """What was predicted, one JSON object a line, in order of knowing; times are those of the recording's own clock."""
        told = [(each, case) for case, some in zip(self.cases, self.said, strict=True) for each in some]
        for each, case in sorted(told, key=lambda pair: (pair[0].t + pair[1].began_s, pair[1].name)):
            yield json.dumps(
                {
                    "t": round(each.t + case.began_s, 3),
                    "device": case.name,
                    "zone": each.zone,
                    "event": each.event,
                    "at": round(each.at + case.began_s, 3),
                    "task": self.task,
                    "options": self.options,
                    "algorithm": self.algorithm,
                }
            )


def scored(
    task: str, asked: Asked, algorithm: str = OURS, say: Callable[[str], None] = lambda _: None
) -> Iterator[Scored]:
    """A task, or all of those whose recordings are there, played by one algorithm or by all. Raises AskedWrongly, NoTrace.

    `say` is told of tasks of the whole table that cannot be played.
    """
    if task != EVERY:
        chosen = _task(task)
        _refuse_idle(task, chosen.options, asked)
        yield from _row(chosen, asked, algorithm)
        return
    _refuse_idle(EVERY, OPTIONS, asked)
    nothing = True
    for own, row in rows(asked):
        chosen = _task(own)
        if algorithm != EVERY and algorithm not in {each.name for each in _fitting(chosen.sense)}:
            continue  # all tasks of its own sense, then
        only_ours = learns_less(row, asked) and algorithm == EVERY
        try:
            yield from _row(chosen, row, OURS if only_ours else algorithm)
            nothing = False
        except NoTrace as error:
            say(f"{_called(own, row)} is left out: {error}")
    if nothing:
        raise NoTrace(f"{asked.data} holds nothing that {algorithm} could be scored on")


def _row(task: Task, asked: Asked, algorithm: str) -> Iterator[Scored]:
    players = _players(algorithm, task.sense)
    by_seed = {seed: _cases(task, replace(asked, seed=seed)) for seed in _seeds(task, asked)}
    first = next(iter(by_seed.values()))
    for player in players:
        said = {seed: player.play_all(cases) for seed, cases in by_seed.items()}
        figures = [judged(task.name, player.name, by_seed[seed], told) for seed, told in said.items()]
        row = {**mean_of(figures), "options": _options(asked)}
        yield Scored(task.name, _options(asked), player.name, first, next(iter(said.values())), row)


def _cases(task: Task, asked: Asked) -> list[Case]:
    """The task's cases, as gateways would tell of them."""
    cases = task.cases(asked)
    if task.sense == "radio" and asked.packets == "windowed":
        return [told_in_windows(case, asked.seed) for case in cases]
    return cases


def _seeds(task: Task, asked: Asked) -> Sequence[int]:
    """Several for small recordings of radio, whose figures hang on which packets are lost; else the one that was asked for."""
    if not asked.repeated or task.sense != "radio":
        return (asked.seed,)
    small = sum(case.seconds for case in task.cases(asked)) < SMALL_H * 3600
    return SEEDS if small else (asked.seed,)


def _called(task: str, asked: Asked) -> str:
    return f"{task} {_options(asked)}".strip()


def _options(asked: Asked) -> str:
    return " ".join(f"--{name} {word}" for name, word in asked.options.items())


def _refuse_idle(name: str, known: frozenset[str], asked: Asked) -> None:
    """Raises AskedWrongly for an option that would change nothing."""
    if idle := [f"--{option}" for option in asked.options if option not in known]:
        takes = ", ".join(f"--{option}" for option in sorted(known))
        raise AskedWrongly(f"{', '.join(idle)} would change nothing: {name} takes {takes}.")


def _task(name: str) -> Task:
    known = tasks()
    if name not in known:
        raise AskedWrongly(f"There is no task {name}. There are {', '.join(known)}, or {EVERY}.")
    return known[name]


def _players(name: str, sense: Sense) -> list[Algorithm]:
    """The one of that name, or all that fit the sense."""
    fitting = _fitting(sense)
    chosen = [each for each in fitting if name in {EVERY, each.name}]
    if not chosen:
        names = ", ".join(each.name for each in fitting)
        raise AskedWrongly(f"There is no algorithm {name} for {sense}. There are {names}, or {EVERY}.")
    return chosen


def _fitting(sense: Sense) -> list[Algorithm]:
    return [each for each in algorithms().values() if each.sense in {sense, None}]

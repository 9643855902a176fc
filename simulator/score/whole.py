"""The whole table: every task as it is asked for, in one run. A row is a task and its options, as `score` takes them."""

from collections.abc import Callable
from dataclasses import replace

from simulator.score.asked import Asked

Ask = Callable[[Asked], Asked]

#: The task, and what is asked differently.
ROWS: tuple[tuple[str, Ask], ...] = (
    ("tetam-walk", lambda asked: asked),
    ("tetam-walk", lambda asked: replace(asked, thin=0.5)),
    ("tetam-walk", lambda asked: replace(asked, thin=0.25)),
    ("tetam-walk", lambda asked: replace(asked, survey=None)),
    ("tetam-walk", lambda asked: replace(asked, thin=0.25, survey=None)),
    ("tetam-near", lambda asked: asked),
    ("tetam-near", lambda asked: replace(asked, survey=None)),
    ("tetam-standing", lambda asked: asked),
    ("tetam-standing", lambda asked: replace(asked, survey=None)),
    ("tetam-visits", lambda asked: asked),
    ("tetam-visits", lambda asked: replace(asked, survey=None)),
    ("flat-rooms", lambda asked: asked),
    ("flat-rooms", lambda asked: replace(asked, survey=None)),
    ("fences", lambda asked: _fences(asked, 20.0)),
    ("fences", lambda asked: _fences(asked, 40.0)),
    ("fences", lambda asked: _fences(asked, 30.0, 5.0)),
    ("fences", lambda asked: _fences(asked, 60.0, 5.0)),
    ("fences", lambda asked: _fences(asked, 60.0, 15.0)),
    ("fences", lambda asked: _fences(asked, 120.0, 15.0)),
)
#: What may be asked of all rows; the others differ from row to row.
OPTIONS = frozenset({"survey", "packets"})


def rows(asked: Asked) -> list[tuple[str, Asked]]:
    """Each row once, in order."""
    return list(dict.fromkeys((task, ask(asked)) for task, ask in ROWS))


def learns_less(row: Asked, asked: Asked) -> bool:
    """Whether it is a second row, without the survey: peers don't learn from surveys, and would say the same again."""
    return row.survey is None and asked.survey is not None


def _fences(asked: Asked, radius_m: float, every_s: float | None = None) -> Asked:
    """Fences know nothing of radio."""
    return Asked(asked.data, radius_m=radius_m, every_s=every_s, seed=asked.seed)

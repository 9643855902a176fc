"""The whole table: every task as it is asked for, in one run. A row's name says how it was asked."""

from collections.abc import Callable
from dataclasses import replace

from simulator.score.asked import Asked

Ask = Callable[[Asked], Asked]

#: What the row is called, the task, and what is asked differently.
ROWS: tuple[tuple[str, str, Ask], ...] = (
    ("walk", "tetam-walk", lambda asked: replace(asked, thin=1.0)),
    ("walk 50 %", "tetam-walk", lambda asked: replace(asked, thin=0.5)),
    ("walk 25 %", "tetam-walk", lambda asked: replace(asked, thin=0.25)),
    ("walk, no survey", "tetam-walk", lambda asked: replace(asked, thin=1.0, survey=None)),
    ("walk 25 %, no survey", "tetam-walk", lambda asked: replace(asked, thin=0.25, survey=None)),
    ("near 3 m", "tetam-near", lambda asked: replace(asked, radius_m=3.0)),
    ("near 3 m, no survey", "tetam-near", lambda asked: replace(asked, radius_m=3.0, survey=None)),
    ("standing", "tetam-standing", lambda asked: asked),
    ("standing, no survey", "tetam-standing", lambda asked: replace(asked, survey=None)),
    ("visits", "tetam-visits", lambda asked: asked),
    ("visits, no survey", "tetam-visits", lambda asked: replace(asked, survey=None)),
    ("flat", "flat-rooms", lambda asked: asked),
    ("flat, no survey", "flat-rooms", lambda asked: replace(asked, survey=None)),
    ("fences 20 m", "fences", lambda asked: replace(asked, radius_m=20.0, every_s=None)),
    ("fences 40 m", "fences", lambda asked: replace(asked, radius_m=40.0, every_s=None)),
    ("fences 30 m, 5 s", "fences", lambda asked: replace(asked, radius_m=30.0, every_s=5.0)),
    ("fences 60 m, 5 s", "fences", lambda asked: replace(asked, radius_m=60.0, every_s=5.0)),
    ("fences 60 m, 15 s", "fences", lambda asked: replace(asked, radius_m=60.0, every_s=15.0)),
    ("fences 120 m, 15 s", "fences", lambda asked: replace(asked, radius_m=120.0, every_s=15.0)),
)
#: Who does not learn from surveys needs no second row without one.
LEARNS_NOTHING = "no survey"

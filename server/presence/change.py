"""What happens to a stay while a step is worked out, in numbers: rows, places, epoch seconds. observe.py tells it to the house in words.

In: nothing; phases.py makes these. Out: changes in order of finding, each with what brought it about.
"""

from typing import NamedTuple

import numpy as np

from server.presence.visit import EventKind, Why


class Cause(NamedTuple):
    """What brought a change about: when it was certain, the last word until then and what is usual between two words.

    `began` is since when we believed or doubted it: one may come in later than that, having been elsewhere yet.
    `place` is where the stay stood, `other` the zone that implied it, -1 for the zone itself; `noted` how many rounds had left
    notes by then.
    """

    why: Why
    place: int
    known_at: float
    heard_at: float
    usual_gap_s: float
    noted: int
    other: int = -1
    began: float = np.inf


class Change(NamedTuple):
    """One thing that happened to one stay of row `row`; `zone` is the atlas's number, times are epoch seconds.

    `takes_back`: an exit before a dwell that was told of, since its evidence came later than that.
    """

    kind: EventKind
    row: int
    zone: int
    at: float
    entered_at: float
    dwelled_s: float
    cause: Cause | None = None
    takes_back: bool = False

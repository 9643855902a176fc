"""A made-up walk: a shop of four departments, an anchor in each, and somebody with a fob who stands every 2 m for a while."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from shapely import box

from server.zones import Anchor, FloorPlan, FloorShape, Zone
from server.zones.survey import Labelled
from simulator.air import Air
from simulator.walk import Path
from simulator.world import Anchor as Ear
from simulator.world import Wall
from tests.makers import NOON_S

WIDTH_M, HEIGHT_M = 16.0, 12.0
PLAN = FloorPlan("fp_1", "Ground floor", "shop", WIDTH_M, HEIGHT_M)
HATS, SHOES, COATS, TOYS = "hats", "shoes", "coats", "toys"
QUADRANTS = {HATS: (0, 0), SHOES: (8, 0), COATS: (0, 6), TOYS: (8, 6)}
ZONES = [
    Zone("shop", "Shop", "site", time_zone="Europe/Rome"),
    *(
        Zone(name, name.title(), parent="shop", place=FloorShape("fp_1", box(x, y, x + 8, y + 6)))
        for name, (x, y) in QUADRANTS.items()
    ),
]
PLACES = {"an_hats": (1.0, 1.0), "an_shoes": (15.0, 1.0), "an_coats": (1.0, 11.0), "an_toys": (15.0, 11.0)}
ANCHORS = [Anchor(name, name, "shop", "fp_1", x, y, 2.5) for name, (x, y) in PLACES.items()]

#: Walls that nobody drew on the plan: what a survey finds out, and a formula cannot.
UNDRAWN = [Wall((8.0, 0.0), (8.0, 4.5), 12.0), Wall((3.0, 6.0), (16.0, 6.0), 12.0)]

PACE_M_PER_S, STANDS_S = 1.3, 10.0


@dataclass(frozen=True)
class Walk:
    """What was heard, and when somebody came to each place and left it (at, x, y)."""

    heard: Labelled
    marks: list[tuple[float, float, float]]


@cache
def a_walk(seed: int = 1) -> Walk:
    spots = [
        (x, y)
        for row, y in enumerate(np.arange(1.0, HEIGHT_M, 2.0))
        for x in np.arange(1.0, WIDTH_M, 2.0)[:: 1 if row % 2 == 0 else -1]
    ]
    marks, now = [], 0.0
    for x, y in spots:
        now += 2.0 / PACE_M_PER_S
        marks += [(now, x, y), (now + STANDS_S, x, y)]
        now += STANDS_S
    at, x, y = np.array(marks).T
    path = Path(at, x, y)
    air = Air(seed, UNDRAWN)
    ears = [Ear(name, "gateway", (*place, 2.5)) for name, place in PLACES.items()]
    hearings = air.hearings("fob", path, air.adverts("fob", 0.5, now), ears)
    heard_at = np.concatenate([each.at_s for each in hearings])
    rssi = np.concatenate([each.rssi_dbm for each in hearings])
    names = [each.anchor for each in hearings for _ in each.at_s]
    order = np.argsort(heard_at, kind="stable")
    where = path.where(heard_at[order])
    return Walk(
        Labelled(heard_at[order] + NOON_S, *where, [names[i] for i in order], rssi[order]),
        [(float(when) + NOON_S, float(x), float(y)) for when, x, y in marks],
    )

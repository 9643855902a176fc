"""A whole town on foot, for benchmarks: many shops, many shoppers, a position of everybody each few seconds. Pure and seeded.

In: how many, and a seed. Out: the shops as the server takes them, campaigns that listen to some of them, and `Lap`s: everybody's fix, in
columns. People walk from shop to shop and stay a while: at any time a third of them are in a shop, the rest pass by others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from simulator.frame import Floats, Frame

#: Shops stand one to a block: about what a shopping street and its side streets have.
BLOCK_M = 130.0
#: From one shop to the next: nine minutes on foot. With the stay below, a third of the time is spent in shops.
WALK_M = 700.0
STAY_S = 300.0
#: A phone that is on its way tells where it is this often.
PING_EACH_S = 5.0
#: Errors of a phone's fixes in a street: metres per axis, and what is left of an error at the next fix (RADIO.md: .46 at 5 s).
ERROR_M, ERROR_KEPT = 4.0, 0.46
CENTRE = Frame(45.4642, 9.19)


@dataclass(frozen=True, slots=True)
class Lap:
    """One fix of each shopper, in the shoppers' order: seconds since the beginning, degrees, metres, metres a second."""

    at_s: Floats
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    speed_mps: Floats


@dataclass(frozen=True, slots=True)
class Shops:
    """The shops: where their middles are (metres) and their outlines (degrees, longitude first)."""

    x: Floats
    y: Floats
    outlines: tuple[shapely.Polygon, ...]

    def as_geojson(self) -> dict[str, Any]:
        """What `PUT /v1/zones` takes. Every tenth shop is of the group `fashion`."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": shop_id(i),
                    "geometry": json.loads(shapely.to_geojson(outline)),
                    "properties": {
                        "name": f"Shop {i}",
                        "level": "site",
                        "time_zone": "Europe/Rome",
                        "groups": ["fashion"] if i % 10 == 0 else [],
                    },
                }
                for i, outline in enumerate(self.outlines)
            ],
        }


def shop_id(number: int) -> str:
    return f"shop-{number}"


def build_shops(count: int, seed: int) -> Shops:
    """`count` shops on a square of blocks: irregular outlines of six to ten corners, 20 to 90 m across."""
    rng = np.random.default_rng([seed, 1])
    side = int(np.ceil(np.sqrt(count)))
    column, row = np.arange(count) % side, np.arange(count) // side
    x = (column - side / 2) * BLOCK_M + rng.uniform(-20, 20, count)
    y = (row - side / 2) * BLOCK_M + rng.uniform(-20, 20, count)
    return Shops(x, y, tuple(_outline(rng, *middle) for middle in zip(x, y, strict=True)))


def _outline(rng: np.random.Generator, x: float, y: float) -> shapely.Polygon:
    corners = int(rng.integers(6, 11))
    turn = (np.arange(corners) + rng.uniform(0.0, 0.7, corners)) * 2 * np.pi / corners
    radius = rng.uniform(12, 45) * rng.uniform(0.8, 1.0, corners)
    lat, lon = CENTRE.degrees(x + radius * np.cos(turn), y + radius * np.sin(turn))
    return shapely.orient_polygons(shapely.Polygon(np.column_stack([lon, lat]).round(7)))


def campaigns() -> list[dict[str, Any]]:
    """What `POST /v1/campaigns` takes: one that greets, one that waits for a dwell, one after the visit; each with a cap."""
    cap = {"kind": "frequency_cap", "at_most": 1, "window": "7d"}
    offer = {
        "title": {"it": "Benvenuti", "en": "Welcome"},
        "body": {"it": "Oggi dieci per cento.", "en": "Ten per cent today."},
        "life_s": 3600,
    }

    def one(name: str, on: str, where: dict[str, Any], **more: Any) -> dict[str, Any]:
        trigger = {"on": on, "where": where, **more}
        return {
            "id": name,
            "name": name,
            "state": "live",
            "trigger": trigger,
            "conditions": [cap],
            "offer": offer,
        }

    return [
        one("greet", "entered", {"group": "fashion"}),
        one("linger", "dwelled", {"zones": [shop_id(i) for i in range(5, 1000, 20)]}, after_s=60),
        one("farewell", "exited", {"zones": [shop_id(i) for i in range(7, 1000, 50)]}),
    ]


def walk(shops: Shops, shoppers: int, seed: int) -> Iterator[Lap]:
    """Lap after lap, without end: everybody tells where they are once in `PING_EACH_S`, each at a moment of their own."""
    rng = np.random.default_rng([seed, 2])
    phase = rng.uniform(0, PING_EACH_S, shoppers)
    pace = rng.uniform(1.1, 1.5, shoppers)
    accuracy = rng.uniform(6.0, 15.0, shoppers).round(1)
    goal = rng.integers(0, len(shops.x), shoppers)
    # Somewhere on the way to the first goal; a third of them are there already.
    x, y = shops.x[goal], shops.y[goal]
    outside = rng.random(shoppers) > 1 / 3
    way, turn = rng.uniform(20, WALK_M, shoppers) * outside, rng.uniform(0, 2 * np.pi, shoppers)
    x, y = x + way * np.cos(turn), y + way * np.sin(turn)
    stay_s = rng.exponential(STAY_S, shoppers)
    error = rng.normal(0, ERROR_M, (2, shoppers))
    lap = 0
    while True:
        lat, lon = CENTRE.degrees(x + error[0], y + error[1])
        arrived = np.hypot(shops.x[goal] - x, shops.y[goal] - y) < 2.0
        speed = np.where(arrived, 0.0, pace).round(1)
        yield Lap((lap * PING_EACH_S + phase).round(3), lat.round(7), lon.round(7), accuracy, speed)
        lap += 1
        error = ERROR_KEPT * error + rng.normal(0, ERROR_M * np.sqrt(1 - ERROR_KEPT**2), error.shape)
        stay_s = np.where(arrived, stay_s - PING_EACH_S, stay_s)
        leaves = stay_s <= 0
        goal = np.where(leaves, _next_goals(rng, shops, x, y), goal)
        stay_s = np.where(leaves, rng.exponential(STAY_S, shoppers), stay_s)
        x, y = _stepped(x, y, shops.x[goal], shops.y[goal], pace * PING_EACH_S)


def _next_goals(rng: np.random.Generator, shops: Shops, x: Floats, y: Floats) -> NDArray[np.intp]:
    """For each shopper, of eight shops that come to mind the one whose distance is nearest to a usual walk."""
    minded = rng.integers(0, len(shops.x), (8, len(x)))
    away = np.hypot(shops.x[minded] - x, shops.y[minded] - y)
    best = np.abs(away - WALK_M).argmin(axis=0)
    return np.asarray(minded[best, np.arange(len(x))], np.intp)


def _stepped(x: Floats, y: Floats, to_x: Floats, to_y: Floats, step_m: Floats) -> tuple[Floats, Floats]:
    """One step towards the goal, never past it."""
    away = np.hypot(to_x - x, to_y - y)
    share = np.minimum(1.0, step_m / np.maximum(away, 1e-9))
    return x + share * (to_x - x), y + share * (to_y - y)

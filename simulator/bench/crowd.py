"""A whole town on foot, for benchmarks: many shops, many shoppers, a position of everybody each few seconds. Pure and seeded.

In: how many, and a seed. Out: the shops as the server takes them, campaigns that listen to some of them, and `Lap`s: everybody's fix, in
columns. People walk the streets from shop to shop and stay a while: at any time a third of them are in one, the rest pass others by.
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
#: From one shop to the next along the streets: some eight minutes with the way out and in. A third of the time is spent in shops.
WALK_M = 500.0
STAY_S = 300.0
#: A phone that is on its way tells where it is this often.
PING_EACH_S = 5.0
#: Errors of a phone's fixes in a street: metres per axis, and what is left of an error at the next fix (measured downtown: .46 at 5 s).
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


def campaigns(shops: Shops) -> list[dict[str, Any]]:
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
        one("linger", "dwelled", {"zones": [shop_id(i) for i in range(5, len(shops.x), 20)]}, after_s=60),
        one("farewell", "exited", {"zones": [shop_id(i) for i in range(7, len(shops.x), 50)]}),
    ]


def walk(shops: Shops, shoppers: int, seed: int) -> Iterator[Lap]:
    """Lap after lap, without end: everybody tells where they are once in `PING_EACH_S`, each at a moment of their own."""
    rng = np.random.default_rng([seed, 2])
    phase = rng.uniform(0, PING_EACH_S, shoppers)
    pace = rng.uniform(1.1, 1.5, shoppers)
    accuracy = rng.uniform(6.0, 15.0, shoppers).round(1)
    people = _People(rng, shops, shoppers)
    error = rng.normal(0, ERROR_M, (2, shoppers))
    lap = 0
    while True:
        lat, lon = CENTRE.degrees(people.x + error[0], people.y + error[1])
        speed = np.where(people.there, 0.0, pace).round(1)
        yield Lap((lap * PING_EACH_S + phase).round(3), lat.round(7), lon.round(7), accuracy, speed)
        lap += 1
        error = ERROR_KEPT * error + rng.normal(0, ERROR_M * np.sqrt(1 - ERROR_KEPT**2), error.shape)
        people.go_on(pace * PING_EACH_S)


class _People:
    """Where everybody is (metres), and the way they go: out of the shop to a street, along two streets, into the next shop."""

    def __init__(self, rng: np.random.Generator, shops: Shops, count: int) -> None:
        self._rng, self._shops = rng, shops
        at = rng.integers(0, len(shops.x), count)
        self.x, self.y = shops.x[at], shops.y[at]
        self._way = self._ways()
        self._stay_s = rng.exponential(STAY_S, count)
        # Two in three are on their way already, anywhere on the first street; the others stay where they are.
        out = rng.random(count) < 2 / 3
        self._corner = np.where(out, 1, len(self._way))
        (first_x, first_y), (_, second_y) = self._way[0], self._way[1]
        self.x = np.where(out, first_x, self.x)
        self.y = np.where(out, first_y + rng.random(count) * (second_y - first_y), self.y)

    @property
    def there(self) -> NDArray[np.bool_]:
        """Who is in a shop."""
        return np.asarray(self._corner == len(self._way), np.bool_)

    def go_on(self, step_m: Floats) -> None:
        """Lets a `PING_EACH_S` pass: a step on the way, or a little more of the stay."""
        there = self.there
        self._stay_s -= np.where(there, PING_EACH_S, 0.0)
        leaves = there & (self._stay_s <= 0)
        self._way[:, :, leaves] = self._ways()[:, :, leaves]
        self._corner[leaves] = 0
        self._stay_s[leaves] = self._rng.exponential(STAY_S, int(leaves.sum()))
        goes = np.flatnonzero(~self.there)
        to_x, to_y = self._way[self._corner[goes], :, goes].T
        off_x, off_y = to_x - self.x[goes], to_y - self.y[goes]
        away = np.hypot(off_x, off_y)
        share = np.minimum(1.0, step_m[goes] / np.maximum(away, 1e-9))
        self.x[goes] += share * off_x
        self.y[goes] += share * off_y
        self._corner[goes] += share >= 1.0

    def _ways(self) -> Floats:
        """A way from where each is to their next shop: (corners, x and y, people)."""
        goal = self._next_goals()
        goal_x, goal_y = self._shops.x[goal], self._shops.y[goal]
        street_x, street_y = _street(self.x), _street(goal_y)
        corners = [(street_x, self.y), (street_x, street_y), (goal_x, street_y), (goal_x, goal_y)]
        return np.array(corners)

    def _next_goals(self) -> NDArray[np.intp]:
        """Of eight shops that come to mind the one whose distance is nearest to a usual walk."""
        minded = self._rng.integers(0, len(self._shops.x), (8, len(self.x)))
        away = np.abs(self._shops.x[minded] - self.x) + np.abs(self._shops.y[minded] - self.y)
        best = np.abs(away - WALK_M).argmin(axis=0)
        return np.asarray(minded[best, np.arange(len(self.x))], np.intp)


def _street(metres: Floats) -> Floats:
    """The middle of the street nearest to a place: streets run between the blocks, in both directions."""
    return (np.floor(metres / BLOCK_M) + 0.5) * BLOCK_M

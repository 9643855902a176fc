"""The town of the benchmarks: people walk and stay as people do."""

from itertools import islice

import numpy as np
import shapely

from simulator.bench.crowd import CENTRE, PING_EACH_S, build_shops, walk

SHOPS = build_shops(100, 1)


def test_the_same_seed_gives_the_same_laps():
    first, again = (list(islice(walk(SHOPS, 50, 7), 5)) for _ in range(2))
    assert all(
        np.array_equal(a.lat, b.lat) and np.array_equal(a.at_s, b.at_s)
        for a, b in zip(first, again, strict=True)
    )


def test_everybody_tells_where_they_are_once_a_lap_in_order_of_time():
    at = np.array([lap.at_s for lap in islice(walk(SHOPS, 50, 1), 4)])
    assert np.allclose(np.diff(at, axis=0), PING_EACH_S)


def test_nobody_jumps():
    x, y = np.array([CENTRE.metres(lap.lat, lap.lon) for lap in islice(walk(SHOPS, 200, 1), 60)]).swapaxes(
        0, 1
    )
    steps = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))
    assert steps.max() < 1.5 * PING_EACH_S + 40.0  # a walk's step and the errors of two fixes


def test_about_a_third_is_in_a_shop_later_on():
    *_, lap = islice(walk(SHOPS, 2_000, 1), 150)
    inside = shapely.STRtree(SHOPS.outlines).query(shapely.points(lap.lon, lap.lat), predicate="intersects")
    assert 0.2 < len(np.unique(inside[0])) / 2_000 < 0.5


def test_shops_are_sound_and_apart_from_each_other():
    assert all(outline.is_valid for outline in SHOPS.outlines)
    pairs = shapely.STRtree(SHOPS.outlines).query(SHOPS.outlines, predicate="intersects")
    assert (pairs[0] == pairs[1]).mean() > 0.9

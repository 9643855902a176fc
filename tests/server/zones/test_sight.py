"""Which walls stand between an anchor and the floor: each that is crossed or touched, and how far away."""

import numpy as np
import pytest

from server.zones.sight import crossings, segments

DOOR = np.array([0.0, 0.0])
SHELF = np.array([[10.0, 0.0]])


def met(*walls, points=SHELF):
    point, share = crossings(DOOR, points, segments(walls))
    return sorted(zip(point.tolist(), share.round(9).tolist(), strict=True))


@pytest.mark.parametrize(
    ("wall", "shares"),
    [
        (((4.0, -1.0), (4.0, 1.0)), [0.4]),
        (((4.0, 1.0), (4.0, 2.0)), []),
        (((12.0, -1.0), (12.0, 1.0)), []),
        (((-2.0, -1.0), (-2.0, 1.0)), []),
        (((4.0, 0.0), (4.0, 2.0)), [0.4]),
        (((10.0, -1.0), (10.0, 1.0)), [1.0]),
        (((2.0, 0.0), (6.0, 0.0)), [0.2, 0.6]),
        (((-5.0, 0.0), (25.0, 0.0)), [0.0, 1.0]),
        (((12.0, 0.0), (14.0, 0.0)), []),
        (((2.0, 1.0), (6.0, 1.0)), []),
    ],
    ids=[
        "across",
        "beside",
        "behind the shelf",
        "behind the anchor",
        "touched",
        "at the shelf",
        "along",
        "all along",
        "along, beyond",
        "parallel",
    ],
)
def test_a_wall_is_met_where_the_line_of_sight_meets_it(wall, shares):
    assert met(wall) == [(0, share) for share in shares]


def test_each_piece_of_a_wall_counts_and_a_wall_of_one_corner_is_none():
    zigzag = ((2.0, -1.0), (4.0, 1.0), (6.0, -1.0), (8.0, 1.0))
    assert met(zigzag, ((5.0, 0.0),)) == [(0, 0.3), (0, 0.5), (0, 0.7)]


def test_who_stands_at_the_anchor_looks_through_no_wall_farther_off():
    assert met(((1.0, -1.0), (1.0, 1.0)), points=np.array([[0.0, 0.0]])) == []


def test_a_plan_without_walls_or_a_floor_without_points_has_nothing_in_between():
    assert met() == []
    assert met(((4.0, -1.0), (4.0, 1.0)), points=np.empty((0, 2))) == []


def test_thousands_of_walls_are_looked_at_block_by_block_with_the_same_answer():
    rng = np.random.default_rng(1)
    walls = [tuple(map(tuple, rng.uniform(0.0, 10.0, (2, 2)))) for _ in range(3_000)]
    points = rng.uniform(0.0, 10.0, (200, 2))
    at_once = met(*walls, points=points)
    one_by_one = [
        (i, share) for i in range(len(points)) for _, share in met(*walls, points=points[i : i + 1])
    ]
    assert at_once == sorted(one_by_one)
    assert len(at_once) > 10_000

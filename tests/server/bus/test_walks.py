"""While staff walk with a fob, what gateways hear of it is remembered, and of no other."""

from datetime import timedelta

import numpy as np
import pytest

from server.bus import walks as walking
from server.bus.walks import LONGEST, TooManyWalks, Walks
from tests.conftest import NOON

FOB, OTHER = "ibeacon:a:1:1", "ibeacon:a:1:2"


def heard(walks, *beacons, at=NOON, anchor="an_1"):
    count = len(beacons)
    walks.hear(beacons, [anchor] * count, np.full(count, at.timestamp()), np.full(count, -60.0))


def test_only_the_fob_that_is_walked_with_is_remembered():
    walks = Walks()
    heard(walks, FOB)
    walk = walks.begin("fp_1", FOB, NOON)
    heard(walks, OTHER, FOB, OTHER)
    heard(walks, FOB, anchor="")  # of a gateway without an anchor
    assert walk.heard == [(NOON.timestamp(), "an_1", -60.0)]


def test_nothing_is_looked_at_while_nobody_walks():
    walks = Walks()
    assert not walks
    walk = walks.begin("fp_1", FOB, NOON)
    assert walks
    walks.end(walk.id)
    assert not walks
    assert walks.find(walk.id, NOON) is None


def test_a_walk_that_was_forgotten_ends_by_itself():
    walks = Walks()
    walk = walks.begin("fp_1", FOB, NOON)
    heard(walks, FOB, at=NOON + LONGEST + timedelta(seconds=1))
    assert not walks
    assert walk.heard == []
    again = walks.begin("fp_1", FOB, NOON)
    assert walks.find(again.id, NOON + LONGEST) is None


def test_who_begins_anew_with_a_fob_ends_the_walk_before():
    walks = Walks()
    first = walks.begin("fp_1", FOB, NOON)
    second = walks.begin("fp_1", FOB, NOON)
    assert walks.find(first.id, NOON) is None
    assert walks.find(second.id, NOON) is second


def test_walks_are_bounded(monkeypatch):
    monkeypatch.setattr(walking, "MOST_HEARD", 2)
    walks = Walks()
    walk = walks.begin("fp_1", FOB, NOON)
    heard(walks, FOB, FOB, FOB)
    assert len(walk.heard) == 2
    for number in range(walking.MOST_WALKS - 1):
        walks.begin("fp_1", f"ibeacon:a:2:{number}", NOON)
    with pytest.raises(TooManyWalks):
        walks.begin("fp_1", OTHER, NOON)

"""Laws that hold for any evidence in any order: what nobody in the shop would ever believe does not happen."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from server.presence.due import Patience
from server.presence.late import history, picked
from server.presence.observe import keep, let_time_pass, observe
from server.presence.sighting import Batch, Fix, Heard
from server.presence.tracks import Tracks
from server.presence.visit import ZoneEvent
from server.zones.atlas import Atlas, compile_atlas
from server.zones.zone import AnchorSet, Circle, Disc, FloorPlan, FloorShape, Manner, Zone
from tests.makers import (
    LAT,
    LON,
    METRES_PER_DEGREE_LAT,
    NOON_S,
    NORMAL,
    QUICK,
    SURE,
    a_department,
    a_shop,
    an_anchor,
)

#: A shop on the map and next door another one; departments by gateways, on a floor plan, and on the map; a shelf.
PLAN = FloorPlan("floor", "Floor", "shop", 20.0, 10.0)
ANCHORS = [
    *(an_anchor(name) for name in ("shoes-1", "shoes-2", "bags-1")),
    an_anchor("next-1", site="next"),
    an_anchor("west-1", plan="floor", x_m=2.0, y_m=2.0, z_m=2.5),
    an_anchor("east-1", plan="floor", x_m=18.0, y_m=8.0, z_m=2.5),
]
NAMES = [anchor.id for anchor in ANCHORS]
PLACES = (
    a_shop(place=Circle(LAT, LON, 40.0)),
    Zone("next", "Next door", "site", place=Circle(LAT + 0.0003, LON, 40.0)),
    a_department("shoes", AnchorSet(("shoes-1", "shoes-2"))),
    a_department("bags", AnchorSet(("bags-1",))),
    a_department("west", FloorShape("floor", box(0, 0, 10, 10))),
    a_department("east", FloorShape("floor", box(10, 0, 20, 10))),
    a_department("shelf", Disc("west-1", 1.5), parent="west", level="shelf"),
    a_department("terrace", Circle(LAT, LON, 12.0)),
    a_department("till", AnchorSet(("next-1",)), parent="next"),
)


def _compiled(*manners: Manner) -> Atlas:
    zones = [replace(zone, manner=manner) for zone, manner in zip(PLACES, cycle(manners), strict=False)]
    return compile_atlas(zones, ANCHORS, [PLAN], {"shop": [20.0, 90.0], "west": [5.0]})


SHOPS = [
    _compiled(*manners)
    for manners in (
        (QUICK,),
        (NORMAL,),
        (SURE, NORMAL),
        (QUICK, SURE, NORMAL, NORMAL),
        (SURE, QUICK, QUICK, NORMAL, QUICK),
    )
]


def wanderings(seed: int, most_late_s: float = 0.0) -> list[Fix | Heard]:
    """What is told of two devices that wander in and out, near this gateway or that, by fixes and by radio, in order of arrival."""
    turn = np.random.default_rng(seed)
    told: list[Fix | Heard] = []
    at, near, north_m = NOON_S, "west-1", 0.0
    for _ in range(int(turn.integers(60))):
        # Of two words of the same moment the first counts: that is the other law.
        at += float(turn.uniform(0.001, 0.01) + turn.choice([0.0, 0.3, 1.0, 1.0, 2.0, 5.0, 5.0, 30.0, 400.0]))
        told_at = at - float(turn.uniform(0.0, most_late_s))
        device = str(turn.choice(["fob", "fob", "fob", "other"]))
        if turn.random() < 0.1:
            near, north_m = str(turn.choice(NAMES)), float(turn.uniform(-120.0, 120.0))
        if turn.random() < 0.5:
            accuracy_m = float(turn.choice([0.0, 5.0, 10.0, 40.0, 300.0]))
            told.append(Fix(device, told_at, LAT + north_m / METRES_PER_DEGREE_LAT, LON, accuracy_m))
            continue
        for name in NAMES:
            if turn.random() < 0.5:
                dbm = float(np.clip((-62.0 if name == near else -80.0) + turn.normal(0.0, 5.0), -127, 20))
                told.append(Heard(device, name, told_at + 0.1 * float(turn.integers(3)), dbm))
    return told


def played(atlas: Atlas, told: list[Fix | Heard], cuts: list[int]) -> list[ZoneEvent]:
    """What happened, the end included, if evidence comes in batches of these sizes, again and again, and the clock goes on with it."""
    tracks, patience = Tracks(atlas.radio_maps), Patience()
    events: list[ZoneEvent] = []
    start, newest, turn = 0, NOON_S, 0
    while start < len(told):
        part = told[start : start + cuts[turn % len(cuts)]]
        start, turn = start + len(part), turn + 1
        batch = Batch.of(part)
        step = observe(tracks, atlas, batch, patience)
        history(atlas, picked(batch, step.late), patience, tracks)
        newest = max(newest, *(each.at for each in part))
        keep(tracks, step)
        then = let_time_pass(tracks, atlas, newest, patience)
        keep(tracks, then)
        events += [*step.events, *then.events]
    end = let_time_pass(tracks, atlas, newest + 900_000.0, patience)
    keep(tracks, end)
    for radio in tracks.radio:
        assert np.isfinite(radio.learned).all()
        assert np.isfinite(radio.loudness).all()
    return [*events, *end.events]


Visits = dict[tuple[str, str], list[tuple[datetime, datetime]]]


def visits_of(events: list[ZoneEvent]) -> Visits:
    """(entered, exited) of each visit by device and zone, if each opens and closes once, and in turn."""
    within: dict[tuple[str, str], ZoneEvent] = {}
    dwells: set[tuple[str, float]] = set()
    visits: Visits = defaultdict(list)
    for event in events:
        key = (event.device, event.zone)
        if event.kind == "entered":
            assert key not in within, "two enters without an exit"
            assert not visits[key] or event.at > visits[key][-1][1], "in before they were out"
            within[key] = event
            continue
        assert event.visit == within[key].visit
        assert event.at >= within[key].at
        if event.kind == "dwelled":
            assert (event.visit, event.dwelled_s) not in dwells, "told twice of one dwell"
            dwells.add((event.visit, event.dwelled_s))
        else:
            visits[key].append((within.pop(key).at, event.at))
    assert not within, "a visit that never ends"
    return visits


def overlap(some: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return min(some[1], other[1]) > max(some[0], other[0])


seeds = st.integers(0, 2**32 - 1)
cuts_of = st.lists(st.integers(1, 20), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(shop=st.integers(0, 4), seed=seeds, cuts=cuts_of)
def test_nobody_enters_twice_is_in_two_departments_or_at_a_shelf_outside_its_shop(shop, seed, cuts):
    atlas = SHOPS[shop]
    visits = visits_of(played(atlas, wanderings(seed), cuts))
    for (device, zone), of_zone in visits.items():
        number = atlas.index[zone]
        for outer in atlas.ancestors[number]:
            around = visits.get((device, atlas.zones[outer].id), [])
            for visit in of_zone:
                assert any(each[0] <= visit[0] and visit[1] <= each[1] for each in around)
        rivals = np.flatnonzero((atlas.family == atlas.family[number]) & (atlas.family[number] >= 0))
        for other in set(rivals.tolist()) - {number}:
            beside = visits.get((device, atlas.zones[other].id), [])
            assert not any(overlap(visit, each) for visit in of_zone for each in beside)


@settings(max_examples=40, deadline=None)
@given(shop=st.integers(0, 4), seed=seeds, cuts=cuts_of)
def test_no_order_of_arrival_gives_two_enters_without_an_exit(shop, seed, cuts):
    visits_of(played(SHOPS[shop], wanderings(seed, most_late_s=30.0), cuts))


@settings(max_examples=40, deadline=None)
@given(shop=st.integers(0, 4), seed=seeds, turn=st.randoms(use_true_random=False))
def test_in_which_order_a_batch_tells_of_the_same_evidence_does_not_matter(shop, seed, turn):
    told = wanderings(seed)
    shuffled = told[:]
    turn.shuffle(shuffled)
    assert visits_of(played(SHOPS[shop], told, [1_000])) == visits_of(played(SHOPS[shop], shuffled, [1_000]))


@pytest.mark.parametrize("seed", range(4))
def test_a_fob_that_lies_still_in_a_department_stays_there_however_the_air_flickers(seed):
    hung = {"a": (2.0, 2.0), "b": (18.0, 2.0), "c": (2.0, 14.0), "d": (18.0, 14.0)}
    quarters = {"a": (0, 0), "b": (10, 0), "c": (0, 8), "d": (10, 8)}
    anchors = [an_anchor(name, plan="hall", x_m=x, y_m=y, z_m=2.5) for name, (x, y) in hung.items()]
    zones = [a_shop(place=None)]
    zones += [
        a_department(f"at-{n}", FloorShape("hall", box(x, y, x + 10, y + 8)))
        for n, (x, y) in quarters.items()
    ]
    atlas = compile_atlas(zones, anchors, [FloorPlan("hall", "Hall", "shop", 20.0, 16.0)])
    air = np.random.default_rng(seed)
    away_m = np.hypot(np.hypot(*(np.array(list(hung.values())) - air.uniform(1.5, 4.0, 2)).T), 1.3)
    # The place has its own shadow on each anchor, and about that each packet flickers by 3 dB; half of them are lost.
    mean_dbm = -62.0 - 17.0 * np.log10(away_m) + air.normal(0.0, 2.0, len(hung))
    told: list[Fix | Heard] = [
        Heard("fob", name, NOON_S + second + 0.1 * i, float(mean_dbm[i] + air.normal(0.0, 3.0)))
        for second in range(900)
        for i, name in enumerate(hung)
        if air.random() < 0.5
    ]
    visits = visits_of(played(atlas, told, [50]))
    assert {zone: len(each) for (_, zone), each in visits.items()} == {"shop": 1, "at-a": 1}

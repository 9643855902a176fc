"""The benchmark of belief measures what it says: the rules it is held against are right, and the store is one."""

from itertools import islice, pairwise

import numpy as np
import pytest
import shapely

from server.presence.sighting import Batch, Fix, Fixes, Heard, Heards
from simulator.bench import fobs
from simulator.bench.belief import Believed, Size, Stretch, Told, atlas_of, measured
from simulator.bench.crowd import build_shops
from simulator.bench.plain import PointInPolygon, StrongestWins

ZONE_OF = {"shoes-0": "shoes", "shoes-1": "shoes", "hats-0": "hats"}


def heards(*rows):
    return Heards.of([Heard(device, anchor, at, rssi) for device, anchor, at, rssi in rows])


def fixes(*rows):
    return Fixes.of([Fix(device, at, lat, lon, 8.0) for device, at, lat, lon in rows])


def test_the_strongest_gateway_of_a_batch_says_where_a_fob_is():
    rule = StrongestWins(ZONE_OF)
    told = rule.take(
        heards(("ann", "shoes-0", 1.0, -60.0), ("ann", "hats-0", 1.2, -70.0), ("bob", "hats-0", 1.2, -80.0))
    )
    assert sorted(told) == [("entered", "ann", "shoes", 1.0), ("entered", "bob", "hats", 1.2)]
    assert rule.take(heards(("ann", "shoes-1", 2.0, -60.0), ("ann", "shoes-0", 2.0, -61.0))) == []
    assert rule.take(heards(("ann", "hats-0", 3.0, -50.0))) == [
        ("exited", "ann", "shoes", 3.0),
        ("entered", "ann", "hats", 3.0),
    ]


def test_a_fix_is_in_every_outline_it_lies_in_and_others_keep_theirs():
    rule = PointInPolygon({"shop": shapely.box(0, 0, 2, 2), "till": shapely.box(1, 1, 2, 2)})
    told = rule.take(fixes(("ann", 1.0, 1.5, 1.5), ("bob", 1.0, 0.5, 0.5), ("eve", 1.0, 9.0, 9.0)))
    assert told == [
        ("entered", "ann", "shop", 1.0),
        ("entered", "ann", "till", 1.0),
        ("entered", "bob", "shop", 1.0),
    ]
    assert rule.take(fixes(("ann", 2.0, 0.5, 0.5))) == [("exited", "ann", "till", 2.0)]
    assert rule.take(fixes(("bob", 3.0, 9.0, 9.0), ("ann", 3.0, 0.5, 0.5))) == [
        ("exited", "bob", "shop", 3.0)
    ]


def test_the_outlines_of_a_town_are_found_as_the_tree_itself_finds_them():
    shops = build_shops(25, 1)
    rule = PointInPolygon(dict(enumerate(shops.outlines)))
    rng = np.random.default_rng(1)
    inside = [outline.representative_point() for outline in shops.outlines]
    points = [(p.y, p.x) for p in inside] + [
        (p.y + dy, p.x + dx) for p in inside for dy, dx in rng.normal(0, 2e-4, (8, 2))
    ]
    told = rule.take(fixes(*((f"d{i}", 1.0, lat, lon) for i, (lat, lon) in enumerate(points))))
    true = shapely.STRtree(shops.outlines).query(
        shapely.points([lon for _, lon in points], [lat for lat, _ in points]), predicate="intersects"
    )
    assert {(device, zone) for _, device, zone, _ in told} == {(f"d{i}", z) for i, z in true.T.tolist()}


def test_each_fob_is_heard_by_three_to_six_of_twelve_gateways_each_second():
    seconds = list(islice(fobs.stroll(200, 1), 30))
    for second in seconds:
        counts = np.bincount(second.fob, minlength=200)
        assert counts.min() == fobs.FEWEST_HEAR
        assert counts.max() == fobs.MOST_HEAR
        assert set(second.gateway.tolist()) == set(range(12))
    assert all(a.at_s.max() < b.at_s.max() for a, b in pairwise(seconds))


def test_belief_and_the_plainest_rule_are_given_the_same_and_belief_flaps_less():
    atlas = atlas_of(build_shops(25, 1))
    (store,) = atlas.radio_maps
    assert store.anchors == tuple(sorted(fobs.GATEWAYS))
    devices = [f"fob-{i}" for i in range(20)]
    heard = [second.heards(devices, 1_800_000_000.0) for second in islice(fobs.stroll(20, 1), 60)]
    stretch = Stretch([Batch(Fixes.of(()), each) for each in heard], [])
    strongest = StrongestWins({gateway: gateway.partition("-")[0] for gateway in fobs.GATEWAYS})
    believed, plain = Believed(atlas), Told(lambda batch: strongest.take(batch.heards))
    believed.play(stretch)
    plain.play(stretch)
    assert 20 < believed.events < plain.events / 2


def test_a_real_server_accepts_what_all_are_given():
    figures = measured(
        Size(shoppers=20, shops=25, connections=2, fobs=5, rounds=1, laps_a_round=4, seconds_a_round=3)
    )
    for key in ("fixes_share_of_path", "fixes_times_plainest", "radio_share_of_path", "radio_times_plainest"):
        assert figures[f"{key}_lowest"] <= figures[key] <= figures[f"{key}_highest"]
        assert figures[key] > 0
    assert figures["positions_a_batch"] == 20
    assert figures["sightings_a_batch"] == pytest.approx(5 * 4.5, abs=8)

"""A walk is learned from, and tried at places that it was not taught."""

from dataclasses import replace

import numpy as np
import pytest

from server.presence.proving import Tally, prove
from server.presence.surveying import NothingLearned, learn
from server.zones import FloorPlan
from server.zones.survey import Labelled
from simulator.traces import tetam
from tests.server.a_walk import ANCHORS, HEIGHT_M, PLAN, QUADRANTS, WIDTH_M, ZONES, a_walk
from tests.server.an_office import an_office


def part(heard, which):
    return Labelled(
        heard.at[which],
        heard.x_m[which],
        heard.y_m[which],
        [name for name, wanted in zip(heard.anchor, which, strict=True) if wanted],
        heard.rssi_dbm[which],
    )


def test_a_survey_says_what_it_stands_on():
    heard = a_walk().heard
    learned = learn(heard, PLAN, ZONES, ANCHORS)
    assert learned.survey.plan == "fp_1"
    assert learned.figures.spots == len(learned.survey.spots) >= 48
    assert learned.figures.packets == len(heard.at)
    assert sum(learned.figures.heard.values()) == len(heard.at)
    assert set(learned.figures.coverage) == set(QUADRANTS)
    assert min(learned.figures.coverage.values()) > 0.9
    assert (learned.figures.silent, learned.figures.strange, learned.figures.beside) == ((), {}, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_walls_that_nobody_drew_make_a_survey_worth_its_walk(seed):
    proof = prove(a_walk(seed).heard, PLAN, ZONES, ANCHORS)
    assert proof.all.moments > 200
    assert len(proof.folds) == 5
    assert proof.all.right_with > proof.all.right_without


def test_all_moments_are_in_one_fold_and_one_zone_each():
    proof = prove(a_walk().heard, PLAN, ZONES, ANCHORS)
    for parts in (proof.folds, proof.zones.values()):
        assert Tally(*(sum(each) for each in zip(*map(counts, parts), strict=True))) == proof.all


def counts(tally):
    return tally.moments, tally.right_with, tally.right_without


def test_a_long_walk_is_tried_in_part():
    heard = a_walk().heard
    often = [replace(heard, at=heard.at + 10_000.0 * i) for i in range(10)]
    whole = Labelled(
        np.concatenate([each.at for each in often]),
        np.tile(heard.x_m, 10),
        np.tile(heard.y_m, 10),
        list(heard.anchor) * 10,
        np.tile(heard.rssi_dbm, 10),
    )
    assert 1_000 < prove(whole, PLAN, ZONES, ANCHORS).all.moments <= 4_000


def test_one_place_proves_nothing():
    heard = a_walk().heard
    here = part(heard, (heard.x_m < 2) & (heard.y_m < 2))
    learned = learn(here, PLAN, ZONES, ANCHORS)
    assert learned.figures.spots >= 1
    assert learned.figures.proof is None


def test_a_plan_without_zones_proves_nothing():
    assert learn(a_walk().heard, PLAN, ZONES[:1], ANCHORS).figures.proof is None


def test_what_is_left_out_is_counted():
    heard = a_walk().heard
    beside = np.where(heard.y_m < 2, -5.0, heard.y_m)
    figures = learn(replace(heard, y_m=beside), PLAN, ZONES, ANCHORS[:3]).figures
    toys = heard.anchor.count("an_toys")
    assert figures.strange == {"an_toys": toys}
    assert figures.beside > 0
    assert figures.packets + figures.beside + toys == len(heard.at)


def test_a_plan_with_other_anchors_learns_nothing():
    heard = a_walk().heard
    with pytest.raises(NothingLearned, match=r"the recording names an_coats.* the plan has an_x"):
        learn(heard, PLAN, ZONES, [replace(ANCHORS[0], id="an_x")])
    with pytest.raises(NothingLearned, match="no anchor has a position on floor plan fp_1"):
        learn(heard, PLAN, ZONES, [replace(ANCHORS[0], plan="fp_2")])


def test_millimetres_are_no_metres():
    heard = a_walk().heard
    far = replace(heard, x_m=heard.x_m * 1000, y_m=heard.y_m * 1000)
    with pytest.raises(NothingLearned, match=r"16 m by 12 m: x runs from 1000\.0"):
        learn(far, FloorPlan("fp_1", "Ground", None, WIDTH_M, HEIGHT_M), ZONES, ANCHORS)


def test_the_standing_recordings_of_an_office_gain(data_dir):
    """81 places of 300 s in an open office: what a real survey gains there, at places that it was not taught."""
    recording, plan, zones, anchors = an_office(tetam.standing(data_dir / "tetam"))
    proof = prove(recording, plan, zones, anchors)
    assert proof.all.moments > 3_000
    assert proof.all.right_with > proof.all.right_without

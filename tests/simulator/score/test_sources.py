"""The rules of scoring, sentence by sentence as SOURCES.md says them, each held by a count that needs nothing but the sentence."""

from itertools import groupby, pairwise

import numpy as np
import shapely

from server.zones.shape import LocalMetres
from simulator.score import office
from simulator.score.asked import Asked
from simulator.score.case import Said, TrueStay
from simulator.score.judge import right_enters
from simulator.score.tasks import fences, tasks
from simulator.score.truth import stays
from simulator.traces import flat, pixel_walk, tetam
from tests.simulator.score import recordings
from tests.simulator.score.test_judge import FENCE, RADIO


def pieces(at_s, labels) -> list[list]:
    """[label, from, to]: cut wherever the label changes, and nothing else done."""
    cut = [
        [label, next(group)[1]] for label, group in groupby(zip(labels, at_s, strict=True), lambda p: p[0])
    ]
    ends = [began for _, began in cut[1:]] + [at_s[-1]]
    return [[*piece, float(end)] for piece, end in zip(cut, ends, strict=True)]


def merged(cut: list[list]) -> list[str]:
    """The shortest stay under 3 s becomes part of the one before, again and again, until there is none."""
    while len(cut) > 1:
        place, shortest = min(enumerate(cut), key=lambda each: each[1][2] - each[1][1])
        if shortest[2] - shortest[1] >= 3.0:
            break
        cut = [piece for i, piece in enumerate(cut) if i != place]
        cut = [next(group) for _, group in groupby(cut, lambda piece: piece[0])]
    return [label for label, *_ in cut]


def recorded_labels(data_dir) -> dict[str, list]:
    """(times, labels) of each recording of T1 and T4."""
    walks = tetam.walks(data_dir / "tetam")
    sessions = flat.sessions(data_dir / "flat")
    return {
        "tetam-walk": [(w.truth.at_s, office.department_at(w.truth.x, w.truth.y)) for w in walks],
        "flat-rooms": [(s.truth.at_s, s.rooms) for s in sessions],
    }


def test_stays_under_3_s_merged(data_dir):
    for task, recordings_of in recorded_labels(data_dir).items():
        found = tasks()[task].cases(Asked(data_dir))
        for case, (at_s, labels) in zip(found, recordings_of, strict=True):
            assert [stay.zone for stay in case.truth] == merged(pieces(at_s, labels))


def test_a_stay_of_3_s_is_not_under_3_s():
    at_s = np.arange(30.0)
    labels = ["shoes"] * 10 + ["hats"] * 3 + ["shoes"] * 17
    assert [stay.zone for stay in stays(at_s, labels)] == ["shoes", "hats", "shoes"]


def test_t1_has_26_true_enters_and_t4_43_but_not_in_the_recordings_that_lie_here(data_dir):
    """Even if nothing were merged, these have fewer: SOURCES.md counts those of the evaluation too ("traces that are not here")."""
    labelled = recorded_labels(data_dir)
    most = {task: sum(len(pieces(*each)) for each in each_of) for task, each_of in labelled.items()}
    ours = {task: sum(len(case.truth) for case in tasks()[task].cases(Asked(data_dir))) for task in labelled}
    assert ours["tetam-walk"] <= most["tetam-walk"] < 26
    assert ours["flat-rooms"] <= most["flat-rooms"] < 43


def test_a_predicted_enter_matches_from_3_s_before_a_true_one_to_15_s_after_it_one_to_one():
    stay = TrueStay("shoes", 100.0, 101.0)
    for t, right in ((96.9, 0), (97.0, 1), (115.0, 1), (115.1, 0)):
        assert len(right_enters([stay], [Said(t, "shoes", "entered", t)], RADIO)[0]) == right
    twice = [Said(t, "shoes", "entered", t) for t in (101.0, 102.0)]
    assert len(right_enters([stay], twice, RADIO)[1]) == 1


def test_gps_from_10_s_before_the_true_enter_to_the_end_of_the_visit_and_15_s_or_2_pings(tmp_path):
    data = recordings.outlines(recordings.walk(tmp_path))
    after_s = {
        ping_s: tasks()["fences"].cases(Asked(data, every_s=ping_s))[0].matching.after_s
        for ping_s in (1.0, 5.0, 15.0, 60.0)
    }
    assert after_s == {1.0: 15.0, 5.0: 15.0, 15.0: 30.0, 60.0: 120.0}
    stay = TrueStay("shoes", 100.0, 200.0)
    for t, right in ((89.9, 0), (90.0, 1), (215.0, 1), (215.1, 0)):
        assert len(right_enters([stay], [Said(t, "shoes", "entered", t)], FENCE)[0]) == right


def test_visits_under_8_s_do_not_count_and_gaps_under_20_s_are_merged(data_dir):
    (walk,) = pixel_walk.walks(data_dir / "pixel_walk")
    (case,) = tasks()["fences"].cases(Asked(data_dir, radius_m=20.0))
    metres = LocalMetres(float(walk.true_lat.mean()), float(walk.true_lon.mean()))
    at = np.arange(walk.true_at_s[0], walk.true_at_s[-1], fences.STEP_S)
    x, y = (np.interp(at, walk.true_at_s, axis) for axis in metres.to_metres(walk.true_lat, walk.true_lon))
    counted = 0
    for zone in case.zones:
        inside = shapely.contains_xy(metres.geometry_to_metres(zone.place.geometry), x, y)
        visits = [[began, ended] for within, began, ended in pieces(at - at[0], inside.tolist()) if within]
        joined = visits[:1]
        for before, after in pairwise(visits):
            if after[0] - before[1] < 20.0:
                joined[-1][1] = after[1]
            else:
                joined.append(after)
        counted += sum(ended - began >= 8.0 for began, ended in joined)
    assert len(case.truth) == counted

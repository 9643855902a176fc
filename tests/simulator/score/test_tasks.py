"""Tasks on made-up recordings whose truth can be counted by hand, and on the real ones where they are at hand."""

from itertools import pairwise

import numpy as np
import pytest
import shapely

from simulator.score.asked import Asked
from simulator.score.case import EPOCH_S
from simulator.score.tasks import tasks
from simulator.traces.trace import NoTrace
from tests.simulator.score import recordings


def cases_of(task: str, asked: Asked):
    return tasks()[task].cases(asked)


def spots(case) -> set[tuple[float, float]]:
    """Where the survey was taken, in the plan's metres to a decimetre."""
    return {(round(s.x_m, 1), round(s.y_m, 1)) for survey in case.surveys for s in survey.spots}


def hung(case, anchor: str) -> tuple[float, float]:
    return case.anchors[anchor].x_m, case.anchors[anchor].y_m


def test_a_walk_is_the_timeline_of_its_departments(tmp_path):
    (case,) = cases_of("tetam-walk", Asked(recordings.office(tmp_path)))
    assert [stay.zone for stay in case.truth] == ["south-west", "south-east", "north-east"]
    assert [stay.entered_s for stay in case.truth] == [0.0, 20.0, 40.0]


def test_departments_are_the_floor_and_nothing_else(tmp_path):
    (case,) = cases_of("tetam-walk", Asked(recordings.office(tmp_path)))
    plan = next(iter(case.plans.values()))
    shapes = [zone.place.geometry for zone in case.zones]
    floor = shapely.box(0.0, 0.0, plan.width_m, plan.height_m)
    assert shapely.union_all(shapes).symmetric_difference(floor).area == pytest.approx(0.0, abs=1e-6)
    assert sum(shape.area for shape in shapes) == pytest.approx(floor.area)


def test_everybody_and_everything_is_on_the_plan(tmp_path):
    (case,) = cases_of("tetam-walk", Asked(recordings.office(tmp_path)))
    plan = next(iter(case.plans.values()))
    assert all(
        0 < anchor.x_m < plan.width_m and 0 < anchor.y_m < plan.height_m for anchor in case.anchors.values()
    )


def test_a_walk_may_learn_from_all_standing_positions(tmp_path):
    (case,) = cases_of("tetam-walk", Asked(recordings.office(tmp_path)))
    assert len(spots(case)) == len(recordings.STANDS)


def test_what_is_asked_without_a_survey_has_none(tmp_path):
    asked = Asked(recordings.flat(recordings.office(tmp_path), "calib1", "calib2"), survey=None)
    for task in ("tetam-walk", "tetam-near", "tetam-standing", "tetam-visits", "flat-rooms"):
        assert all(case.surveys == () for case in cases_of(task, asked))


def test_a_walk_without_standing_positions_has_nothing_to_learn_from(tmp_path):
    data = recordings.office(tmp_path)
    (data / "tetam" / "static.csv.gz").unlink()
    (case,) = cases_of("tetam-walk", Asked(data))
    assert case.surveys == ()


def test_a_position_is_never_learned_from_when_it_is_scored(tmp_path):
    for case in cases_of("tetam-standing", Asked(recordings.office(tmp_path))):
        x, y = (float(text) for text in case.name.split(","))
        low_x, low_y = 3.0 - hung(case, "sw")[0], 3.0 - hung(case, "sw")[1]
        mine = (round(x - low_x, 1), round(y - low_y, 1))
        assert spots(case)
        assert mine not in spots(case)


def test_naming_the_own_folder_for_the_survey_does_not_let_a_position_teach_itself(tmp_path):
    data = recordings.office(tmp_path)
    own, named = (cases_of("tetam-standing", Asked(data, survey)) for survey in ("own", data))
    assert [case.surveys for case in own] == [case.surveys for case in named]


def test_another_folder_teaches_all_its_positions(tmp_path):
    data = recordings.office(tmp_path / "here")
    other = recordings.office(tmp_path / "there", stands=((4.0, 4.0), (16.0, 14.0)))
    for task in ("tetam-walk", "tetam-near", "tetam-standing", "tetam-visits"):
        assert all(len(spots(case)) == 2 for case in cases_of(task, Asked(data, other)))


def test_a_standing_tag_is_in_one_department_all_the_time(tmp_path):
    found = cases_of("tetam-standing", Asked(recordings.office(tmp_path)))
    assert len(found) == len(recordings.STANDS)
    assert all(case.still and len(case.truth) == 1 and case.truth[0].entered_s == 0.0 for case in found)


def test_a_visit_ends_with_its_last_packet_and_then_there_is_silence(tmp_path):
    for case in cases_of("tetam-visits", Asked(recordings.office(tmp_path, stand_s=300.0))):
        assert case.seconds == pytest.approx(case.truth[-1].left_s + 240.0)
        assert case.heards.at[-1] - EPOCH_S <= case.truth[-1].left_s
        assert case.truth[-1].left_s - (case.heards.at[-1] - EPOCH_S) < 5.0
        assert all(one.zone != next_.zone for one, next_ in pairwise(case.truth))


def test_a_visit_is_the_same_with_and_without_a_survey(tmp_path):
    data = recordings.office(tmp_path, stand_s=300.0)
    own, none = (cases_of("tetam-visits", Asked(data, survey)) for survey in ("own", None))
    assert [case.truth for case in own] == [case.truth for case in none]
    assert all((a.heards.at == b.heards.at).all() for a, b in zip(own, none, strict=True))


def test_another_seed_makes_other_visits(tmp_path):
    data = recordings.office(tmp_path, stand_s=300.0)
    one, other = (cases_of("tetam-visits", Asked(data, seed=seed)) for seed in (1, 2))
    assert [case.truth for case in one] != [case.truth for case in other]


def test_thinning_keeps_that_share_of_the_packets_and_the_same_ones_each_time(tmp_path):
    data = recordings.office(tmp_path, stand_s=300.0)
    whole, half, again = (cases_of("tetam-standing", Asked(data, thin=thin)) for thin in (1.0, 0.5, 0.5))
    share = sum(len(case.heards) for case in half) / sum(len(case.heards) for case in whole)
    assert share == pytest.approx(0.5, abs=0.02)
    assert all((a.heards.at == b.heards.at).all() for a, b in zip(half, again, strict=True))


def test_near_a_display_is_within_its_radius_along_the_floor(tmp_path):
    data = recordings.office(tmp_path)
    (near,) = cases_of("tetam-near", Asked(data))
    (wide,) = cases_of("tetam-near", Asked(data, radius_m=30.0))
    assert [(stay.zone, stay.entered_s) for stay in near.truth] == [
        ("near-sw", 0.0),
        ("near-se", 20.0),
        ("near-ne", 40.0),
    ]
    assert len(wide.truth) == len(recordings.SCANNERS)
    assert wide.at_each_s[5] == {zone.id for zone in wide.zones}


def test_rooms_are_drawn_round_the_labelled_places(tmp_path):
    (case, _) = cases_of("flat-rooms", Asked(recordings.flat(tmp_path, "calib1", "calib2")))
    rooms = {zone.id: zone.place.geometry for zone in case.zones}
    assert set(rooms) == {"left", "right"}
    assert rooms["left"].area == pytest.approx(16.0, abs=0.5)
    assert rooms["left"].intersection(rooms["right"]).area == pytest.approx(0.0, abs=1e-6)
    assert [stay.zone for stay in case.truth] == ["left", "right"]


def test_sessions_for_learning_are_scored_only_where_there_are_no_others(tmp_path):
    only = cases_of("flat-rooms", Asked(recordings.flat(tmp_path / "only", "calib1", "calib2")))
    mixed = cases_of("flat-rooms", Asked(recordings.flat(tmp_path / "mixed", "calib1", "calib2", "test1")))
    assert [case.name for case in only] == ["calib1", "calib2"]
    assert [case.name for case in mixed] == ["test1"]


def test_a_session_learns_from_the_others_named_for_it(tmp_path):
    (alone,) = cases_of("flat-rooms", Asked(recordings.flat(tmp_path / "alone", "calib1")))
    (mixed,) = cases_of("flat-rooms", Asked(recordings.flat(tmp_path / "mixed", "calib1", "test1")))
    assert alone.surveys == ()
    assert sum(spot.seconds for spot in mixed.surveys[0].spots) == pytest.approx(40.0, abs=2.0)


def test_another_flat_without_such_sessions_teaches_nothing_and_that_is_said(tmp_path):
    data = recordings.flat(tmp_path / "here", "calib1")
    other = recordings.flat(tmp_path / "there", "test1")
    with pytest.raises(NoTrace, match=r"calib\*"):
        cases_of("flat-rooms", Asked(data, other))


def test_outlines_are_scaled_to_the_radius_and_lie_at_the_track(tmp_path):
    asked = Asked(recordings.outlines(recordings.walk(tmp_path)), radius_m=20.0)
    (case,) = cases_of("fences", asked)
    assert len(case.zones) == 60
    crossed = {stay.zone for stay in case.truth}
    assert 20 < len(crossed) <= 60
    for stay in case.truth:
        assert 0.0 <= stay.entered_s < stay.left_s <= case.seconds


def test_each_file_is_a_walk_of_its_own_with_its_own_fences(tmp_path):
    data = recordings.outlines(recordings.walk(recordings.walk(tmp_path, "one"), "two"))
    one, two = cases_of("fences", Asked(data))
    assert (one.name, two.name) == ("one", "two")
    assert one.zones != two.zones


def test_one_fix_is_kept_in_so_many_seconds(tmp_path):
    data = recordings.outlines(recordings.walk(tmp_path))
    (case,) = cases_of("fences", Asked(data, every_s=15.0))
    assert case.ping_s == 15.0
    assert np.diff(np.floor((case.fixes.at - EPOCH_S) / 15.0)).min() >= 1
    assert case.matching.after_s == 30.0


def test_a_step_out_of_a_fence_and_back_within_20_s_is_one_visit(data_dir):
    for case in cases_of("fences", Asked(data_dir)):
        for zone in case.zones:
            mine = [stay for stay in case.truth if stay.zone == zone.id]
            gaps = [after.entered_s - before.left_s for before, after in pairwise(mine)]
            assert all(gap >= 20.0 for gap in gaps)


def test_recordings_that_are_not_there_are_named(tmp_path):
    for task in tasks().values():
        with pytest.raises(NoTrace):
            task.cases(Asked(tmp_path))


def test_every_task_finds_cases_in_the_real_recordings(data_dir):
    for task in tasks().values():
        found = task.cases(Asked(data_dir))
        assert len({case.name for case in found}) == len(found) > 0
        for case in found:
            assert case.sense == task.sense
            assert case.truth
            assert set(case.heards.device) | set(case.fixes.device) == {case.name}
            assert {stay.zone for stay in case.truth} <= {zone.id for zone in case.zones}

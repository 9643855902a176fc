"""Each rule of matching, as a sentence about who was where and what was said."""

from dataclasses import replace

import pytest

from server.presence.sighting import Fixes, Heards
from server.zones.zone import Zone
from simulator.score.case import Case, Matching, Said, TrueStay
from simulator.score.judge import judged, right_enters, tally
from simulator.score.truth import zones_at_each_s

RADIO = Matching(3.0, 15.0)
FENCE = Matching(10.0, 15.0, to_end_of_stay=True)


def a_case(*stays: TrueStay, seconds: float = 100.0, **changes) -> Case:
    return replace(
        Case(
            name="tag",
            sense="radio",
            zones=(Zone(id="shoes", name="Shoes"), Zone(id="hats", name="Hats")),
            around=(),
            anchors={},
            plans={},
            surveys=(),
            heards=Heards.of(()),
            fixes=Fixes.of(()),
            truth=stays,
            at_each_s=zones_at_each_s(stays, seconds),
            seconds=seconds,
            ping_s=0.0,
            matching=RADIO,
        ),
        **changes,
    )


def entered(t: float, zone: str = "shoes") -> Said:
    return Said(t, zone, "entered", t)


def exited(t: float, zone: str = "shoes") -> Said:
    return Said(t, zone, "exited", t)


SHOES = TrueStay("shoes", 10.0, 60.0)


def test_an_enter_that_comes_in_time_is_right_and_its_delay_is_told():
    came = tally(a_case(SHOES), [entered(14.0)])
    assert (came.right, came.n_false, came.delays_s) == (1, 0, (4.0,))


@pytest.mark.parametrize(("t", "right"), [(6.9, 0), (7.0, 1), (25.0, 1), (25.1, 0)])
def test_in_time_is_from_three_seconds_before_to_fifteen_after(t, right):
    came = tally(a_case(SHOES), [entered(t)])
    assert (came.right, came.n_false) == (right, 1 - right)


def test_an_enter_of_the_wrong_department_is_false_and_the_right_one_missed():
    came = tally(a_case(SHOES), [entered(12.0, "hats")])
    assert (came.right, came.n_true, came.n_false) == (0, 1, 1)


def test_one_true_enter_takes_one_of_two_that_were_said():
    came = tally(a_case(SHOES), [entered(11.0), exited(12.0), entered(13.0)])
    assert (came.right, came.n_false) == (1, 1)


def test_two_visits_close_to_one_another_take_an_enter_each():
    stays = TrueStay("shoes", 10.0, 14.0), TrueStay("shoes", 18.0, 50.0)
    matched, rest = right_enters(stays, [entered(16.0), entered(24.0)], RADIO)
    assert [(stay.entered_s, each.t) for stay, each in matched] == [(10.0, 16.0), (18.0, 24.0)]
    assert not rest


def test_a_geofence_may_be_entered_late_as_long_as_somebody_is_there():
    case = a_case(SHOES, matching=FENCE, sense="fixes")
    assert tally(case, [entered(74.0)]).right == 1
    assert tally(case, [entered(76.0)]).n_false == 1
    assert tally(case, [entered(0.0)]).right == 1


def test_for_a_tag_that_lies_still_every_enter_after_the_first_right_one_is_a_flap():
    case = a_case(TrueStay("shoes", 0.0, 100.0), still=True)
    said = [entered(1.0, "hats"), entered(4.0), entered(30.0, "hats"), entered(40.0)]
    came = tally(case, said)
    assert (came.right, came.n_false) == (1, 2)


def test_for_a_tag_that_is_never_found_all_enters_are_false():
    case = a_case(TrueStay("shoes", 0.0, 100.0), still=True)
    assert tally(case, [entered(1.0, "hats"), entered(9.0, "hats")]).n_false == 2


def test_an_exit_after_the_end_is_told_with_its_delay():
    came = tally(a_case(SHOES), [entered(12.0), exited(72.0)])
    assert came.exit_delays_s == (12.0,)
    assert came.early_exits == 0


def test_an_exit_up_to_three_seconds_before_the_end_is_not_early():
    came = tally(a_case(SHOES), [entered(12.0), exited(58.0)])
    assert came.exit_delays_s == (-2.0,)
    assert came.early_exits == 0


def test_an_exit_while_somebody_is_still_there_is_early():
    came = tally(a_case(SHOES), [entered(12.0), exited(40.0), entered(44.0), exited(65.0)])
    assert came.early_exits == 1
    assert came.exit_delays_s == (5.0,)


def test_an_exit_that_never_comes_takes_for_ever():
    row = judged("t", "a", [a_case(SHOES, seconds=300.0)], [[entered(12.0)]])
    assert row["exit_delay_median_s"] is None
    came = tally(a_case(SHOES, seconds=300.0), [entered(12.0)])
    assert came.exit_delays_s == (float("inf"),)


def test_an_exit_that_the_recording_left_no_time_for_is_not_asked_for():
    assert tally(a_case(SHOES, seconds=100.0), [entered(12.0)]).exit_delays_s == ()
    assert tally(a_case(TrueStay("shoes", 10.0, 100.0)), [entered(12.0)]).exit_delays_s == ()


def test_an_exit_of_somebody_who_was_not_believed_there_is_not_asked_for():
    assert tally(a_case(SHOES, seconds=300.0), [exited(80.0)]).exit_delays_s == ()


def test_a_second_is_right_when_exactly_the_true_zones_are_believed():
    came = tally(a_case(SHOES), [entered(20.0), exited(60.0)])
    # wrong from 10 to 20, right while nobody was anywhere and nobody said so
    assert (came.agreed, came.looked_at) == (90, 100)


def test_for_fences_only_seconds_count_in_which_somebody_is_or_is_thought_to_be_there():
    case = a_case(SHOES, sense="fixes", matching=FENCE)
    came = tally(case, [entered(20.0), exited(70.0)])
    assert (came.agreed, came.looked_at) == (40, 60)


def test_false_enters_are_counted_per_observed_hour():
    said = [[entered(80.0)]]
    row = judged("t", "a", [a_case(SHOES, seconds=100.0)], said)
    assert (row["false_per_hour"], row["false_per_fence_hour"]) == (pytest.approx(36.0), None)


def test_an_hour_beside_two_fences_is_one_observed_hour():
    case = a_case(SHOES, sense="fixes", matching=FENCE)
    row = judged("t", "a", [case], [[entered(20.0), exited(40.0), entered(80.0)]])
    assert row["false_per_hour"] == pytest.approx(36.0)
    assert row["early_exits_per_hour"] == pytest.approx(36.0)
    assert row["false_per_fence_hour"] == pytest.approx(18.0)


def test_what_was_known_counts_and_not_when_it_is_said_to_have_happened():
    late = Said(30.0, "shoes", "entered", at=11.0)
    assert tally(a_case(SHOES), [late]).n_false == 1


def test_precision_recall_and_f1_go_over_all_cases():
    cases = [a_case(SHOES), a_case(SHOES)]
    row = judged("t", "a", cases, [[entered(12.0)], [entered(12.0, "hats")]])
    assert (row["precision"], row["recall"], row["f1"]) == (0.5, 0.5, 0.5)
    assert (row["n_true"], row["n_false"]) == (2, 1)
    assert row["f1_low"] < 0.5 < row["f1_high"]


def test_where_nothing_was_said_there_is_no_precision_and_no_delay():
    row = judged("t", "a", [a_case(SHOES)], [[]])
    assert row["precision"] is None
    assert row["delay_median_s"] is None
    assert (row["recall"], row["f1"]) == (0.0, 0.0)


def test_a_row_has_the_keys_that_were_asked_for():
    row = judged("t", "a", [a_case(SHOES)], [[entered(12.0)]])
    asked = (
        "task algorithm precision recall f1 delay_median_s delay_p90_s false_per_hour right_share "
        "exit_delay_median_s early_exits_per_hour n_true"
    )
    assert set(asked.split()) <= set(row)


def test_a_dwell_is_late_from_when_it_was_due():
    told = [entered(12.0), Said(71.0, "shoes", "dwelled", at=70.0)]
    row = judged("t", "a", [a_case(SHOES)], [told])
    assert (row["n_dwells"], row["dwell_late_p90_s"]) == (1, 1.0)

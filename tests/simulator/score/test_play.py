import pytest

from simulator.score.asked import Asked
from simulator.score.play import play, play_all
from simulator.score.tasks import tasks
from tests.simulator.score import recordings


@pytest.fixture
def walks(tmp_path):
    return tasks()["tetam-walk"].cases(Asked(recordings.office(tmp_path)))


def test_who_walks_through_three_departments_is_said_to_enter_each(walks):
    entered = [each.zone for each in play(walks[0]) if each.event == "entered"]
    assert entered == ["south-west", "south-east", "north-east"]


def test_what_happened_is_known_afterwards_and_at_a_tick(walks):
    for each in play(walks[0]):
        assert each.at <= each.t
        assert (each.t / 0.25).is_integer()


def test_only_what_is_scored_is_told(walks):
    assert {each.zone for each in play(walks[0])} <= {zone.id for zone in walks[0].zones}


def test_cases_played_together_come_to_the_same_as_alone(tmp_path):
    cases = tasks()["tetam-standing"].cases(Asked(recordings.office(tmp_path)))[:4]
    assert play_all(cases) == [play(case) for case in cases]


def test_after_the_last_packet_the_clock_goes_on_until_the_exit(tmp_path):
    case = tasks()["tetam-visits"].cases(Asked(recordings.office(tmp_path, stand_s=300.0), thin=1.0))[0]
    last = play(case)[-1]
    assert last.event == "exited"
    assert case.truth[-1].left_s < last.t < case.seconds


def test_a_dwell_is_told_when_it_is_due_though_nobody_pings(tmp_path):
    case = tasks()["tetam-visits"].cases(Asked(recordings.office(tmp_path, stand_s=300.0), thin=0.05))[0]
    dwelled = [each for each in play(case) if each.event == "dwelled"]
    assert dwelled
    assert all(each.t - each.at <= 1.0 for each in dwelled)

"""What gateways tell is what the real scanner would tell: one mean a window, when the window is over."""

from dataclasses import replace

import numpy as np
import pytest

from server.presence.sighting import Heard, Heards
from simulator.score.asked import Asked
from simulator.score.case import EPOCH_S
from simulator.score.play import play
from simulator.score.score import scored
from simulator.score.tasks import tasks
from simulator.score.windows import WIDTH_S, told, told_in_windows
from tests.simulator.score import recordings


@pytest.fixture
def walk(tmp_path):
    return tasks()["tetam-walk"].cases(Asked(recordings.office(tmp_path)))[0]


def heard_at(case, *packets):
    heards = Heards.of([Heard("tag", "sw", EPOCH_S + at, rssi) for at, rssi in packets])
    return replace(case, heards=heards, window_begins_s=dict.fromkeys(case.anchors, 0.25))


def test_the_packets_of_a_window_are_told_as_their_mean_when_it_is_over(walk):
    heards, arrived = told(heard_at(walk, (0.3, -60.0), (0.5, -70.0), (1.3, -80.0), (4.0, -62.0)))
    assert heards.rssi_dbm.tolist() == [-65.0, -80.0, -62.0]
    assert heards.count.tolist() == [2.0, 1.0, 1.0]
    assert (heards.at - EPOCH_S).tolist() == pytest.approx([0.4, 1.3, 4.0], abs=1e-3)
    assert (arrived - EPOCH_S).tolist() == [1.25, 2.25, 4.25]


def test_nothing_is_told_before_it_was_heard_and_all_of_it_within_a_window(walk):
    case = told_in_windows(walk, 1)
    heards, arrived = told(case)
    assert heards.count.sum() == len(walk.heards)
    assert (arrived >= heards.at).all()
    assert (arrived - heards.at <= WIDTH_S).all()
    assert (np.diff(arrived) >= 0).all()


def test_gateways_do_not_all_tell_at_the_same_moment(walk):
    begins = told_in_windows(walk, 1).window_begins_s
    assert len(set(begins.values())) == len(begins)


def test_without_windows_each_packet_is_told_when_it_is_heard(walk):
    heards, arrived = told(walk)
    assert heards is walk.heards
    assert (arrived == walk.heards.at).all()


def test_who_walks_through_three_departments_is_found_by_windows_too(walk):
    entered = [each.zone for each in play(told_in_windows(walk, 1)) if each.event == "entered"]
    assert entered == ["south-west", "south-east", "north-east"]


def test_peers_hear_the_packets_whatever_the_server_is_told(tmp_path):
    data = recordings.office(tmp_path)
    windowed, each = (
        next(scored("tetam-walk", Asked(data, packets=packets), "naive")) for packets in ("windowed", "each")
    )
    assert windowed.said == each.said


def test_ours_is_told_of_windows_where_nobody_asks_otherwise(tmp_path):
    data = recordings.office(tmp_path)
    usual, each = (next(scored("tetam-walk", asked)) for asked in (Asked(data), Asked(data, packets="each")))
    assert usual.cases[0].window_begins_s is not None
    assert each.cases[0].window_begins_s is None

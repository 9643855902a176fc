import pytest

from simulator.traces import tetam
from simulator.traces.trace import NoTrace


def test_every_walk_has_all_scanners_and_truth_for_each_packet(data_dir):
    walks = tetam.walks(data_dir / "tetam")
    assert walks
    for walk in walks:
        assert {hearing.anchor for hearing in walk.hearings} <= set(walk.anchors)
        assert sum(len(hearing.at_s) for hearing in walk.hearings) == len(walk.truth.at_s)


def test_packets_are_in_the_order_of_time(data_dir):
    for trace in tetam.walks(data_dir / "tetam") + tetam.standing(data_dir / "tetam"):
        assert all((hearing.at_s[1:] >= hearing.at_s[:-1]).all() for hearing in trace.hearings)


def test_a_standing_tag_stands(data_dir):
    for trace in tetam.standing(data_dir / "tetam"):
        assert trace.truth.x[0] == trace.truth.x[-1]
        assert trace.seconds > 100


def test_a_folder_without_the_recording_says_which_file_it_misses(tmp_path):
    with pytest.raises(NoTrace, match=r"tracks\.csv\.gz"):
        tetam.walks(tmp_path)


def test_a_file_of_another_kind_is_named_with_what_it_lacks(tmp_path):
    (tmp_path / "scanners.csv").write_text("scanner,x\nfirst,1\n")
    with pytest.raises(NoTrace, match=r"scanners\.csv has no column y, z"):
        tetam.anchors(tmp_path)


def test_a_number_that_is_none_is_named(tmp_path):
    (tmp_path / "scanners.csv").write_text("scanner,x,y,z\nfirst,1,here,2\n")
    with pytest.raises(NoTrace, match="here"):
        tetam.anchors(tmp_path)

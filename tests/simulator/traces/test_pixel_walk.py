import numpy as np
import pytest

from simulator.traces import pixel_walk
from simulator.traces.trace import NoTrace
from tests.simulator.score import recordings


def test_the_walk_is_in_order_and_has_all_providers(data_dir):
    walk = pixel_walk.walk(data_dir / "pixel_walk")
    assert (np.diff(walk.at_s) >= 0).all()
    assert {"gps", "fused", "network"} == set(walk.provider)


def test_one_provider_alone(data_dir):
    walk = pixel_walk.walk(data_dir / "pixel_walk", "fused")
    assert set(walk.provider) == {"fused"}
    assert (walk.accuracy_m > 0).all()


def test_a_provider_that_is_not_there_is_said(data_dir):
    with pytest.raises(NoTrace, match="telepathy"):
        pixel_walk.walk(data_dir / "pixel_walk", "telepathy")


def test_a_folder_without_a_log_is_refused(tmp_path):
    (tmp_path / "notes.csv").write_text("nothing,here\n")
    with pytest.raises(NoTrace, match="no log of fixes"):
        pixel_walk.walk(tmp_path)


def test_each_file_of_the_folder_is_a_trace_of_its_own(tmp_path):
    data = recordings.walk(recordings.walk(tmp_path, "monday", seconds=100), "tuesday", seconds=50)
    monday, tuesday = pixel_walk.walks(data / "pixel_walk")
    assert (monday.name, tuesday.name) == ("monday", "tuesday")
    assert monday.true_at_s[-1] == 99.0
    assert tuesday.true_at_s[-1] == 49.0


@pytest.mark.parametrize("name", ["TRUTH", "gt", "Ref"])
def test_a_provider_that_calls_itself_the_truth_is_that_and_no_evidence(tmp_path, name):
    (walk,) = pixel_walk.walks(recordings.walk(tmp_path, truth=name) / "pixel_walk")
    assert set(walk.provider) == {"gps", "fused"}
    assert walk.true_lon == pytest.approx(recordings.LON + 0.001)


def test_without_one_the_satellites_are_the_truth_and_evidence_too(tmp_path):
    (walk,) = pixel_walk.walks(recordings.walk(tmp_path) / "pixel_walk")
    assert set(walk.provider) == {"gps", "fused"}
    assert walk.true_lon == pytest.approx(recordings.LON)


def test_a_provider_that_nobody_knows_is_evidence(tmp_path):
    data = recordings.walk(tmp_path)
    path = data / "pixel_walk" / "walk.csv"
    path.write_text(path.read_text().replace("FLP", "WLS"))
    (walk,) = pixel_walk.walks(data / "pixel_walk")
    assert set(walk.provider) == {"gps", "wls"}


def test_a_fix_that_claims_no_accuracy_is_taken_as_the_server_takes_it(tmp_path):
    data = recordings.walk(tmp_path)
    path = data / "pixel_walk" / "walk.csv"
    path.write_text(path.read_text().replace(",5.0,", ",,"))
    (walk,) = pixel_walk.walks(data / "pixel_walk")
    assert set(walk.accuracy_m.tolist()) == {50.0}


def test_a_number_that_is_none_is_named(tmp_path):
    data = recordings.walk(tmp_path)
    path = data / "pixel_walk" / "walk.csv"
    path.write_text(path.read_text().replace("9.1871", "east"))
    with pytest.raises(NoTrace, match=r"walk\.csv"):
        pixel_walk.walks(data / "pixel_walk")

import numpy as np
import pytest

from simulator.traces import pixel_walk
from simulator.traces.trace import NoTrace


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

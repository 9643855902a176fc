import pytest

from simulator.traces import buildings
from simulator.traces.trace import NoTrace
from tests.simulator.score import recordings


def test_outlines_lie_in_the_middle_of_their_metres(tmp_path):
    for outline in buildings.outlines(recordings.outlines(tmp_path) / "buildings"):
        assert (outline.centroid.x, outline.centroid.y) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_real_outlines_are_valid_and_have_an_area(data_dir):
    for outline in buildings.outlines(data_dir / "buildings"):
        assert outline.is_valid
        assert outline.area > 0


def test_a_folder_without_outlines_is_refused(tmp_path):
    with pytest.raises(NoTrace, match="no outlines"):
        buildings.outlines(tmp_path)


def test_a_file_that_is_no_geojson_is_named(tmp_path):
    (tmp_path / "odd.geojson").write_text("[]")
    with pytest.raises(NoTrace, match=r"odd\.geojson"):
        buildings.outlines(tmp_path)

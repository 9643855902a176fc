"""Recordings beside the simulator's own noise: pretended ones, which must fit, and real ones where they are at hand."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.fit.figure import furthest_apart, side_by_side
from simulator.fit.fit import fitted
from simulator.pretend import write
from simulator.traces.trace import NoTrace

cli = CliRunner()


def test_what_the_simulator_pretended_itself_fits_it_but_for_chance(tmp_path):
    write("downtown", tmp_path, 1.0, 7)
    found = fitted(tmp_path)
    assert {each.group for each in found.figures} == {"fixes, wls"}
    # a tenth of chance: two dozen traces are few
    assert np.mean([abs(each.distance) <= 3 * each.seeds_sd for each in found.figures]) > 0.9


def test_recordings_that_are_not_there_are_left_out_by_name(tmp_path):
    write("walk", tmp_path, 0.2, 7)
    left_out = " ".join(fitted(tmp_path).left_out)
    assert "static.csv.gz" in left_out
    assert "tracks.csv.gz" in left_out
    assert "flat" in left_out or "anchors.csv" in left_out


def test_a_folder_with_nothing_to_fit_to_is_a_wrong_question(tmp_path):
    with pytest.raises(NoTrace, match="no recording to fit to"):
        fitted(tmp_path)
    assert cli.invoke(program, ["fit", "--data", str(tmp_path)]).exit_code == 2


def test_figures_come_as_json_and_as_a_table(tmp_path):
    write("walk", tmp_path, 0.2, 7)
    told = json.loads(cli.invoke(program, ["fit", "--data", str(tmp_path), "--json"]).stdout)
    assert {"group", "name", "recorded", "simulated", "seeds_sd", "distance"} == set(told["figures"][0])
    printed = cli.invoke(program, ["fit", "--data", str(tmp_path)]).stdout
    assert "error p95, m" in printed
    assert "Left out:" in printed


def test_a_figure_that_only_the_recording_has_is_not_compared():
    figures = side_by_side("office", {"exponent": 1.5, "skew": 0.1}, [{"exponent": 1.4}, {"exponent": 1.6}])
    assert [(each.name, round(each.distance, 6)) for each in figures] == [("exponent", 0.0)]
    assert figures[0].seeds_sd == pytest.approx(0.1)


def test_two_samples_are_as_far_apart_as_their_distribution_functions():
    assert furthest_apart(np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 2.0])) == 0.0
    assert furthest_apart(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == 0.5


def test_of_real_recordings_radio_standing_and_walking_and_fixes_are_told(data_dir):
    found = fitted(data_dir)
    groups = {each.group for each in found.figures}
    assert {"office, standing", "office, walking", "fixes, fused", "fixes, network"} <= groups
    assert any("gps" in sentence for sentence in found.left_out)

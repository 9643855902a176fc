"""Pretended recordings: read by what reads the real ones, and scored as they are."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.frame import Frame
from simulator.pretend import write
from simulator.traces import buildings, pixel_walk

cli = CliRunner()


@pytest.mark.parametrize(
    ("kind", "providers"), [("downtown", {"wls"}), ("walk", {"gps", "fused", "network"})]
)
def test_what_is_pretended_is_read_as_what_was_recorded(tmp_path, kind, providers):
    assert write(kind, tmp_path, hours=0.5, seed=1) == len(pixel_walk.walks(tmp_path / "pixel_walk"))
    walk = pixel_walk.walk(tmp_path / "pixel_walk")
    assert set(walk.provider) == providers
    assert (walk.accuracy_m > 0).all()
    assert (np.diff(walk.at_s) >= 0).all()
    assert len(buildings.outlines(tmp_path / "buildings")) > 20


def test_the_truth_of_a_pretended_drive_is_what_its_fixes_err_from(tmp_path):
    write("downtown", tmp_path, hours=2.0, seed=2)
    off = []
    for walk in pixel_walk.walks(tmp_path / "pixel_walk"):
        flat = Frame(float(walk.true_lat[0]), float(walk.true_lon[0]))
        x, y = flat.metres(walk.lat, walk.lon)
        true_x, true_y = flat.metres(walk.true_lat, walk.true_lon)
        off.append(
            np.hypot(
                x - np.interp(walk.at_s, walk.true_at_s, true_x),
                y - np.interp(walk.at_s, walk.true_at_s, true_y),
            )
        )
    assert np.percentile(np.concatenate(off), [50, 95]) == pytest.approx([8.5, 35.0], rel=0.25)


def test_pretended_recordings_are_scored_as_recorded_ones(tmp_path):
    assert cli.invoke(program, ["pretend", "walk", "--out", str(tmp_path), "--hours", "0.2"]).exit_code == 0
    asked = cli.invoke(program, ["score", "fences", "--data", str(tmp_path), "--radius", "30", "--json"])
    assert asked.exit_code == 0
    figures = json.loads(asked.stdout.splitlines()[-1])
    assert figures["n_true"] > 10
    assert figures["f1"] > 0.9


def test_the_same_seed_pretends_the_same(tmp_path):
    for name in ("one", "other"):
        write("walk", tmp_path / name, hours=0.1, seed=4)
    texts = [(tmp_path / name / "pixel_walk" / "walk-001.csv").read_text() for name in ("one", "other")]
    assert texts[0] == texts[1]


def test_what_nobody_can_pretend_is_a_wrong_question(tmp_path):
    asked = cli.invoke(program, ["pretend", "flight", "--out", str(tmp_path)])
    assert asked.exit_code == 2
    assert "downtown, walk" in asked.output

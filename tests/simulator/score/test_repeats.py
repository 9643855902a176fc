"""A small recording is played by several seeds: one draw of lost packets proves nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.score.asked import Asked
from simulator.score.repeats import SEEDS, mean_of
from simulator.score.score import scored
from tests.simulator.score import recordings


def row(**figures):
    return {
        "task": "walk",
        "f1": 0.8,
        "f1_low": 0.6,
        "f1_high": 0.9,
        "delay_median_s": 2.0,
        "n_true": 14,
    } | figures


def test_a_row_is_the_mean_of_its_seeds_and_says_how_far_they_lie_apart():
    found = mean_of([row(f1=0.7), row(f1=0.9)])
    assert found["f1"] == pytest.approx(0.8)
    assert (found["f1_seed_low"], found["f1_seed_high"], found["seeds"]) == (0.7, 0.9, 2)
    assert (found["task"], found["n_true"]) == ("walk", 14)


def test_bounds_are_never_narrower_than_the_seeds_are():
    found = mean_of([row(f1=0.5), row(f1=1.0)])
    assert (found["f1_low"], found["f1_high"]) == (0.5, 1.0)
    assert mean_of([row(), row()])["f1_low"] == pytest.approx(0.6)


def test_a_delay_that_one_seed_has_not_is_the_mean_of_the_others():
    assert mean_of([row(delay_median_s=None), row(delay_median_s=3.0)])["delay_median_s"] == 3.0


def test_a_thinned_walk_is_the_mean_of_eight_seeds(tmp_path):
    asked = Asked(recordings.office(tmp_path), thin=0.1, repeated=True)
    (whole,) = scored("tetam-walk", asked)
    alone = [next(scored("tetam-walk", replace(asked, seed=seed, repeated=False))).figures for seed in SEEDS]
    assert whole.figures["seeds"] == len(SEEDS) == 8
    assert whole.figures["f1"] == pytest.approx(sum(each["f1"] for each in alone) / 8)
    assert whole.figures["n_true"] == alone[0]["n_true"]


def test_who_names_a_seed_is_given_that_one(tmp_path):
    data = recordings.office(tmp_path)
    asked = CliRunner().invoke(program, ["score", "tetam-walk", "--data", str(data), "--seed", "3", "--json"])
    assert json.loads(asked.stdout)["seeds"] == 1


def test_large_recordings_and_fences_are_played_once(data_dir):
    (visits,) = scored("tetam-visits", Asked(data_dir, survey=None, repeated=True), "naive")
    (fences,) = scored("fences", Asked(data_dir, repeated=True), "point-in-polygon")
    assert visits.figures["seeds"] == fences.figures["seeds"] == 1


def test_predictions_are_those_of_the_first_seed(tmp_path):
    data = recordings.office(Path(tmp_path))
    whole, first = (
        next(scored("tetam-walk", Asked(data, thin=0.1, repeated=each))) for each in (True, False)
    )
    assert list(whole.events()) == list(first.events())

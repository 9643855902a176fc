"""The command, as people and programs call it."""

import json

import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.score.algorithms import OURS, algorithms
from simulator.score.tasks import tasks
from simulator.score.whole import ROWS
from tests.simulator.score import recordings

cli = CliRunner()


def score(*words: object):
    return cli.invoke(program, ["score", *(str(word) for word in words)])


@pytest.fixture
def data(tmp_path):
    return recordings.outlines(recordings.walk(recordings.office(tmp_path / "data")))


def test_without_a_task_they_are_listed():
    asked = score()
    assert asked.exit_code == 0
    assert all(name in asked.output for name in tasks())


def test_a_task_that_nobody_wrote_is_a_wrong_question(data):
    asked = score("juggling", "--data", data)
    assert asked.exit_code == 2
    assert asked.output.startswith("There is no task juggling.")


def test_an_algorithm_of_the_other_sense_is_a_wrong_question(data):
    asked = score("fences", "--data", data, "--algorithm", "bermuda")
    assert asked.exit_code == 2
    assert "There is no algorithm bermuda for fixes." in " ".join(asked.output.split())


def test_a_folder_without_the_recordings_is_a_wrong_question(tmp_path):
    asked = score("tetam-walk", "--data", tmp_path)
    assert asked.exit_code == 2
    assert "cannot be read" in asked.output


def test_figures_come_as_one_json_object(data):
    asked = score("tetam-walk", "--data", data, "--survey", "none", "--json")
    row = json.loads(asked.stdout)
    assert (row["task"], row["algorithm"], row["n_true"]) == ("tetam-walk", OURS, 3)


def test_all_algorithms_of_the_sense_come_in_one_table(data):
    asked = score("fences", "--data", data, "--algorithm", "all", "--json")
    named = [json.loads(line)["algorithm"] for line in asked.stdout.splitlines()]
    assert named == [each.name for each in algorithms().values() if each.sense in {"fixes", None}]
    assert named[0] == OURS


def test_predictions_are_written_one_json_a_line_in_order(data, tmp_path):
    events = tmp_path / "events.jsonl"
    score("tetam-walk", "--data", data, "--events", events)
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert {"t", "device", "zone", "event"} <= set(lines[0])
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)


def test_truth_and_belief_are_drawn(data, tmp_path):
    plot = tmp_path / "walk.svg"
    assert score("tetam-walk", "--data", data, "--plot", plot).exit_code == 0
    assert plot.read_text().startswith("<svg")


def test_a_place_where_nothing_can_be_written_is_said(data, tmp_path):
    assert score("tetam-walk", "--data", data, "--plot", tmp_path / "no" / "walk.svg").exit_code == 2


def test_the_whole_table_asks_only_for_tasks_that_there_are():
    assert {task for _, task, _ in ROWS} == set(tasks())
    assert len({called for called, _, _ in ROWS}) == len(ROWS)


def test_the_whole_table_leaves_out_what_is_not_there_and_says_so(tmp_path):
    asked = score(
        "all", "--data", recordings.outlines(recordings.walk(tmp_path)), "--algorithm", "two-in-a-row"
    )
    assert asked.exit_code == 0
    assert "fences 20 m" in asked.output
    asked = score("all", "--data", recordings.outlines(recordings.walk(tmp_path)), "--json")
    assert "flat is left out" in asked.stderr
    assert {json.loads(line)["algorithm"] for line in asked.stdout.splitlines()} == {OURS}


def test_a_whole_table_of_nothing_is_a_wrong_question(tmp_path):
    assert score("all", "--data", tmp_path).exit_code == 2

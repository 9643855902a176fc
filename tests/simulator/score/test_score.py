"""The command, as people and programs call it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.score.algorithms import OURS, algorithms
from simulator.score.asked import Asked
from simulator.score.tasks import tasks
from simulator.score.whole import ROWS, rows
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
    assert f"There is no folder {tmp_path / 'tetam'}; --data names" in asked.output


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
    asked = rows(Asked(Path()))
    assert {task for task, _ in asked} == set(tasks())
    assert len({(task, tuple(row.options.items())) for task, row in asked}) == len(ROWS)


def test_a_table_without_surveys_has_each_row_once():
    asked = rows(Asked(Path(), survey=None))
    assert len(set(asked)) == len(asked) < len(ROWS)


def test_every_row_of_the_whole_table_can_be_asked_for_by_itself(data):
    whole = score("all", "--data", data, "--algorithm", "point-in-polygon", "--json")
    for line in whole.stdout.splitlines():
        row = json.loads(line)
        alone = score(
            row["task"], *row["options"].split(), "--data", data, "--algorithm", row["algorithm"], "--json"
        )
        assert json.loads(alone.stdout) == row


def test_what_was_asked_stands_in_predictions_and_in_the_table(data, tmp_path):
    events = tmp_path / "events.jsonl"
    asked = score("tetam-walk", "--thin", 0.5, "--survey", "none", "--data", data, "--events", events)
    assert "tetam-walk --thin 0.5 --survey none" in asked.output
    line = json.loads(events.read_text().splitlines()[0])
    assert (line["task"], line["options"]) == ("tetam-walk", "--thin 0.5 --survey none")


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        (("tetam-walk", "--every", 5), "--every would change nothing: tetam-walk takes"),
        (("tetam-walk", "--radius", 5), "--radius would change nothing"),
        (
            ("fences", "--survey", "none"),
            "--survey would change nothing: fences takes --every, --radius, --thin.",
        ),
        (("fences", "--packets", "each"), "--packets would change nothing"),
        (("all", "--thin", 0.5), "--thin would change nothing: all takes --packets, --survey."),
        (("tetam-walk", "--plot", "walk.png"), "A plot is drawn as SVG: call it walk.svg."),
        (("all", "--plot", "walk.svg"), "A plot shows one task played by one algorithm"),
        (("tetam-walk", "--algorithm", "all", "--plot", "walk.svg"), "A plot shows one task"),
        (
            ("tetam-walk", "--events", "no/such/x.jsonl"),
            "There is no folder no/such: --events cannot write x.jsonl",
        ),
    ],
)
def test_what_would_have_no_effect_is_refused_with_a_sentence(data, words, takes):
    asked = score(*words, "--data", data)
    assert asked.exit_code == 2
    assert takes in asked.output


@pytest.mark.parametrize("task", ["tetam-walk", "flat-rooms", "fences", "all"])
def test_a_folder_that_is_not_there_is_named(tmp_path, task):
    asked = score(task, "--data", tmp_path / "nowhere")
    assert asked.exit_code == 2
    assert f"There is no folder {tmp_path / 'nowhere'}" in asked.output


def test_a_survey_s_folder_that_is_not_there_is_named(data, tmp_path):
    asked = score("tetam-walk", "--data", data, "--survey", tmp_path / "nowhere")
    assert asked.exit_code == 2
    assert f"There is no folder {tmp_path / 'nowhere'}; --survey names" in asked.output


def test_the_whole_table_leaves_out_what_is_not_there_and_says_so(tmp_path):
    asked = score(
        "all", "--data", recordings.outlines(recordings.walk(tmp_path)), "--algorithm", "two-in-a-row"
    )
    assert asked.exit_code == 0
    assert "fences --radius 20" in asked.output
    asked = score("all", "--data", recordings.outlines(recordings.walk(tmp_path)), "--json")
    assert "flat-rooms is left out" in asked.stderr
    assert {json.loads(line)["algorithm"] for line in asked.stdout.splitlines()} == {OURS}


def test_a_whole_table_of_nothing_is_a_wrong_question(tmp_path):
    assert score("all", "--data", tmp_path).exit_code == 2

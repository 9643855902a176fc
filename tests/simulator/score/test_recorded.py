"""Whatever clock a recording was written by, it is played from 0 and told by its own clock."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from simulator.commands import program
from simulator.score.asked import Asked
from simulator.score.recorded import since
from simulator.score.tasks import tasks
from tests.simulator.score import recordings

#: Somewhat after the start, the next day, epoch times.
CLOCKS_S = (500.0, 100_000.0, 1_567_000_000.0)
RADIO_TASKS = ("tetam-walk", "tetam-near", "tetam-standing", "tetam-visits", "flat-rooms")


def recorded(data, began_s: float):
    return recordings.flat(
        recordings.office(data, stand_s=300.0, began_s=began_s), "calib1", "calib2", began_s=began_s
    )


@pytest.mark.parametrize("task", RADIO_TASKS)
@pytest.mark.parametrize("began_s", CLOCKS_S)
def test_a_recording_is_the_same_case_whatever_its_clock_showed(tmp_path, task, began_s):
    usual = tasks()[task].cases(Asked(recorded(tmp_path / "usual", 0.0)))
    later = tasks()[task].cases(Asked(recorded(tmp_path / "later", began_s)))
    for one, other in zip(usual, later, strict=True):
        assert one.truth == other.truth
        assert one.seconds == other.seconds
        assert one.surveys == other.surveys
        assert (one.heards.at == other.heards.at).all()


@pytest.mark.parametrize("task", ["tetam-walk", "flat-rooms"])
def test_what_is_told_of_it_is_told_by_its_own_clock(tmp_path, task):
    def told(name: str, began_s: float):
        file = tmp_path / f"{name}.jsonl"
        data = recorded(tmp_path / name, began_s)
        CliRunner().invoke(program, ["score", task, "--data", str(data), "--events", str(file)])
        return [json.loads(line) for line in file.read_text().splitlines()]

    usual, later = told("usual", 0.0), told("later", 100_000.0)
    assert usual
    assert [line["t"] + 100_000.0 for line in usual] == [line["t"] for line in later]
    assert [line["at"] + 100_000.0 for line in usual] == pytest.approx([line["at"] for line in later])


def test_visits_are_spliced_anew_and_have_no_clock_but_their_own(tmp_path):
    for case in tasks()["tetam-visits"].cases(Asked(recorded(tmp_path, 500.0))):
        assert (case.began_s, case.truth[0].entered_s) == (0.0, 0.0)


def test_epoch_times_lose_no_packet_over_a_half_second_s_end():
    at_s = np.arange(0.0, 10.0, 0.455)
    assert since(at_s + 1_567_000_000.3, 1_567_000_000.3).tolist() == pytest.approx(at_s.tolist(), abs=1e-12)

"""A recording never teaches itself, whatever folder it is named by, is copied to or is called in."""

import gzip
import shutil

import pytest

from simulator.score.asked import Asked
from simulator.score.tasks import tasks
from tests.simulator.score import recordings


def copied(data, tmp_path):
    shutil.copytree(data, tmp_path / "copy")
    return tmp_path / "copy"


def linked(data, tmp_path):
    (tmp_path / "link").symlink_to(data)
    return tmp_path / "link"


def packed_anew(data, tmp_path):
    """Other bytes, other names and another clock, the same recording."""
    folder = copied(data, tmp_path)
    for path in folder.rglob("*.csv.gz"):
        path.write_bytes(
            gzip.compress(gzip.decompress(path.read_bytes()).replace(b"calib", b"calib-again"), 1)
        )
    return folder


def kind_itself(data, tmp_path):
    del tmp_path
    return data / "flat"


def through_its_parent(data, tmp_path):
    del tmp_path
    return data / "flat" / ".."


WAYS = (copied, linked, packed_anew, through_its_parent)


@pytest.mark.parametrize("way", [*WAYS, kind_itself], ids=lambda way: way.__name__)
def test_a_session_is_not_taught_by_itself(tmp_path, way):
    data = recordings.flat(tmp_path / "data", "calib1", "calib2")
    own, named = (tasks()["flat-rooms"].cases(Asked(data, survey)) for survey in ("own", way(data, tmp_path)))
    assert all(case.surveys for case in own)
    assert [case.surveys for case in named] == [case.surveys for case in own]


@pytest.mark.parametrize("task", ["tetam-standing", "tetam-visits"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_position_is_not_taught_by_itself(tmp_path, task, way):
    data = recordings.flat(recordings.office(tmp_path / "data", stand_s=300.0), "calib1")
    own, named = (tasks()[task].cases(Asked(data, survey)) for survey in ("own", way(data, tmp_path)))
    assert all(case.surveys for case in own)
    assert [case.surveys for case in named] == [case.surveys for case in own]


def test_the_same_position_in_another_season_may_teach(tmp_path):
    data = recordings.office(tmp_path / "here")
    other = recordings.office(tmp_path / "there", louder_db=1.0)
    for case in tasks()["tetam-standing"].cases(Asked(data, other)):
        assert len(case.surveys[0].spots) == len(recordings.STANDS)


def test_a_session_of_the_same_name_in_another_folder_may_teach(tmp_path):
    data = recordings.flat(tmp_path / "here", "calib1")
    other = recordings.flat(tmp_path / "there", "calib0", "calib1")
    (case,) = tasks()["flat-rooms"].cases(Asked(data, other))
    assert sum(spot.seconds for spot in case.surveys[0].spots) == pytest.approx(40.0, abs=2.0)

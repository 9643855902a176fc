from xml.etree import ElementTree as ET

from simulator.score.asked import Asked
from simulator.score.case import Said
from simulator.score.plot import WRONG, believed_spans, drawn, parted
from simulator.score.tasks import tasks
from tests.simulator.score import recordings


def said(t: float, event: str, zone: str = "shoes") -> Said:
    return Said(t, zone, event, t)


def test_belief_lasts_from_an_enter_to_an_exit_or_to_the_end():
    told = [said(3, "entered"), said(5, "dwelled"), said(9, "exited"), said(12, "entered")]
    assert believed_spans(told, "shoes", 20.0) == [(3, 9), (12, 20.0)]
    assert believed_spans(told, "hats", 20.0) == []


def test_belief_is_cut_where_truth_begins_and_ends():
    assert list(parted((0.0, 10.0), [(2.0, 4.0)])) == [
        ((0.0, 2.0), False),
        ((2.0, 4.0), True),
        ((4.0, 10.0), False),
    ]


def test_a_drawing_is_well_formed_whatever_things_are_called(tmp_path):
    cases = tasks()["tetam-walk"].cases(Asked(recordings.office(tmp_path)))
    picture = drawn("<walk> & co", cases, [[said(1, "entered", "north-west")]])
    root = ET.fromstring(picture)  # noqa: S314  (our own)
    assert root.tag.endswith("svg")
    assert WRONG in picture
    assert "&lt;walk&gt;" in picture


def test_no_more_panels_are_drawn_than_anybody_reads(tmp_path):
    cases = tasks()["tetam-visits"].cases(Asked(recordings.office(tmp_path, stand_s=300.0)))
    assert "the first 12 of 60" in drawn("visits", cases, [[] for _ in cases])

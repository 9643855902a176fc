"""Trouble is said once, and so is its end."""

from structlog.testing import capture_logs

from scanner.complaint import Complaint


def test_trouble_that_goes_on_is_said_once_and_its_end_once():
    with capture_logs() as lines:
        complaint = Complaint("line_is_down", "line_is_up")
        for _ in range(5):
            complaint.about("no route")
        complaint.settled()
        complaint.settled()
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("line_is_down", "warning"),
        ("line_is_up", "info"),
    ]


def test_what_only_people_can_mend_is_said_loudly():
    with capture_logs() as lines:
        Complaint("line_is_down", "line_is_up").about("wrong token", needs_people=True)
    assert lines[0]["log_level"] == "error"
    assert lines[0]["reason"] == "wrong token"


def test_another_reason_is_said_anew_and_is_the_one_that_counts():
    with capture_logs() as lines:
        complaint = Complaint("line_is_down", "line_is_up")
        complaint.about("no route")
        complaint.about("no name")
    assert len(lines) == 2
    assert complaint.reason == "no name"

"""A shop that kept its head, and one that did not, while its gateways could not tell."""

from dataclasses import replace

import pytest

from simulator.absences import wrong_visits
from simulator.town import raise_town
from simulator.verdict import Found

SPAN = (40.0, 100.0)
SITE = "passo-lieve"


@pytest.fixture(scope="module")
def town(world):
    """One stays at the tills all the time, one goes while nobody hears."""
    raised = raise_town(world, 1, 130.0, {"capped": 1, "leaver": 1})
    left = [v.left_s for v in raised.visits if (v.device, v.place) == ("leaver-1.fob", SITE)]
    assert [SPAN[0] - 20.0 < each < SPAN[1] - 20.0 for each in left] == [True]
    return raised


def true_visit(town, device: str) -> Found:
    (visit,) = [v for v in town.visits if (v.device, v.place) == (device, SITE)]
    return Found(f"v-{device}", device, SITE, visit.entered_s, visit.left_s)


def test_who_stayed_and_who_went_as_they_did_are_no_wrong_visits(town):
    ours = [true_visit(town, device) for device in ("capped-1.fob", "leaver-1.fob")]
    assert wrong_visits(town, ours, SPAN, heard=True) == []


def test_an_exit_of_who_stands_there_is_found(town):
    stays, goes = true_visit(town, "capped-1.fob"), true_visit(town, "leaver-1.fob")
    assert len(wrong_visits(town, [replace(stays, exited_s=45.0), goes], SPAN, heard=True)) == 1


def test_a_second_welcome_is_found(town):
    stays, goes = true_visit(town, "capped-1.fob"), true_visit(town, "leaver-1.fob")
    again = replace(stays, visit="v-again", entered_s=101.0)
    said = wrong_visits(town, [replace(stays, exited_s=45.0), again, goes], SPAN, heard=True)
    assert said == [
        f"capped-1.fob was in the shop once from {stays.entered_s:.0f} s, and the server says 2 times"
    ]


def test_who_is_never_missed_is_found(town):
    stays, goes = true_visit(town, "capped-1.fob"), true_visit(town, "leaver-1.fob")
    (said,) = wrong_visits(town, [stays, replace(goes, exited_s=None)], SPAN, heard=True)
    assert said.startswith("leaver-1.fob was last heard at")

"""The benchmark of the path checks what it measures."""

from dataclasses import replace
from itertools import islice

import pytest

from simulator.bench import single
from simulator.bench.crowd import build_shops, walk
from simulator.bench.ingest import Size, Untrue, check, measured, truth

SHOPS = build_shops(25, 1)
DEVICES = [f"d_{i}" for i in range(60)]


@pytest.fixture(scope="module")
def told():
    """Ten minutes of a small town: its visits, and how many decisions they ask for."""
    return truth(SHOPS, list(islice(walk(SHOPS, len(DEVICES), 1), 120)), DEVICES, 1_781_092_800.0)


def test_in_ten_minutes_of_a_small_town_visits_open_and_close_and_campaigns_listen(told):
    visits, decisions = told
    assert 0 < sum(visit.exited_ms is not None for visit in visits) < len(visits)
    assert decisions > 0


def test_a_server_that_kept_what_the_evidence_tells_passes(told):
    visits, decisions = told
    check(visits, set(visits), decisions, decisions)


def test_one_that_lost_a_visit_made_one_up_moved_its_end_or_left_out_a_decision_does_not(told):
    visits, decisions = told
    one, *others = visits
    for kept in (set(others), visits | {replace(one, id="v_another")}, {*others, replace(one, exited_ms=1)}):
        with pytest.raises(Untrue):
            check(visits, kept, decisions, decisions)
    with pytest.raises(Untrue):
        check(visits, visits, decisions, decisions - 1)


def test_a_real_server_keeps_the_visits_and_decisions_of_a_small_town():
    size = Size(shoppers=100, shops=25, body=10, connections=5, warm_up_laps=30, rounds=2, laps_a_round=30)
    figures = measured(size)
    assert figures["visits_as_observed"] is True
    assert figures["visits_over"] > 0
    assert figures["decisions_send"] > 0


def test_a_real_server_accepts_single_pings_and_opens_visits():
    figures = single.measured(single.Size(phones=6, shops=4, warm_up_laps=10, rounds=1, laps_a_round=60))
    assert figures["pings"] == 6 * 70
    assert figures["some_visits"] > 0

"""What holds for every peer, whoever wrote its logic."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulator.peers
from simulator.peers import peers
from tests.simulator.peers.made_up import (
    GATEWAYS,
    SHELF,
    a_case,
    a_fix,
    packet,
    standing_at,
    told,
    walking_in,
)

PEERS = peers()
RADIO = [name for name, peer in PEERS.items() if peer.sense == "radio"]
FIXES = [name for name, peer in PEERS.items() if peer.sense == "fixes"]
#: Seconds after the last packet at which each says that somebody left; Home Assistant's default never does.
SILENT_FOR_S = {
    "naive": 10,
    "mean": 10,
    "android-mean": 10,
    "android-arma": 10,
    "ema": 20,
    "ema-slow": 20,
    "espresense": 30,
    "bermuda": 30,
    "room-assistant": 60,
    "habluetooth": 195,
    "mqtt-room": None,
}

times = st.integers(0, 900).map(lambda tenths: tenths / 10)
packets = st.lists(
    st.builds(packet, times, st.sampled_from(GATEWAYS), st.integers(-100, -30).map(float)), max_size=60
)
fixes = st.lists(st.builds(a_fix, times, st.floats(-300, 300), st.floats(1, 500)), max_size=60)


def everything_told_in_turn(case, said):
    """In order of time, of scored zones only, and of each zone enters and exits alternate."""
    assert [each.t for each in said] == sorted(each.t for each in said)
    assert {each.zone for each in said} <= {zone.id for zone in case.zones}
    for zone in case.zones:
        events = [each.event for each in said if each.zone == zone.id]
        assert events == ["entered", "exited"] * (len(events) // 2) + ["entered"] * (len(events) % 2)


def test_the_logic_that_offers_are_triggered_by_elsewhere_is_there_for_both_senses():
    assert set(RADIO) == set(SILENT_FOR_S)
    assert set(FIXES) == {
        "point-in-polygon",
        "accuracy-gate",
        "two-in-a-row",
        "three-in-a-row",
        "owntracks",
        "ios",
    }


@pytest.mark.parametrize("name", PEERS)
def test_nobody_is_seen_where_nothing_is_heard(name):
    assert PEERS[name].play(a_case()) == []


@pytest.mark.parametrize("name", PEERS)
def test_another_device_is_nobody(name):
    strangers = [packet(t, "hats-1", -50, device="another") for t in range(9)]
    passers_by = [a_fix(t, 0.0, device="another") for t in range(9)]
    assert PEERS[name].play(a_case(strangers, passers_by)) == []


@given(packets)
def test_whatever_is_heard_nobody_enters_twice_without_leaving(heards):
    for case in (a_case(heards, seconds=120.0), a_case(heards, seconds=120.0, shelf=SHELF)):
        for name in RADIO:
            everything_told_in_turn(case, PEERS[name].play(case))


@given(fixes)
def test_whatever_the_fixes_say_nobody_enters_twice_without_leaving(scattered):
    case = a_case(fixes=scattered)
    for name in FIXES:
        everything_told_in_turn(case, PEERS[name].play(case))


@pytest.mark.parametrize("name", PEERS)
def test_the_order_in_which_evidence_is_listed_does_not_matter(name):
    heards = [*standing_at("shoes-1", 0, 20), *standing_at("hats-2", 20, 40)]
    steps = walking_in([90.0, 60.0, 30.0, 10.0, 5.0, 0.0, 0.0, 0.0, 30.0, 60.0, 90.0, 120.0])
    in_order = PEERS[name].play(a_case(heards, steps))
    assert in_order
    assert PEERS[name].play(a_case(reversed(heards), reversed(steps))) == in_order


@pytest.mark.parametrize("name", RADIO)
def test_somebody_who_stands_among_shoes_and_then_among_hats_is_seen_there_in_turn(name):
    heards = [*standing_at("shoes-1", 0, 60), *standing_at("hats-2", 60, 120)]
    seen = told(PEERS[name].play(a_case(heards, seconds=120.0)), "shoes", "hats")
    assert seen == [("entered", "shoes"), ("exited", "shoes"), ("entered", "hats")]


@pytest.mark.parametrize("name", RADIO)
def test_an_exit_is_no_more_than_a_time_out(name):
    said = PEERS[name].play(a_case(standing_at("shoes-1", 0, 40), seconds=300.0))
    exits = [each.t for each in said if each.event == "exited"]
    if SILENT_FOR_S[name] is None:
        assert exits == []
    else:
        assert exits == pytest.approx([40.0 + SILENT_FOR_S[name]], abs=1.5)


@pytest.mark.parametrize(
    "lines",
    [
        "NAME = 'half'\nSENSE = 'radio'\nSOURCE = 'nobody'\n",
        "NAME = 'half'\nSENSE = 'smell'\nSOURCE = 'nobody'\ndef play(case): return []\n",
        "SENSE = 'radio'\nSOURCE = 'nobody'\ndef play(case): return []\n",
        "NAME = 'naive'\nSENSE = 'radio'\nSOURCE = 'nobody'\ndef play(case): return []\n",
    ],
    ids=["no play", "no such sense", "no name", "the name of another"],
)
def test_a_file_that_is_no_peer_is_named(tmp_path, monkeypatch, lines):
    (tmp_path / "zz_half.py").write_text(lines)
    monkeypatch.setattr(simulator.peers, "__path__", [*simulator.peers.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match="zz_half"):
        peers()
    sys.modules.pop("simulator.peers.zz_half", None)

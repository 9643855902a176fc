"""What is known of the radio peers: what makes each of them flap, stick or lag."""

from dataclasses import replace

import pytest
from shapely import box

from server.zones.zone import AnchorSet, FloorShape, Zone
from simulator.peers import android_arma, android_mean, bermuda, espresense, habluetooth, room_assistant
from simulator.peers import peers as all_peers
from simulator.peers.parts.stream import Packet, cycles, homes
from tests.makers import an_anchor
from tests.simulator.peers.made_up import SHELF, a_case, dbm_at, packet, standing_at, told

PEERS = all_peers()


def enters(name, case):
    return [each for each in PEERS[name].play(case) if each.event == "entered"]


def fading_between(strong="shoes-1", other="hats-1", seconds=120):
    """Somebody stands still; each third second fades the nearer gateway by 20 dB for one packet."""
    return [
        packet(t + 0.5, anchor, -80.0 if anchor == other else -90.0 if t % 3 == 2 else -70.0)
        for t in range(seconds)
        for anchor in (strong, other)
    ]


def test_each_fade_is_an_enter_for_the_naive_and_none_for_who_averages():
    case = a_case(fading_between(), seconds=120.0)
    assert len(enters("naive", case)) > 60
    for name in ("mean", "ema", "ema-slow", "room-assistant", "android-mean", "bermuda", "habluetooth"):
        assert told(PEERS[name].play(case)) == [("entered", "shoes")], name


def test_six_decibels_keep_the_holder_of_an_ema_where_two_departments_sound_alike():
    alike = [
        packet(t + 0.5, anchor, -70.0 + (3.0 if (t // 20) % 2 == (anchor == "hats-1") else 0.0))
        for t in range(200)
        for anchor in ("shoes-1", "hats-1")
    ]
    case = a_case(alike, seconds=200.0)
    assert len(enters("ema", case)) == 1
    assert len(enters("mean", case)) == 10


def test_room_assistants_filter_is_slow_to_notice_a_walk_to_the_next_department():
    walk = a_case([*standing_at("shoes-1", 0, 60), *standing_at("hats-1", 60, 120)], seconds=120.0)
    assert enters("room-assistant", walk)[1].t - 60 > 2 * (enters("naive", walk)[1].t - 60)


def test_room_assistant_publishes_decimetres_by_the_curve_of_one_phone():
    ear = room_assistant.KalmanDistance()
    ear.hear(Packet(0.0, "x", -59.0))
    assert ear.nearness(0.0) == pytest.approx(-1.0, abs=0.05)
    assert room_assistant.metres(-75.0) == pytest.approx(5.8, abs=0.2)


def test_androids_mean_leaves_out_the_strongest_and_weakest():
    ear = android_mean.TrimmedMean()
    for t, rssi_dbm in enumerate((-70.0, -70.0, -40.0, -99.0)):
        ear.hear(Packet(float(t), "x", rssi_dbm))
    assert ear.nearness(4.0) == -70.0
    assert ear.nearness(22.5) == -99.0  # of one measurement nothing is cut off


def test_androids_whole_decibels_stick_while_a_signal_fades_by_less_than_ten():
    ear = android_arma.WholeDecibels()
    for rssi_dbm in (-70.0, *[-79.0] * 50):
        ear.hear(Packet(0.0, "x", rssi_dbm))
    assert ear.nearness(0.0) == -70.0
    ear.hear(Packet(0.0, "x", -69.0))
    assert ear.nearness(0.0) == -69.0


def test_an_espresense_node_reports_a_move_of_half_a_metre_at_once_and_else_each_five_seconds():
    node = espresense.Node()
    reported = []
    for t in range(14):
        node.hear(Packet(float(t), "x", -70.0 if t < 12 else -40.0))
        reported += [t] if node.reports(float(t)) else []
    assert reported == [0, 5, 10]  # one outlier is outside of Tukey's fence
    for t in range(14, 20):
        node.hear(Packet(float(t), "x", -90.0))
        reported += [t] if node.reports(float(t)) else []
    assert reported[-1] < 19


def test_home_assistants_room_is_stolen_when_its_report_is_five_seconds_old():
    far_later = [packet(0.5, "shoes-1", -60.0), packet(4.5, "hats-1", -90.0), packet(11.5, "hats-1", -90.0)]
    assert told(PEERS["mqtt-room"].play(a_case(far_later))) == [
        ("entered", "shoes"),
        ("exited", "shoes"),
        ("entered", "hats"),
    ]


def test_bermuda_trusts_near_and_distrusts_far():
    advert = bermuda.Advert()
    for t in range(8):
        advert.take(Packet(t * 1.05, "x", -65.0))
        advert.end_cycle(t * 1.05, is_new=True)
    near = advert.metres
    advert.take(Packet(9.45, "x", -71.0))  # 1.4 times the distance, at a walk
    advert.end_cycle(9.45, is_new=True)
    assert near < advert.metres < 1.1 * near
    advert.take(Packet(10.5, "x", -60.0))
    advert.end_cycle(10.5, is_new=True)
    assert advert.metres < 0.8 * near


def test_bermuda_ignores_who_retreats_faster_than_one_runs():
    advert = bermuda.Advert()
    for t, rssi_dbm in ((0.0, -65.0), (1.0, -65.0), (2.0, -95.0)):
        advert.take(Packet(t, "x", rssi_dbm))
        advert.end_cycle(t, is_new=True)
    assert advert.cycles == [advert.cycles[-1]] * 3


def test_a_challenger_of_bermuda_who_is_a_fifth_nearer_needs_five_steady_cycles():
    def advert(*metres: float) -> bermuda.Advert:
        return bermuda.Advert([(metres[0], 10.0)], list(metres), metres[0])

    holder = advert(*[5.0] * 5)
    assert bermuda.beats(advert(3.5, 5.0, 5.0, 5.0, 5.0), holder, 10.0)  # a third nearer: at once
    assert not bermuda.beats(advert(4.0, 4.0, 5.0, 5.0, 5.0), holder, 10.0)
    assert bermuda.beats(advert(*[4.0] * 5), holder, 10.0)
    assert not bermuda.beats(advert(*[4.0] * 5), holder, 21.0)  # heard too long ago to win


def test_habluetooth_hands_over_at_sixteen_decibels_and_back_at_twenty_two():
    ownership = habluetooth.Ownership()
    owners = []
    for t, anchor, rssi_dbm in (
        (0.0, "shoes-1", -80.0),
        (0.1, "hats-1", -66.0),
        (0.2, "hats-2", -63.0),
        (0.3, "shoes-2", -63.0),
        (0.4, "shoes-2", -20.0),
    ):
        ownership.hear(Packet(t, anchor, rssi_dbm))
        owners.append(ownership.owner)
    assert owners == ["shoes-1", "shoes-1", "hats-2", "hats-2", "hats-2"]
    for t in range(9):
        ownership.hear(Packet(1.0 + t, "shoes-1", -43.0))
    assert ownership.owner == "hats-2"  # 20 dB stronger, but it lost the device so


@pytest.mark.parametrize("name", ["naive", "mean", "ema", "ema-slow", "android-mean", "espresense"])
def test_who_stands_two_metres_from_a_display_of_three_is_at_it_and_who_stands_at_six_is_not(name):
    for metres, seen in ((2.0, [("entered", "shelf")]), (6.0, [])):
        there = [packet(t / 2, "shoes-1", dbm_at(metres)) for t in range(120)]
        assert told(PEERS[name].play(a_case(there, shelf=SHELF))) == seen


def test_a_flutter_round_the_radius_flaps_for_the_naive_and_not_for_a_band():
    flutter = [packet(t + 0.5, "shoes-1", dbm_at(3.0) + (1.0 if t % 2 else -1.0)) for t in range(60)]
    case = a_case([packet(0.1, "shoes-1", dbm_at(1.0)), *flutter], shelf=SHELF)
    assert len(enters("naive", case)) > 20
    assert len(enters("ema", case)) == 1


def test_the_clock_goes_on_after_the_last_packet():
    ends = [t for t, _ in cycles(a_case([packet(0.0, "shoes-1", -60.0)], seconds=9.5))]
    assert ends == [float(t) for t in range(1, 11)]


def test_an_anchor_stands_for_the_smallest_room_it_hangs_in_or_on_the_wall_of():
    def at(name, x_m, y_m):
        return an_anchor(name, plan="ground", x_m=x_m, y_m=y_m)

    rooms = {
        "hall": FloorShape("ground", box(0, 0, 20, 10)),
        "till": FloorShape("ground", box(0, 0, 3, 3)),
        "named": AnchorSet(("c",)),
    }
    placed = {each.id: each for each in (at("a", 1, 1), at("b", 15, 10.1), at("c", 9, 30), at("d", 9, 30))}
    zones = tuple(Zone(id=name, name=name, place=place) for name, place in rooms.items())
    case = replace(a_case(), zones=zones, anchors=placed)
    assert homes(case) == {"a": "till", "b": "hall", "c": "named"}

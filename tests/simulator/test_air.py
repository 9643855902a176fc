"""The radio's noise against the figures measured on standing tags, and against the recording where it is at hand."""

import numpy as np
import pytest

from simulator.air import DEAF_DBM, HEARD_SHARE, Air, Hearing
from simulator.traces import tetam
from simulator.walk import Path
from simulator.world import Anchor, Wall

HALL = [Anchor("a", "gateway", (10.0, 8.0, 2.3))]


def standing_at(x: float, y: float) -> Path:
    return Path(np.array([0.0, 1.0]), np.array([x, x]), np.array([y, y]))


def a_hearing(seed=1, x=12.0, y=8.0, seconds=300.0, walls=(), thin=1.0, device="fob") -> Hearing:
    air = Air(seed, walls, thin)
    return air.hearings(device, standing_at(x, y), air.adverts(device, 0.455, seconds), HALL)[0]


def spread(hearings: list[Hearing], distances: np.ndarray) -> dict[str, float]:
    """What a line through mean RSSI over log distance says: reference at 1 m, exponent, sd about it, sd within a position."""
    means = np.array([h.rssi_dbm.mean() for h in hearings])
    exponent, reference = np.polyfit(-10 * np.log10(distances), means, 1)
    within = np.array([h.rssi_dbm.std() for h in hearings])
    left = means - (reference - 10 * exponent * np.log10(distances))
    return {
        "reference": reference,
        "exponent": exponent,
        "between": left.std(),
        "within": np.median(within),
        "within_p90": np.percentile(within, 90),
    }


def simulated() -> dict[str, float]:
    """81 standing positions under twelve anchors' worth of seeds."""
    rng = np.random.default_rng(5)
    spots = rng.uniform((0.0, 0.0), (20.0, 17.0), (81, 2))
    hearings = [a_hearing(seed, x, y, 60.0) for seed in range(12) for x, y in spots]
    distances = np.tile(np.sqrt(((spots - [10.0, 8.0]) ** 2).sum(axis=1) + 1.2**2), 12)
    return spread(hearings, distances)


def test_the_same_seed_hears_the_same():
    assert np.array_equal(a_hearing(7).rssi_dbm, a_hearing(7).rssi_dbm)
    assert not np.array_equal(a_hearing(7).rssi_dbm[:20], a_hearing(8).rssi_dbm[:20])


def test_another_device_in_the_town_changes_nobody_elses_noise():
    air = Air(3, [])
    at = air.adverts("fob", 0.455, 30.0)
    alone = air.hearings("fob", standing_at(3, 3), at, HALL)
    air.hearings("another", standing_at(4, 4), at, HALL)
    assert np.array_equal(alone[0].rssi_dbm, air.hearings("fob", standing_at(3, 3), at, HALL)[0].rssi_dbm)


def test_strength_falls_and_spreads_as_measured_in_the_open_office():
    town = simulated()
    assert town["reference"] == pytest.approx(-61.5, abs=2.0)  # measured -61 to -62 dBm
    assert town["exponent"] == pytest.approx(1.5, abs=0.2)  # measured 1.47 to 1.52
    assert town["between"] == pytest.approx(4.5, abs=0.7)  # measured 4.5 dB
    assert town["within"] == pytest.approx(3.0, abs=0.4)  # measured 2.9 (median), 3.3 (mean)
    assert town["within_p90"] == pytest.approx(6.0, abs=1.0)


def test_the_model_agrees_with_the_recording_of_standing_tags(data_dir):
    traces = tetam.standing(data_dir / "tetam")
    hearings = [hearing for trace in traces for hearing in trace.hearings]
    distances = [
        np.sqrt((trace.truth.x[0] - x) ** 2 + (trace.truth.y[0] - y) ** 2 + (z - 1.1) ** 2)
        for trace in traces
        for x, y, z in (trace.anchors[hearing.anchor] for hearing in trace.hearings)
    ]
    recorded, town = spread(hearings, np.array(distances)), simulated()
    assert town == pytest.approx(recorded, abs=1.0)


def test_packets_flicker_independently_of_one_another():
    rssi = a_hearing(seconds=600.0).rssi_dbm
    off = rssi - rssi.mean()
    assert abs((off[5:] * off[:-5]).mean() / rssi.var()) < 0.1


def test_places_a_step_apart_share_half_of_their_shadow():
    air = Air(2, [])
    near, far = [], []
    for seed in range(40):
        air = Air(seed, [])
        ring = np.full(3, 10.0) + np.array(
            [6.0, 6.0, -6.0]
        )  # the same distance from the anchor on either side
        x = air.mean_dbm(HALL[0], ring, np.array([8.0, 9.4, 8.0]))
        near.append((x[0], x[1]))
        far.append((x[0], x[2]))
    close, apart = (np.corrcoef(np.array(pairs).T)[0, 1] for pairs in (near, far))
    assert close > 0.3
    assert apart < close - 0.15


def test_one_packet_in_eight_is_missed():
    heard = len(a_hearing(x=11.0, seconds=1200.0).at_s) / (1200.0 / 0.46)
    assert heard == pytest.approx(HEARD_SHARE, abs=0.03)


def test_thinned_air_brings_a_quarter():
    assert len(a_hearing(thin=0.25).at_s) == pytest.approx(len(a_hearing().at_s) / 4, rel=0.25)


def test_a_wall_between_takes_what_it_takes():
    wall = Wall((11.0, 0.0), (11.0, 17.0), 14.0)
    assert a_hearing().rssi_dbm.mean() - a_hearing(walls=[wall]).rssi_dbm.mean() == pytest.approx(
        14.0, abs=0.5
    )


def test_a_wall_beside_takes_nothing():
    wall = Wall((0.0, 0.0), (5.0, 0.0), 14.0)
    assert np.array_equal(a_hearing(walls=[wall]).rssi_dbm, a_hearing().rssi_dbm)


def test_nobody_hears_a_fob_four_streets_away():
    assert len(a_hearing(x=2000.0).at_s) == 0
    assert (
        a_hearing(x=150.0, walls=[Wall((11.0, -900.0), (11.0, 900.0), 10.0)]).rssi_dbm.max(initial=-127)
        < DEAF_DBM + 12
    )

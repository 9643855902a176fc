"""Telemetry finds the beacon it belongs to."""

from scanner.batteries import MOST_BEACONS, Batteries


def test_telemetry_is_told_with_the_beacon_heard_at_the_same_address_once():
    batteries = Batteries()
    batteries.heard("02:01", "fob")
    batteries.told("02:01", 0.4)
    assert batteries.news_of("fob") == 0.4
    assert batteries.news_of("fob") is None


def test_a_strangers_telemetry_is_forgotten():
    batteries = Batteries()
    batteries.told("7A:99", 0.4)
    batteries.heard("7A:99", "fob")
    assert batteries.news_of("fob") is None


def test_a_radio_that_tells_no_addresses_joins_nothing():
    batteries = Batteries()
    batteries.heard(None, "fob")
    batteries.told(None, 0.4)
    assert batteries.news_of("fob") is None


def test_addresses_that_rotated_away_are_forgotten():
    batteries = Batteries()
    for number in range(MOST_BEACONS + 1):
        batteries.heard(f"address {number}", f"fob {number}")
        batteries.told(f"address {number}", 0.5)
    assert batteries.news_of("fob 0") is None
    assert batteries.news_of("fob 1") == 0.5

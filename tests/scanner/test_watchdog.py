import pytest

from scanner.watchdog import Watchdog


@pytest.fixture
def watchdog() -> Watchdog:
    dog = Watchdog(silent_after_s=20, restart_after_s=90)
    dog.started(0.0)
    return dog


def test_a_radio_that_has_heard_nothing_yet_is_silent(watchdog):
    assert not watchdog.hears(0.5)


def test_a_radio_is_silent_when_the_last_packet_is_old(watchdog):
    watchdog.heard(5.0)
    assert watchdog.hears(24.0)
    assert not watchdog.hears(26.0)


def test_a_restart_is_silent_until_it_hears_for_itself(watchdog):
    watchdog.heard(5.0)
    watchdog.started(6.0)
    assert not watchdog.hears(7.0)


def test_after_a_restart_it_does_not_trip_at_every_look(watchdog):
    watchdog.heard(1.0)
    assert watchdog.trips(92.0)
    watchdog.started(92.0)
    assert next(at for at in range(93, 300) if watchdog.trips(float(at))) == 92 + 2 * 90 + 1


def test_patience_in_a_quiet_night_grows_and_has_an_end(watchdog):
    now, restarts = 0.0, []
    while now < 3 * 3600:
        now += 1
        if watchdog.trips(now):
            restarts.append(now)
            watchdog.started(now)
    waits = [round(b - a) for a, b in zip([0.0, *restarts], restarts, strict=False)]
    assert waits[:6] == [91, 181, 361, 721, 1441, 1441]


def test_one_packet_brings_its_patience_back(watchdog):
    assert watchdog.trips(100.0)
    watchdog.started(100.0)
    assert watchdog.heard(101.0)
    assert not watchdog.heard(102.0)
    assert watchdog.silences == 0

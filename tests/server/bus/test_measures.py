"""What operators watch."""

from datetime import timedelta

import numpy as np

from server.bus.measures import Measures
from server.presence.sighting import Verdict


def lines(measures: Measures) -> list[str]:
    return [line for line in measures.text().decode().splitlines() if not line.startswith("#")]


def test_verdicts_are_counted_and_stand_at_nought_from_the_start():
    measures = Measures()
    assert 'soglia_sightings_total{verdict="no_consent"} 0.0' in lines(measures)
    measures.sightings(np.array([Verdict.ACCEPTED, Verdict.NO_CONSENT, Verdict.ACCEPTED], np.uint8))
    measures.sightings(np.empty(0, np.uint8))
    assert 'soglia_sightings_total{verdict="accepted"} 2.0' in lines(measures)
    assert 'soglia_sightings_total{verdict="no_consent"} 1.0' in lines(measures)


def test_an_offer_that_was_sent_tells_how_long_it_took_and_another_does_not():
    measures = Measures()
    measures.offer("sent", 0.2)
    measures.offer("undeliverable")
    assert 'soglia_offers_total{outcome="sent"} 1.0' in lines(measures)
    assert "soglia_heard_to_sent_seconds_count 1.0" in lines(measures)


def test_a_gateway_is_as_old_as_its_last_heartbeat_and_gone_when_it_is_removed(noon):
    measures = Measures()
    measures.gateways([("gw_1", noon - timedelta(seconds=30)), ("gw_new", None)], noon)
    assert 'soglia_gateway_heartbeat_age_seconds{gateway="gw_1"} 30.0' in lines(measures)
    assert not any("gw_new" in line for line in lines(measures))
    measures.gateways([], noon)
    assert not any("gw_1" in line for line in lines(measures))


def test_events_and_decisions_are_counted_by_kind():
    measures = Measures()
    measures.zone_event("entered")
    measures.decision("withhold")
    assert 'soglia_zone_events_total{kind="entered"} 1.0' in lines(measures)
    assert 'soglia_decisions_total{verdict="withhold"} 1.0' in lines(measures)

"""What operators watch: counters and times of the path, kept in a Prometheus registry of our own.

In: facts from doors, path and delivery, as plain calls. Out: the text of `/metrics` (web/health.py).
"""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from server.presence.sighting import Verdict, Verdicts

#: From "the same moment" to "the shopper has gone": 10 ms to 5 min.
HEARD_TO_SENT_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Measures:
    """One set for one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        sightings = self._counter("sightings", "Sightings received, by verdict", "verdict")
        self._sightings = [sightings.labels(verdict.word) for verdict in Verdict]
        self._zone_events = self._counter("zone_events", "Zone events, by kind", "kind")
        self._decisions = self._counter("decisions", "Decisions, by verdict", "verdict")
        self._offers = self._counter("offers", "Outbox rows settled, by outcome", "outcome")
        self._webhooks = self._counter(
            "webhook_deliveries", "Tries to tell another system of an event, by what came of it", "outcome"
        )
        self._heard_to_sent = Histogram(
            "soglia_heard_to_sent_seconds",
            "From the arrival of the sighting to the channel's answer",
            buckets=HEARD_TO_SENT_S,
            registry=self.registry,
        )
        self.waiting_sightings = self._gauge("waiting_sightings", "Sightings that wait for the path")
        self.known_devices = self._gauge("known_devices", "Devices that the path remembers")
        self.waiting_offers = self._gauge("waiting_offers", "Outbox rows that are not settled")
        self.waiting_webhooks = self._gauge(
            "waiting_webhook_deliveries", "Events that other systems did not take yet"
        )
        self._gateway_age = Gauge(
            "soglia_gateway_heartbeat_age_seconds",
            "Since the gateway's last heartbeat",
            ["gateway"],
            registry=self.registry,
        )

    def sightings(self, verdicts: Verdicts) -> None:
        """Counts the verdicts of a request."""
        for verdict, count in enumerate(np.bincount(verdicts).tolist()):
            if count:
                self._sightings[verdict].inc(count)

    def zone_event(self, kind: str) -> None:
        self._zone_events.labels(kind).inc()

    def decision(self, verdict: str) -> None:
        self._decisions.labels(verdict).inc()

    def offer(self, outcome: str, heard_to_sent_s: float | None = None) -> None:
        """An outbox row was settled; with the seconds since its sighting arrived, where it was sent."""
        self._offers.labels(outcome).inc()
        if heard_to_sent_s is not None:
            self._heard_to_sent.observe(heard_to_sent_s)

    def webhook(self, outcome: str) -> None:
        """A try to deliver an event was settled: delivered, later, dead_letter."""
        self._webhooks.labels(outcome).inc()

    def gateways(self, heard_from: Iterable[tuple[str, datetime | None]], now: datetime) -> None:
        """How old each gateway's last heartbeat is."""
        self._gateway_age.clear()
        for gateway, at in heard_from:
            if at is not None:
                self._gateway_age.labels(gateway).set((now - at).total_seconds())

    def text(self) -> bytes:
        """The exposition format of Prometheus, version 0.0.4."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, label: str) -> Counter:
        return Counter(f"soglia_{name}", what, [label], registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"soglia_{name}", what, registry=self.registry)

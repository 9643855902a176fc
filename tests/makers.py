"""Values with calm defaults, so that a test says only what matters to it."""

from collections.abc import Sequence

import numpy as np

from server.presence.due import Patience
from server.presence.ears import Ear, Ears, Word, brought, told
from server.presence.observe import Step, keep, let_time_pass, observe
from server.presence.sighting import Batch, Fix, Heard
from server.presence.tracks import Tracks
from server.presence.visit import ZoneEvent
from server.zones.atlas import Atlas, compile_atlas
from server.zones.zone import MANNERS, Anchor, Circle, Place, Zone

#: Wednesday 10 June 2026, 12:00 UTC, as an epoch second.
NOON_S = 1_781_092_800.0
#: A street corner in Milan.
LAT, LON = 45.4722, 9.1871
METRES_PER_DEGREE_LAT = 111_143.0


def a_shop(place: Place = Circle(LAT, LON, 40.0), **changes) -> Zone:  # noqa: B008  (frozen)
    """A site of 40 m round the corner, entered and left at once unless said otherwise."""
    return Zone(**{"id": "shop", "name": "Shop", "level": "site", "place": place, **changes})


def a_department(name: str, place: Place = None, **changes) -> Zone:
    return Zone(**{"id": name, "name": name, "level": "zone", "parent": "shop", "place": place, **changes})


def an_anchor(name: str, **changes) -> Anchor:
    return Anchor(**{"id": name, "name": name, "site": "shop", **changes})


def fix(seconds: float, north_m: float = 0.0, accuracy_m: float = 8.0, device: str = "phone") -> Fix:
    """A fix so many seconds after noon, so many metres north of the corner."""
    return Fix(device, NOON_S + seconds, LAT + north_m / METRES_PER_DEGREE_LAT, LON, accuracy_m)


def heard(seconds: float, anchor: str, rssi_dbm: float, device: str = "fob") -> Heard:
    return Heard(device, anchor, NOON_S + seconds, rssi_dbm)


def a_word(seconds: float, **changes) -> Word:
    """A gateway that is well says so: it runs since before noon, hears nobody's packets but ours, and keeps nothing back."""
    calm = {
        "said_at": NOON_S + seconds,
        "started_at": NOON_S - 3_600.0,
        "run": changes.get("started_at", NOON_S - 3_600.0),
        "hears": True,
        "restarts": 0,
        "dropped": 0,
        "heard_per_s": 0.0,
        "last_heard_at": NOON_S + seconds,
        "waits_since": None,
    }
    return Word(**{**calm, **changes})


class Walkthrough:
    """Presence over some zones, given evidence and time; collects what it tells."""

    def __init__(
        self, *zones: Zone, anchors: Sequence[Anchor] = (), plans=(), dwells_s=None, patience=None
    ) -> None:
        self.atlas: Atlas = compile_atlas(zones, anchors, plans, dwells_s)
        self.anchors = anchors
        self.tracks = Tracks(self.atlas.radio_maps)
        self.patience = patience or Patience()
        self.events: list[ZoneEvent] = []
        self.ears: Ears = {}

    def take(self, *sightings: Fix | Heard) -> Step:
        batch = Batch.of(sightings)
        self.ears = brought(self.ears, batch.heards)
        return self.keep(observe(self.tracks, self.atlas, batch, self.patience, self.ears))

    def wait_until(self, seconds: float) -> Step:
        return self.keep(let_time_pass(self.tracks, self.atlas, NOON_S + seconds, self.patience, self.ears))

    def hear_from(self, anchor: str, word: Word) -> None:
        """The gateway of an anchor says how it is."""
        self.ears = {**self.ears, anchor: told(self.ears.get(anchor, Ear()), word)}

    def told(self, zone: str | None = None) -> list[tuple[str, float]]:
        """(kind, seconds after noon) of what happened, of one zone or of all."""
        return [
            (event.kind, round(event.at.timestamp() - NOON_S, 3))
            for event in self.events
            if zone in (None, event.zone)
        ]

    def keep(self, step: Step) -> Step:
        keep(self.tracks, step)
        self.events += step.events
        return step


def words(step: Step) -> list[int]:
    return np.asarray(step.verdicts).tolist()


NORMAL, QUICK, SURE = MANNERS["normal"], MANNERS["quick"], MANNERS["sure"]

"""OwnTracks over HTTP: one message a request, as its unmodified apps send them (owntracks/booklet, tech/json.md and http.md).

`location` is a fix; `transition` has a fix too and is a hint: our own fences decide. `beacon` is a phone hearing a beacon; its
`tst` is the time of the last location, not of the sighting (owntracks/ios), so the time of arrival counts. All else says
nothing about where the phone is. `vel` is km/h; iOS leaves out zeros.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import msgspec

from server.ingest.formats.phone_ping import ACCURACY_UNKNOWN_M


@dataclass(frozen=True, slots=True)
class Located:
    """A fix: epoch seconds, degrees, metres, metres a second (NaN where unknown)."""

    at: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Ranged:
    """A shop beacon that the phone hears now: its id text, dBm."""

    beacon: str
    rssi_dbm: float


def read(body: bytes) -> Located | Ranged | None:
    """None where the message is sound or not, but tells nothing of where the phone is; never raises."""
    try:
        message = msgspec.json.decode(body) if body else None
        if not isinstance(message, dict):
            return None
        match message.get("_type"):
            case "location" | "transition":
                return _located(message)
            case "beacon":
                return _ranged(message)
            case _:
                return None
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, OverflowError):
        return None


def _located(message: Mapping[str, Any]) -> Located | None:
    at, lat, lon = float(message["tst"]), float(message["lat"]), float(message["lon"])
    accuracy = float(message.get("acc") or ACCURACY_UNKNOWN_M)
    if not (isfinite(at) and abs(lat) <= 90.0 and abs(lon) <= 180.0 and 0.0 < accuracy < 1e7):
        return None
    speed = message.get("vel")
    return Located(at, lat, lon, accuracy, nan if speed is None else float(speed) / 3.6)


def _ranged(message: Mapping[str, Any]) -> Ranged | None:
    beacon = f"ibeacon:{str(message['uuid']).lower()}:{int(message['major'])}:{int(message['minor'])}"
    rssi = float(message["rssi"])
    # iOS ranges with rssi 0 where it lost the beacon for a moment.
    return Ranged(beacon, rssi) if -127.0 <= rssi < 0.0 else None

"""`POST /v1/sightings`: what a radio heard, in our own format: a gateway hearing fobs, or a phone hearing shop beacons.

    {"sent_at": 1795000002.5, "sightings": [{"at": 1795000001, "id": "ibeacon:6f1c0a9e-...:12:34", "rssi": -71.5, "count": 4}]}

Times are epoch seconds or RFC 3339; `rssi` dBm is the mean of `count` packets. Unknown fields are let pass (tx, battery).
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from server.ingest.formats.reading import Floats, Items, Moment, column, epoch, read_items


class Reading(msgspec.Struct, frozen=True):
    at: Moment
    id: str
    rssi: float
    count: float | None = 1.0


class Body(msgspec.Struct, frozen=True):
    items: list[Reading] = msgspec.field(name="sightings")
    sent_at: Moment | None = None


class LooseBody(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] = msgspec.field(name="sightings")
    sent_at: Moment | None = None


@dataclass(slots=True)
class Links:
    """What was heard, in columns; `beacon` is the id text of the other end."""

    items: Items
    beacon: list[str]
    at: Floats
    rssi_dbm: Floats
    count: Floats


_body = msgspec.json.Decoder(Body)
_loose = msgspec.json.Decoder(LooseBody)
_reading = msgspec.json.Decoder(Reading)


def read(body: bytes) -> Links:
    """Raises Unreadable where the body is no JSON object with `sightings`."""
    readings, items = read_items(body, "sightings", _body.decode, _loose.decode, _reading.decode)
    at = np.array([epoch(reading.at) for reading in readings], np.float64)
    rssi = column(readings, "rssi")
    bad = items.refuse(
        ~((rssi >= -127.0) & (rssi <= 20.0)), "rssi", "a signal strength lies between -127 and 20 dBm"
    ) | items.refuse(~np.isfinite(at), "at", "not a time")
    keep = np.flatnonzero(~bad)
    items.index = items.index[keep]
    count = column(readings, "count")
    return Links(
        items,
        [readings[i].id for i in keep.tolist()],
        at[keep],
        rssi[keep],
        np.nan_to_num(count[keep], nan=1.0),
    )

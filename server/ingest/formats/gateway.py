"""`POST /v1/sightings`: what a radio heard, in our own format: a gateway hearing fobs, or a phone hearing shop beacons.

    {"sent_at": 1795000002.5, "sightings": [{"at": 1795000001, "id": "ibeacon:6f1c0a9e-...:12:34", "rssi": -71.5, "count": 4}]}

Times are epoch seconds or RFC 3339; `rssi` dBm is the mean of `count` packets. Unknown fields are let pass (tx, battery).
"""

from typing import Annotated, Final

import msgspec

from server.ingest.format import Links
from server.ingest.reading import Moment, column, read_items, times


class Sighting(msgspec.Struct, frozen=True):
    at: Moment
    id: Annotated[str, msgspec.Meta(max_length=100)]
    # What Bluetooth can report (Core 5.4, vol 4, part E, 7.7.65.2): 127 means unknown.
    rssi: Annotated[float, msgspec.Meta(ge=-127, le=20)]
    count: Annotated[float, msgspec.Meta(ge=0, le=1e6)] | None = 1.0


class Body(msgspec.Struct, frozen=True):
    items: list[Sighting] = msgspec.field(name="sightings")
    sent_at: Moment | None = None


class _LooseBody(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] = msgspec.field(name="sightings")
    sent_at: Moment | None = None


PATH: Final = "/v1/sightings"
SPEAKERS: Final = frozenset({"gateway", "device"})
ALWAYS: Final = None
BODY: Final = Body

_body = msgspec.json.Decoder(Body)
_loose = msgspec.json.Decoder(_LooseBody)
_sighting = msgspec.json.Decoder(Sighting)


def read(body: bytes, _arrived_at: float) -> Links:
    """Raises Unreadable where the body is no JSON object with `sightings`."""
    heard, items = read_items(body, "sightings", _body.decode, _loose.decode, _sighting.decode)
    return Links(
        items,
        [each.id.lower() for each in heard],  # iOS writes UUIDs in capitals
        times([each.at for each in heard]),
        column([each.rssi for each in heard]),
        column([1.0 if each.count is None else each.count for each in heard]),
    )

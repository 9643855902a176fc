"""OwnTracks over HTTP: one message a request, as its unmodified apps send them (owntracks/booklet, tech/json.md and http.md).

    {"_type": "location", "tid": "GR", "lat": 45.46421, "lon": 9.19012, "acc": 14, "tst": 1795000000, "vel": 3, "t": "p"}

`location` is a fix; `transition` has a fix too and is a hint: our own fences decide. `beacon` is a phone hearing a beacon; its `tst`
is the time of the last location, not of the sighting (owntracks/ios), so the time of arrival counts. All else says nothing
about where the phone is. `vel` is km/h; iOS leaves out zeros.

A 4xx makes iOS drop the point with an alert and Android send it again and again: so the answer is always `[]`.
"""

from math import nan
from typing import Annotated, Final

import msgspec
import numpy as np

from server.ingest.format import Items, Links, Positions, Unreadable
from server.ingest.formats.phone_ping import ACCURACY_UNKNOWN_M
from server.ingest.reading import UNDECODABLE, fault

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
_Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
_Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
_Metres = Annotated[float, msgspec.Meta(ge=0)]
_Word = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class Location(msgspec.Struct, frozen=True, tag_field="_type", tag="location"):
    tst: _Seconds
    lat: _Latitude
    lon: _Longitude
    acc: _Metres | None = None
    vel: float | None = None


class Transition(msgspec.Struct, frozen=True, tag_field="_type", tag="transition"):
    tst: _Seconds
    lat: _Latitude
    lon: _Longitude
    acc: _Metres | None = None


class Beacon(msgspec.Struct, frozen=True, tag_field="_type", tag="beacon"):
    uuid: Annotated[str, msgspec.Meta(max_length=36)]
    major: _Word
    minor: _Word
    rssi: Annotated[float, msgspec.Meta(ge=-127, le=20)]


class _Message(msgspec.Struct, frozen=True):
    kind: str | None = msgspec.field(name="_type", default=None)


PATH: Final = "/ingest/owntracks"
SPEAKERS: Final = frozenset({"device"})
ALWAYS: Final = b"[]"
BODY: Final = Location | Transition | Beacon

# Lax: what is a number and stands as a text is taken. Apps of many years are about.
_telling = msgspec.json.Decoder(Location | Transition | Beacon, strict=False)
_message = msgspec.json.Decoder(_Message)
_TELLING: Final = frozenset({"location", "transition", "beacon"})
_ONE: Final = np.zeros(1, np.intp)


def read(body: bytes, arrived_at: float) -> Positions | Links | None:
    """Raises Unreadable where the body is no JSON object."""
    if not body:  # "friend deleted"
        return None
    try:
        said = _telling.decode(body)
    except UNDECODABLE as error:
        return _untold(body, error)
    items = Items(1, _ONE)
    if isinstance(said, Beacon):
        if said.rssi == 0:  # iOS says so where it lost the beacon for a moment
            return None
        beacon = f"ibeacon:{said.uuid.lower()}:{said.major}:{said.minor}"
        return Links(items, [beacon], np.array([arrived_at]), np.array([said.rssi]), np.ones(1))
    vel = said.vel if isinstance(said, Location) else None
    return Positions(
        items,
        [None],
        np.array([said.tst]),
        np.array([said.lat]),
        np.array([said.lon]),
        np.array([said.acc or ACCURACY_UNKNOWN_M]),
        np.array([nan if vel is None else vel / 3.6]),
        np.zeros(1, np.bool_),
    )


def _untold(body: bytes, error: Exception) -> Positions | None:
    """A message of another kind says nothing; one that ought to say where the phone is has a fault."""
    try:
        kind = _message.decode(body).kind
    except UNDECODABLE as no_message:
        raise Unreadable("expected a JSON object") from no_message
    if kind not in _TELLING:
        return None
    none = np.empty(0)
    return Positions(
        Items(1, np.empty(0, np.intp), [fault(0, error)]), [], none, none, none, none, none, none.astype(bool)
    )

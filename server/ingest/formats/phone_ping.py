"""`POST /v1/pings`: where a phone is, in our own format.

    {"sent_at": 1795000002.5, "pings": [{"at": 1795000000, "lat": 45.46421, "lon": 9.19012, "accuracy": 12, "speed": 0.8}]}

Times are epoch seconds or RFC 3339; `accuracy` metres (68 %), `speed` metres a second; `device` names whose it is where another
system speaks for phones. Unknown fields are let pass: apps add some of their own.
"""

from typing import Annotated, Final

import msgspec
import numpy as np

from server.ingest.format import Positions
from server.ingest.reading import Moment, column, read_items, times

#: What a fix without a claimed accuracy is taken for: a phone's coarse but common network fix.
ACCURACY_UNKNOWN_M: Final = 50.0


class Ping(msgspec.Struct, frozen=True, gc=False):
    at: Moment
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy: Annotated[float, msgspec.Meta(ge=0)] | None = None
    speed: float | None = None
    mock: bool = False
    device: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class Body(msgspec.Struct, frozen=True, gc=False):
    items: list[Ping] = msgspec.field(name="pings")
    sent_at: Moment | None = None


class _LooseBody(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] = msgspec.field(name="pings")
    sent_at: Moment | None = None


PATH: Final = "/v1/pings"
SPEAKERS: Final = frozenset({"device", "server"})
ALWAYS: Final = None
BODY: Final = Body

_body = msgspec.json.Decoder(Body)
_loose = msgspec.json.Decoder(_LooseBody)
_ping = msgspec.json.Decoder(Ping)


def read(body: bytes, _arrived_at: float) -> Positions:
    """Raises Unreadable where the body is no JSON object with `pings`."""
    pings, items = read_items(body, "pings", _body.decode, _loose.decode, _ping.decode)
    accuracy = column([ping.accuracy for ping in pings])
    accuracy[np.isnan(accuracy)] = ACCURACY_UNKNOWN_M
    return Positions(
        items,
        [ping.device for ping in pings],
        times([ping.at for ping in pings]),
        column([ping.lat for ping in pings]),
        column([ping.lon for ping in pings]),
        accuracy,
        column([ping.speed for ping in pings]),
        np.array([ping.mock for ping in pings], np.bool_),
    )

"""`POST /v1/pings`: where a phone is, in our own format.

    {"sent_at": 1795000002.5, "pings": [{"at": 1795000000, "lat": 45.46421, "lon": 9.19012, "accuracy": 12, "speed": 0.8}]}

Times are epoch seconds or RFC 3339; `accuracy` metres (68 %), `speed` metres a second; `device` names whose it is where another
system speaks for phones. Unknown fields are let pass: apps add some of their own.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from server.ingest.formats.reading import Floats, Items, Moment, column, epoch, read_items

#: What a fix without a claimed accuracy is taken for: a phone's coarse but common network fix.
ACCURACY_UNKNOWN_M = 50.0


class Ping(msgspec.Struct, frozen=True):
    at: Moment
    lat: float
    lon: float
    accuracy: float | None = None
    speed: float | None = None
    mock: bool = False
    device: str | None = None


class Body(msgspec.Struct, frozen=True):
    items: list[Ping] = msgspec.field(name="pings")
    sent_at: Moment | None = None


class LooseBody(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] = msgspec.field(name="pings")
    sent_at: Moment | None = None


@dataclass(slots=True)
class Pings:
    """The fixes of a body in columns; `device` is None where the ping does not say whose it is."""

    items: Items
    device: list[str | None]
    at: Floats
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    speed_mps: Floats
    mock: list[bool]


_body = msgspec.json.Decoder(Body)
_loose = msgspec.json.Decoder(LooseBody)
_ping = msgspec.json.Decoder(Ping)


def read(body: bytes) -> Pings:
    """Raises Unreadable where the body is no JSON object with `pings`."""
    pings, items = read_items(body, "pings", _body.decode, _loose.decode, _ping.decode)
    read_pings = Pings(
        items=items,
        device=[ping.device for ping in pings],
        at=np.array([epoch(ping.at) for ping in pings], np.float64),
        lat=np.array([ping.lat for ping in pings], np.float64),
        lon=np.array([ping.lon for ping in pings], np.float64),
        accuracy_m=column(pings, "accuracy"),
        speed_mps=column(pings, "speed"),
        mock=[ping.mock for ping in pings],
    )
    read_pings.accuracy_m[np.isnan(read_pings.accuracy_m)] = ACCURACY_UNKNOWN_M
    return _plausible(read_pings)


def _plausible(pings: Pings) -> Pings:
    """Leaves out what no phone on earth can mean."""
    items = pings.items
    bad = (
        items.refuse(~(np.abs(pings.lat) <= 90.0), "lat", "a latitude lies between -90 and 90")
        | items.refuse(~(np.abs(pings.lon) <= 180.0), "lon", "a longitude lies between -180 and 180")
        | items.refuse(~(pings.accuracy_m >= 0.0), "accuracy", "an accuracy is a number of metres, 0 or more")
        | items.refuse(~np.isfinite(pings.at), "at", "not a time")
    )
    if not bad.any():
        return pings
    keep = np.flatnonzero(~bad)
    items.index = items.index[keep]
    return Pings(
        items,
        [pings.device[i] for i in keep],
        pings.at[keep],
        pings.lat[keep],
        pings.lon[keep],
        pings.accuracy_m[keep],
        pings.speed_mps[keep],
        [pings.mock[i] for i in keep],
    )

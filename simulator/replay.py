"""Recorded traces as a town of their own: real evidence in place of pretended. In: traces. Out: a `Town` to be played. Pure.

An office with fixed scanners becomes a shop with a gateway each, its floor cut into four departments; a phone's walk becomes a
street with circles drawn on the true track. Each piece of a recording is carried by a shopper of its own, all at once: dwell and
freshness are the server's own clock, so nothing can be played faster than it happened, and a long walk is cut into pieces.
Nothing here knows what the files hold; where things lie is taken from the recording's own coordinates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.frame import Frame, Point
from simulator.habits import FOB_UUID, Fob, Phone, Shopper
from simulator.sky import FixTrack
from simulator.town import NO_MISHAPS, Town
from simulator.traces.trace import FixTrace, RadioTrace
from simulator.truth import Evidence, stays, true_visits
from simulator.walk import Path
from simulator.world import world_of

SITE, PLAN = "recorded-site", "recorded-floor"
#: Round what hangs on the walls there is a margin of floor.
MARGIN_M = 2.0
#: Circles on the walked track, as large as the smallest of the usual geofences.
FENCE_M = 40.0
#: Where on the track the circles lie, as shares of its length.
FENCES_AT = (0.25, 0.5, 0.75)
#: A walk lies so far from the office that neither can be mistaken for the other.
APART_DEG = 0.05
#: Where an office lies on the map, when there is no walk to lie beside.
ANYWHERE = (45.0, 9.0)


def recorded_town(office: Sequence[RadioTrace], walk: FixTrace | None, piece_s: float) -> Town:
    """All of it as one town that lasts as long as its longest piece. ValueError for nothing at all."""
    pieces = _pieces(walk, piece_s) if walk is not None else []
    if not office and not pieces:
        raise ValueError("neither an office nor a walk was recorded")
    frame = _frame(walk)
    floor = _floor(office)
    world = world_of(
        {"type": "FeatureCollection", "features": [*_departments(floor), *_fences(walk, frame)]},
        _floorplan(office, floor, frame),
        _campaigns(len(FENCES_AT) if walk is not None else 0, floor),
    )
    shoppers, evidence = [], {}
    for number, trace in enumerate(office, start=1):
        shopper, heard = _fob_of(trace, number)
        shoppers.append(shopper)
        evidence[heard.device] = heard
    for number, piece in enumerate(pieces, start=1):
        shopper, taken = _phone_of(piece, number, world.frame)
        shoppers.append(shopper)
        evidence[taken.device] = taken
    seconds = max([trace.seconds for trace in office] + [float(piece.at_s[-1]) for piece in pieces]) + 1.0
    return Town(
        world=world,
        seed=0,
        seconds=seconds,
        shoppers=shoppers,
        evidence=evidence,
        mishaps=NO_MISHAPS,
        stays=[stay for each in evidence.values() for stay in stays(each, world, seconds)],
        visits=[
            visit
            for each in evidence.values()
            for place in world.places.values()
            if (place.homes if each.hearings else place.on_map)
            for visit in true_visits(each.device, each.path, place, seconds)
        ],
    )


def _frame(walk: FixTrace | None) -> Frame:
    if walk is None:
        return Frame(*ANYWHERE)
    return Frame(float(walk.true_lat[0]) - APART_DEG, float(walk.true_lon[0]))


def _floor(office: Sequence[RadioTrace]) -> tuple[Point, Point] | None:
    """The lowest and the highest corner of the floor on which the anchors hang, in the recording's metres."""
    if not office:
        return None
    hang = np.array([position[:2] for position in office[0].anchors.values()])
    low, high = hang.min(axis=0) - MARGIN_M, hang.max(axis=0) + MARGIN_M
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def _departments(floor: tuple[Point, Point] | None) -> list[dict[str, Any]]:
    """The site and its four quarters, on the plan's own axes (whose corner is the floor's lowest)."""
    if floor is None:
        return [_feature(SITE, None, {"level": "site", "time_zone": "UTC", "name": "recorded"})]
    (x0, y0), (x1, y1) = floor
    width, height = x1 - x0, y1 - y0
    quarters = {
        "south-west": (0.0, 0.0, width / 2, height / 2),
        "south-east": (width / 2, 0.0, width, height / 2),
        "north-west": (0.0, height / 2, width / 2, height),
        "north-east": (width / 2, height / 2, width, height),
    }
    site = _feature(SITE, None, {"level": "site", "time_zone": "UTC", "name": "recorded"})
    return [
        site,
        *(
            _feature(
                name, None, {"parent": SITE, "name": name, "plan": {"id": PLAN, "shape": _box(*corners)}}
            )
            for name, corners in quarters.items()
        ),
    ]


def _fences(walk: FixTrace | None, frame: Frame) -> list[dict[str, Any]]:
    """Circles whose middles lie on the true track."""
    if walk is None:
        return []
    x, y = frame.metres(walk.true_lat, walk.true_lon)
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    features = []
    for number, share in enumerate(FENCES_AT, start=1):
        at = int(np.searchsorted(gone, share * gone[-1]))
        spot = {"type": "Point", "coordinates": [float(walk.true_lon[at]), float(walk.true_lat[at])]}
        features.append(
            _feature(
                f"circle-{number}", spot, {"name": f"circle {number}", "radius": FENCE_M, "time_zone": "UTC"}
            )
        )
    return features


def _floorplan(
    office: Sequence[RadioTrace], floor: tuple[Point, Point] | None, frame: Frame
) -> dict[str, Any]:
    (x0, y0), (x1, y1) = floor or ((0.0, 0.0), (1.0, 1.0))
    anchors = [
        {"id": name, "name": name, "kind": "gateway", "position": [x - x0, y - y0, z]}
        for name, (x, y, z) in (office[0].anchors if office else {}).items()
    ]
    origin = {"lat": frame.lat, "lon": frame.lon, "bearing_deg": frame.bearing_deg}
    sizes = {"width_m": x1 - x0, "height_m": y1 - y0}
    plan = {"id": PLAN, "site": SITE, "name": "recorded floor", "origin": origin, **sizes}
    return {**plan, "anchors": anchors, "walls": [], "ways": {}, "stands_for": {}}


def _campaigns(fences: int, floor: tuple[Point, Point] | None) -> list[dict[str, Any]]:
    """One for each place, at each visit: what comes is then one push a visit."""
    places = [f["properties"]["id"] for f in _departments(floor)[1:]] + [
        f"circle-{n}" for n in range(1, fences + 1)
    ]
    return [
        {
            "id": f"hello-{place}",
            "name": f"Hello in {place}",
            "state": "live",
            "trigger": {"on": "entered", "where": {"zones": [place]}},
            "conditions": [],
            "offer": {"title": {"en": f"Hello in {place}"}, "body": {"en": "You were recorded here."}},
        }
        for place in places
    ]


def _fob_of(trace: RadioTrace, number: int) -> tuple[Shopper, Evidence]:
    """A shopper with a fob that walks as recorded, and a phone that only receives."""
    own_id = trace.name.replace(",", "-")
    fob = Fob(f"{own_id}.fob", f"ibeacon:{FOB_UUID}:2:{number}")
    corner = _floor([trace])
    (x0, y0) = corner[0] if corner else (0.0, 0.0)
    path = Path(trace.truth.at_s, trace.truth.x - x0, trace.truth.y - y0)
    hearings = [replace(hearing, device=fob.name) for hearing in trace.hearings]
    phone = Phone(f"{own_id}.phone", address=f"fid-{own_id}")
    return Shopper(own_id, "recorded", path, phone, fob, "en"), Evidence(fob.name, path, hearings)


def _phone_of(piece: FixTrace, number: int, frame: Frame) -> tuple[Shopper, Evidence]:
    """A shopper whose phone says what the recorded one said."""
    own_id = f"{piece.name}-{number}"
    phone = Phone(f"{own_id}.phone", address=f"fid-{own_id}")
    path = Path(piece.true_at_s, *frame.metres(piece.true_lat, piece.true_lon))
    x, y = frame.metres(piece.lat, piece.lon)
    fixes = FixTrack(phone.name, piece.at_s, x, y, piece.accuracy_m, piece.speed_mps, "")
    return Shopper(own_id, "recorded", path, phone, None, "en"), Evidence(phone.name, path, (), fixes)


def _pieces(walk: FixTrace, piece_s: float) -> list[FixTrace]:
    """The walk cut into pieces of that length, each from its own second 0."""
    pieces = []
    for begins in np.arange(0.0, float(walk.at_s[-1]), piece_s):
        mine = (walk.at_s >= begins) & (walk.at_s < begins + piece_s)
        true = (walk.true_at_s >= begins - piece_s) & (walk.true_at_s < begins + 2.0 * piece_s)
        if mine.sum() < 2:
            continue
        pieces.append(
            replace(
                walk,
                at_s=walk.at_s[mine] - begins,
                lat=walk.lat[mine],
                lon=walk.lon[mine],
                accuracy_m=walk.accuracy_m[mine],
                speed_mps=walk.speed_mps[mine],
                provider=[each for each, kept in zip(walk.provider, mine.tolist(), strict=True) if kept],
                true_at_s=walk.true_at_s[true] - begins,
                true_lat=walk.true_lat[true],
                true_lon=walk.true_lon[true],
            )
        )
    return pieces


def _feature(
    own_id: str, geometry: Mapping[str, Any] | None, properties: Mapping[str, Any]
) -> dict[str, Any]:
    return {"type": "Feature", "id": own_id, "geometry": geometry, "properties": {"id": own_id, **properties}}


def _box(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    return {"type": "Polygon", "coordinates": [ring]}

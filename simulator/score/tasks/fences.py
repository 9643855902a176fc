"""G1, G2: somebody goes about with a phone; real outlines lie beside points of their track, as geofences.

An outline is turned by a random angle and scaled so that a circle of its area has the radius R (--radius): its equivalent
radius sqrt(area / pi) is R. Its middle lies up to R from a random point of the true track, so that tracks cross it, graze it and
pass it by. Truth: inside, along the true track interpolated each half second; gaps under 20 s are merged, and then visits under
8 s do not count (SOURCES.md): they are not missed when nobody speaks, and who speaks of one speaks of nothing that counts, which is
false. A walk is one case with all its fences, of which each is judged by itself (they overlap, and lie in nothing).
"""

import math
from typing import Final

import numpy as np
import shapely
from shapely.affinity import rotate, scale, translate

from server.presence.sighting import Fixes, Heards
from server.zones.shape import LocalMetres
from server.zones.zone import Geofence, Zone
from simulator.chance import stream
from simulator.frame import Floats
from simulator.score.asked import Asked
from simulator.score.case import EPOCH_S, Case, Matching, Sense, TrueStay
from simulator.score.truth import zones_at_each_s
from simulator.traces import buildings, pixel_walk
from simulator.traces.trace import FixTrace

NAME: Final = "fences"
CAPTION: Final = "a phone on its way past outlines of real buildings (--radius, usually 40 m; --every S)"
SENSE: Final[Sense] = "fixes"
OPTIONS: Final = frozenset({"thin", "every", "radius"})
USUAL_RADIUS_M: Final = 40.0
FENCES: Final = 60
STEP_S: Final = 0.5
MERGED_GAP_S: Final = 20.0
SHORTEST_VISIT_S: Final = 8.0
BEFORE_S: Final = 10.0
AFTER_S: Final = 15.0
AFTER_PINGS: Final = 2.0

NO_HEARDS: Final = Heards.of(())


def cases(asked: Asked) -> list[Case]:
    outlines = buildings.outlines(asked.folder("buildings"))
    radius_m = asked.radius_m if asked.radius_m is not None else USUAL_RADIUS_M
    return [_case(asked, walk, outlines, radius_m) for walk in pixel_walk.walks(asked.folder("pixel_walk"))]


def _case(asked: Asked, walk: FixTrace, outlines: list[shapely.Polygon], radius_m: float) -> Case:
    flat = LocalMetres(float(walk.true_lat.mean()), float(walk.true_lon.mean()))
    began, ended = float(walk.true_at_s[0]), float(walk.true_at_s[-1])
    at = np.arange(began, ended, STEP_S)
    true_x, true_y = flat.to_metres(walk.true_lat, walk.true_lon)
    x, y = np.interp(at, walk.true_at_s, true_x), np.interp(at, walk.true_at_s, true_y)
    rng = stream(asked.seed, "fences", walk.name)
    zones, truth = [], []
    for number in range(FENCES):
        zone = f"fence-{number + 1:02}"
        shape = _laid(outlines[int(rng.integers(len(outlines)))], radius_m, x, y, rng)
        zones.append(Zone(id=zone, name=zone, place=Geofence(flat.geometry_to_degrees(shape))))
        truth += _visits(zone, at - began, shapely.contains_xy(shape, x, y))
    fixes, ping_s = _fixes(asked, walk, began, ended)
    return Case(
        name=walk.name,
        sense=SENSE,
        zones=tuple(zones),
        around=(),
        anchors={},
        plans={},
        surveys=(),
        heards=NO_HEARDS,
        fixes=fixes,
        truth=tuple(sorted(filter(_counts, truth), key=lambda stay: (stay.entered_s, stay.zone))),
        at_each_s=zones_at_each_s(truth, ended - began),
        seconds=ended - began,
        ping_s=ping_s,
        matching=Matching(BEFORE_S, max(AFTER_S, AFTER_PINGS * ping_s), to_end_of_stay=True),
        began_s=began,
    )


def _laid(
    outline: shapely.Polygon, radius_m: float, x: Floats, y: Floats, rng: np.random.Generator
) -> shapely.Polygon:
    """The outline turned, scaled and laid beside a point of the track."""
    grown = radius_m / math.sqrt(outline.area / math.pi)
    shape = scale(outline, grown, grown, origin=(0.0, 0.0))
    shape = rotate(shape, float(rng.uniform(0.0, 360.0)), origin=(0.0, 0.0))
    point, off, angle = int(rng.integers(len(x))), rng.uniform(0.0, radius_m), rng.uniform(0.0, 2 * math.pi)
    return translate(shape, x[point] + off * math.cos(angle), y[point] + off * math.sin(angle))


def _visits(zone: str, at_s: Floats, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[TrueStay]:
    """The visits to one fence, short gaps merged; a visit lasts until the first moment outside."""
    visits: list[TrueStay] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        entered, left = float(at_s[first]), float(at_s[min(after, len(at_s) - 1)])
        if visits and entered - visits[-1].left_s < MERGED_GAP_S:
            entered = visits.pop().entered_s
        visits.append(TrueStay(zone, entered, left))
    return visits


def _counts(visit: TrueStay) -> bool:
    return visit.left_s - visit.entered_s >= SHORTEST_VISIT_S


def _fixes(asked: Asked, walk: FixTrace, began: float, ended: float) -> tuple[Fixes, float]:
    """The fixes while truth is known, thinned, and the usual time between them."""
    kept = np.flatnonzero((walk.at_s >= began) & (walk.at_s <= ended))
    if asked.thin is not None:
        kept = kept[stream(asked.seed, "thin", walk.name).random(len(kept)) < asked.thin]
    if asked.every_s is not None:
        _, first = np.unique(np.floor((walk.at_s[kept] - began) / asked.every_s), return_index=True)
        kept = kept[first]
    at = walk.at_s[kept] - began
    ping_s = asked.every_s or (float(np.median(np.diff(at))) if len(at) > 1 else 0.0)
    fixes = Fixes(
        [walk.name] * len(kept),
        at + EPOCH_S,
        walk.lat[kept],
        walk.lon[kept],
        walk.accuracy_m[kept],
        walk.speed_mps[kept],
        np.zeros(len(kept), np.bool_),
    )
    return fixes, ping_s

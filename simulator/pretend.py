"""Pretended recordings in the form of real ones, so that what is tuned on a few is tried on many. In: a kind, hours, a seed. Out: files.

`write` makes a folder as `score fences` reads it: pixel_walk/*.csv (GNSSLogger's "Fix," lines, a provider TRUTH among them) and
buildings/*.geojson (outlines in metres). Drives (drives.drive) are seen by a receiver between houses each second, which knows no
speed; strolls by a phone's satellite, fused and network providers in turn.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import shapely
from shapely.affinity import rotate, translate

from simulator import sky
from simulator.chance import stream
from simulator.drives import drive, stroll
from simulator.frame import Floats, Frame
from simulator.walk import Path as Way

Kind = Literal["downtown", "walk"]


@dataclass(frozen=True, slots=True)
class _Sort:
    """How long a trace lasts, and who tells how often: the log's word, the provider of sky.py, seconds, whether speed is told."""

    seconds: float
    tellers: tuple[tuple[str, str, float, bool], ...]


SORTS: Final[Mapping[Kind, _Sort]] = {
    "downtown": _Sort(1_800.0, (("WLS", "downtown", 1.0, False),)),
    "walk": _Sort(
        600.0, (("GPS", "open", 6.0, True), ("FLP", "fused", 5.6, True), ("NLP", "network", 10.0, False))
    ),
}
#: Truth is told once a second.
TRUTH_EVERY_S = 1.0
#: Where the pretended towns lie, and when their day begins: what is played at 1 800 000 000 is in nobody's past.
SOMEWHERE = Frame(45.46, 9.19)
BEGINS_MS = 1_800_000_000_000
OUTLINES = 60
#: Sides of buildings in metres, and what an L lacks of its box.
SIDES_M, LACKS = (12.0, 60.0), (0.3, 0.6)
COLUMNS = "# Fix,Provider,LatitudeDegrees,LongitudeDegrees,AltitudeMeters,SpeedMps,AccuracyMeters,BearingDegrees,UnixTimeMillis"


def write(kind: Kind, folder: Path, hours: float, seed: int) -> int:
    """Writes the traces and outlines; says how many traces. Raises OSError."""
    sort = SORTS[kind]
    count = max(1, math.ceil(hours * 3600.0 / sort.seconds))
    walks, buildings = folder / "pixel_walk", folder / "buildings"
    walks.mkdir(parents=True, exist_ok=True)
    buildings.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        name = f"{kind}-{number:03}"
        (walks / f"{name}.csv").write_text("\n".join(_log(kind, name, seed)) + "\n", "utf-8")
    (buildings / "pretended.geojson").write_text(json.dumps(outlines(seed)), "utf-8")
    return count


def _log(kind: Kind, name: str, seed: int) -> Iterator[str]:
    """One trace, line by line in order of time."""
    sort = SORTS[kind]
    goes = drive if kind == "downtown" else stroll
    way = goes(stream(seed, "way", name), sort.seconds)
    at_s = np.arange(0.0, sort.seconds, TRUTH_EVERY_S)
    said = list(_lines("TRUTH", at_s, *way.where(at_s), None, None))
    for word, provider, every_s, tells_speed in sort.tellers:
        said += _told(seed, name, way, sort.seconds, (word, provider, every_s, tells_speed))
    yield COLUMNS
    for _, line in sorted(said):
        yield line


def _told(
    seed: int, name: str, way: Way, seconds: float, teller: tuple[str, str, float, bool]
) -> Iterator[tuple[float, str]]:
    word, provider, every_s, tells_speed = teller
    first = float(stream(seed, "first", name, word).uniform(0.0, every_s))
    at_s = np.arange(first, seconds, every_s).round(3)
    track = sky.fixes(seed, f"{name}.{word}", way, at_s, provider)
    speed = track.speed_mps if tells_speed else None
    return _lines(word, at_s, track.x, track.y, track.accuracy_m, speed)


def _lines(
    word: str, at_s: Floats, x: Floats, y: Floats, accuracy_m: Floats | None, speed: Floats | None
) -> Iterator[tuple[float, str]]:
    """(second, line) of each fix; what is None is not said."""
    lat, lon = SOMEWHERE.degrees(x, y)
    for i, second in enumerate(at_s.tolist()):
        fast = "" if speed is None else f"{speed[i]:.2f}"
        claims = "" if accuracy_m is None else f"{accuracy_m[i]:.1f}"
        millis = BEGINS_MS + round(1000.0 * second)
        yield second, f"Fix,{word},{lat[i]:.8f},{lon[i]:.8f},,{fast},{claims},,{millis}"


def outlines(seed: int) -> dict[str, object]:
    """Rectangles, and the same with a corner missing, in metres round their middle, any way round."""
    rng = stream(seed, "outlines")
    features = []
    for _ in range(OUTLINES):
        wide, deep = (float(side) for side in rng.uniform(*SIDES_M, 2))
        lacks_x, lacks_y = wide * float(rng.uniform(*LACKS)), deep * float(rng.uniform(*LACKS))
        corners = [(0.0, 0.0), (wide, 0.0), (wide, deep), (0.0, deep)]
        if rng.random() < 0.5:
            corners[2:3] = [(wide, deep - lacks_y), (wide - lacks_x, deep - lacks_y), (wide - lacks_x, deep)]
        shape = shapely.Polygon(corners)
        turned = rotate(shape, float(rng.uniform(0.0, 360.0)))
        moved = translate(turned, -turned.centroid.x, -turned.centroid.y)
        ring = [[round(east, 1), round(north, 1)] for east, north in moved.exterior.coords]
        features.append(
            {
                "type": "Feature",
                "properties": {"building": "pretended", "area_m2": round(shape.area)},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return {"type": "FeatureCollection", "note": "made up, in metres", "features": features}

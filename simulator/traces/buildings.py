"""Outlines of real buildings, in metres round their middle. In: their folder. Out: polygons.

Source: OpenStreetMap (c) its contributors, ODbL: GeoJSON files of polygons whose coordinates are local metres, x east and y north.
"""

import json
from pathlib import Path

import shapely
from shapely.affinity import translate

from simulator.traces.trace import NoTrace


def outlines(folder: Path) -> list[shapely.Polygon]:
    """All outlines of all files, valid, each with its centroid at (0, 0). Raises NoTrace."""
    found: list[shapely.Polygon] = []
    for path in sorted(folder.glob("*.geojson")):
        try:
            features = json.loads(path.read_text("utf-8"))["features"]
            shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]
        except (OSError, ValueError, KeyError, TypeError, shapely.GEOSException) as error:
            raise NoTrace(f"{path.name} holds no outlines: {error}") from error
        parts = (part for shape in shapes for part in shapely.get_parts(shapely.make_valid(shape)))
        found += [_centred(part) for part in parts if isinstance(part, shapely.Polygon) and part.area > 0.0]
    if not found:
        raise NoTrace(f"{folder.name} holds no outlines of buildings")
    return found


def _centred(shape: shapely.Polygon) -> shapely.Polygon:
    return translate(shape, -shape.centroid.x, -shape.centroid.y)

"""Outlines as people and programs send them: read, mended where that takes no guessing, refused with the place otherwise.

In: a GeoJSON geometry (RFC 7946) as parsed JSON, of any shape or none, and its place in the body. Out: a valid shapely
Polygon or MultiPolygon, shells counterclockwise and holes clockwise, with remarks on what was mended:

    mended    a ring left open, a corner given twice in a row, a third coordinate, a ring wound the wrong way
    refused   everything else: what is wrong has more than one possible meaning
"""

import re
from dataclasses import dataclass
from math import hypot
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from server.zones.complaint import MOST_REMARKS, Remark, ShapeComplaint, at_most, called, is_number, shown
from server.zones.shape import FARTHEST_LAT, Floats, area_m2, extent_m

Outline = Polygon | MultiPolygon

MOST_CORNERS: Final = 10_000  # a shop front needs dozens; a whole country's border does not belong here
MOST_RINGS: Final = 500  # parts and holes are compared in pairs
_GEOS_REASON: Final = re.compile(r"\[(\S+) (\S+)\]$")  # "Self-intersection[9.19 45.46]"


@dataclass(frozen=True, slots=True)
class Ground:
    """What an outline is drawn on: the names and reach of its axes, and how small or large it may be."""

    axes: tuple[str, str]
    reach: tuple[float, float]
    least_m2: float
    most_m2: float
    widest_m: float
    is_map: bool


# On the map: no positioning tells less than a square metre; the largest city centre has under 1,000 km2.
MAP = Ground(("longitude", "latitude"), (180.0, FARTHEST_LAT), 1.0, 1e9, 100_000.0, is_map=True)
# On a floor plan: from a shelf's end to a fairground.
PLAN = Ground(("x", "y"), (10_000.0, 10_000.0), 0.05, 1e6, 10_000.0, is_map=False)


def read_geometry(obj: Any, place: str, ground: Ground = MAP) -> tuple[Outline, list[Remark]]:
    """The outline that `obj` describes and what was mended in it; ShapeComplaint with every reason found.

    Never raises anything else, whatever JSON it is given.
    """
    reader = _Reader(ground)
    geometry = reader.geometry(obj, place)
    if geometry is None or reader.complaints:
        raise ShapeComplaint(at_most(reader.complaints, place))
    return geometry, reader.mended


def read_position(obj: Any, place: str, ground: Ground = MAP) -> tuple[tuple[float, float], list[Remark]]:
    """One position, (longitude, latitude) or (x, y), and what was mended in it; ShapeComplaint otherwise."""
    reader = _Reader(ground)
    position = reader.position(obj, place)
    if position is None:
        raise ShapeComplaint(reader.complaints)
    if len(obj) > 2:
        reader.mended.append(Remark(place, "a third coordinate was left out"))
    return position, reader.mended


@dataclass(frozen=True, slots=True)
class _Ring:
    """A closed ring: `corners` (n, 2), and which corner of the body each of them was."""

    place: str
    corners: Floats
    sources: list[int]


class _Reader:
    """Reads one geometry; a part that cannot be read is None and has left its complaints."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.complaints: list[Remark] = []
        self.mended: list[Remark] = []

    def refuse(self, place: str, reason: str) -> None:
        self.complaints.append(Remark(place, reason))

    def geometry(self, obj: Any, place: str) -> Outline | None:
        if not isinstance(obj, dict):
            self.refuse(place, f"a geometry is an object with type and coordinates, not {called(obj)}")
            return None
        kind, coordinates, inner = obj.get("type"), obj.get("coordinates"), f"{place}.coordinates"
        if kind not in ("Polygon", "MultiPolygon"):
            self.refuse(f"{place}.type", _not_an_outline(kind))
            return None
        if not isinstance(coordinates, list) or not coordinates:
            inside = "rings" if kind == "Polygon" else "polygons"
            self.refuse(inner, f"has to be a list of {inside}, not {called(coordinates)}")
            return None
        too_much = _too_much([coordinates] if kind == "Polygon" else coordinates)
        if too_much:
            self.refuse(inner, f"has more than {too_much}: simplify the outline")
            return None
        if kind == "Polygon":
            return self.sized(self.polygon(coordinates, inner), inner)
        parts = [self.polygon(part, f"{inner}[{i}]") for i, part in enumerate(coordinates)]
        return self.sized(self.together(parts, inner), inner)

    def together(self, parts: list[Polygon | None], place: str) -> MultiPolygon | None:
        """The parts as one, if they are apart from each other."""
        whole = [part for part in parts if part is not None]
        if len(whole) < len(parts):
            return None
        apart = True
        for later, earlier in _meeting(whole):
            shared = whole[later].intersection(whole[earlier])
            if shared.area > 0.0 or shared.length > 0.0:
                how = "overlaps" if shared.area > 0.0 else "shares an edge with"
                self.refuse(f"{place}[{later}]", f"{how} part {earlier}: draw them as one")
                apart = False
            if len(self.complaints) > MOST_REMARKS:
                break
        return MultiPolygon(whole) if apart else None

    def sized(self, geometry: Outline | None, place: str) -> Outline | None:
        """The geometry, if it is neither too small nor too large."""
        if geometry is None:
            return None
        ground = self.ground
        west, _, east, _ = geometry.bounds
        if ground.is_map and east - west > 180.0:
            self.refuse(place, "lies on both sides of the 180th meridian: draw one zone on each side of it")
            return None
        wide = extent_m(geometry) if ground.is_map else _diagonal(geometry)
        if wide > ground.widest_m:
            self.refuse(
                place, f"is {wide / 1000:,.0f} km across; {ground.widest_m / 1000:,.0f} km is the most"
            )
            return None
        for i, part in enumerate(shapely.get_parts(geometry)):
            square_metres = area_m2(part) if ground.is_map else part.area
            if square_metres < ground.least_m2:
                where = place if isinstance(geometry, Polygon) else f"{place}[{i}]"
                self.refuse(where, f"has {square_metres:.2g} m2; {ground.least_m2:g} m2 is the least")
                return None
        square_metres = area_m2(geometry) if ground.is_map else geometry.area
        if square_metres > ground.most_m2:
            self.refuse(
                place, f"has {square_metres / 1e6:,.0f} km2; {ground.most_m2 / 1e6:,.0f} km2 is the most"
            )
            return None
        return geometry

    def polygon(self, obj: Any, place: str) -> Polygon | None:
        if not isinstance(obj, list) or not obj:
            self.refuse(place, f"a polygon is a list of rings, not {called(obj)}")
            return None
        rings = [self.ring(ring, f"{place}[{i}]") for i, ring in enumerate(obj)]
        shell, holes = rings[0], [hole for hole in rings[1:] if hole is not None]
        if shell is None or len(holes) < len(rings) - 1 or not self.holes_lie_well(shell, holes):
            return None
        polygon = Polygon(shell.corners, [hole.corners for hole in holes])
        if not polygon.is_valid:
            reason = shapely.is_valid_reason(polygon)
            self.refuse(
                place,
                f"cannot be told apart in inside and outside ({reason.split('[')[0].lower()}{_at(reason, self.ground)})",
            )
            return None
        return self.wound(polygon, place)

    def wound(self, polygon: Polygon, place: str) -> Polygon:
        """Shell counterclockwise, holes clockwise (RFC 7946, 3.1.6)."""
        for i, ring in enumerate((polygon.exterior, *polygon.interiors)):
            if ring.is_ccw != (i == 0):
                way = "counterclockwise" if i == 0 else "clockwise"
                self.mended.append(Remark(f"{place}[{i}]", f"the ring was turned round: it runs {way}"))
        return shapely.orient_polygons(polygon, exterior_cw=False)

    def holes_lie_well(self, shell: _Ring, holes: list[_Ring]) -> bool:
        outer, inner = Polygon(shell.corners), [Polygon(hole.corners) for hole in holes]
        shapely.prepare(outer)
        wrong = [Remark(hole.place, "the hole does not lie within its shell")
                 for hole, cut in zip(holes, inner, strict=True) if not outer.covers(cut)]  # fmt: skip
        for later, earlier in _meeting(inner):
            if len(wrong) < MOST_REMARKS and inner[later].intersection(inner[earlier]).area > 0.0:
                wrong.append(Remark(holes[later].place, f"the hole overlaps {holes[earlier].place}"))
        self.complaints += wrong
        return not wrong

    def ring(self, obj: Any, place: str) -> _Ring | None:
        """A closed ring of at least three different corners that does not meet itself."""
        if not isinstance(obj, list) or not obj:
            self.refuse(place, f"a ring is a list of positions, not {called(obj)}")
            return None
        positions = [self.position(position, f"{place}[{i}]") for i, position in enumerate(obj)]
        corners = [position for position in positions if position is not None]
        if len(corners) < len(positions):
            return None
        ring = self.closed(obj, corners, place)
        if len(ring.sources) < 4:
            self.refuse(
                place, "a ring has at least three different corners, and the first of them again at the end"
            )
            return None
        return ring if self.simple(ring) else None

    def closed(self, obj: list[Any], corners: list[tuple[float, float]], place: str) -> _Ring:
        """The ring with what is mended without guessing."""
        high = sum(len(position) > 2 for position in obj)
        if high:
            self.mended.append(Remark(place, f"a third coordinate was left out at {high} corners"))
        kept = [i for i, corner in enumerate(corners) if i == 0 or corner != corners[i - 1]]
        if len(kept) < len(corners):
            twice = len(corners) - len(kept)
            self.mended.append(
                Remark(place, f"{twice} corners that repeated the one before them were left out")
            )
        if corners[0] != corners[-1]:
            self.mended.append(Remark(place, "the ring was closed: its last corner is its first"))
            kept.append(0)
        return _Ring(place, np.array([corners[i] for i in kept], dtype=np.float64), kept)

    def simple(self, ring: _Ring) -> bool:
        """Whether the ring has an inside and meets itself nowhere; says which edges meet otherwise."""
        if self.ground.is_map and bool((np.abs(np.diff(ring.corners[:, 0])) > 180.0).any()):
            self.refuse(ring.place, "crosses the 180th meridian: draw one zone on each side of it")
            return False
        offsets = ring.corners - ring.corners[0]
        farthest = offsets[np.argmax((offsets**2).sum(axis=1))]
        if (
            np.abs(offsets[:, 0] * farthest[1] - offsets[:, 1] * farthest[0]).max()
            <= 1e-12 * (farthest**2).sum()
        ):
            self.refuse(ring.place, "has no inside: all its corners lie on one line")
            return False
        polygon = Polygon(ring.corners)
        if polygon.is_valid:
            return True
        reason = shapely.is_valid_reason(polygon)
        found = _GEOS_REASON.search(reason)
        if found is None:
            self.refuse(ring.place, f"is no ring ({reason.lower()})")
            return False
        one, other = _edges_at(ring.corners, float(found[1]), float(found[2]))
        first, second = sorted((ring.sources[one], ring.sources[other]))
        self.refuse(
            f"{ring.place}[{first}]",
            f"the ring meets itself{_at(reason, self.ground)}: "
            f"the edge that begins here and the one that begins at corner {second}",
        )
        return False

    def position(self, obj: Any, place: str) -> tuple[float, float] | None:
        """(longitude, latitude) or (x, y); further coordinates must be numbers and are left to the caller to mention."""
        if not isinstance(obj, list):
            self.refuse(place, f"a position is [{', '.join(self.ground.axes)}], not {called(obj)}")
            return None
        if len(obj) < 2:
            self.refuse(place, f"a position has two numbers, {' and '.join(self.ground.axes)}")
            return None
        for i, number in enumerate(obj):
            if not is_number(number):
                self.refuse(f"{place}[{i}]", f"has to be a number, not {called(number)}")
                return None
        first, second = obj[0], obj[1]
        for i, (number, reach) in enumerate(zip((first, second), self.ground.reach, strict=True)):
            if not -reach <= number <= reach:
                self.refuse(f"{place}[{i}]", self.beyond(i, first, second))
                return None
        return float(first) + 0.0, float(second) + 0.0  # + 0.0: minus zero is zero

    def beyond(self, axis: int, first: float, second: float) -> str:
        """Words for a coordinate out of reach, and a hint where latitude seems to have come first."""
        number, reach, name = (first, second)[axis], self.ground.reach[axis], self.ground.axes[axis]
        words = f"{name} {shown(number)} lies beyond {-reach:g} to {reach:g}"
        widest, highest = self.ground.reach
        if self.ground.is_map and abs(first) <= highest and abs(second) <= widest:
            return f"{words}; GeoJSON puts longitude first: were the two swapped?"
        return words


def _not_an_outline(kind: Any) -> str:
    if kind in ("LineString", "MultiLineString"):
        return f"a {kind} has no inside: draw a Polygon, or a Point with a radius"
    if kind in ("Point", "MultiPoint"):
        return f"a {kind} has no inside: draw a Polygon, or give a Point and the property radius"
    if kind == "GeometryCollection":
        return "a GeometryCollection is no place: draw a Polygon or MultiPolygon"
    return f"has to be Polygon or MultiPolygon, not {called(kind)}"


def _too_much(polygons: list[Any]) -> str:
    """What a MultiPolygon's coordinates have too many of, empty where they can be looked at in good time."""
    rings = [ring for polygon in polygons if isinstance(polygon, list) for ring in polygon]
    if max(len(polygons), len(rings)) > MOST_RINGS:
        return f"{MOST_RINGS} parts and holes"
    corners = sum(len(ring) for ring in rings if isinstance(ring, list))
    return f"{MOST_CORNERS:,} corners" if corners > MOST_CORNERS else ""


def _meeting(polygons: list[Polygon]) -> list[tuple[int, int]]:
    """Pairs (later, earlier) of polygons that touch or overlap, in order."""
    if len(polygons) < 2:
        return []
    later, earlier = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    return sorted((int(a), int(b)) for a, b in zip(later, earlier, strict=True) if b < a)


def _edges_at(corners: Floats, x: float, y: float) -> tuple[int, int]:
    """The edge nearest to a point and the nearest one that is not its neighbour, by the corners where they begin."""
    starts, steps = corners[:-1], np.diff(corners, axis=0)
    squared = np.maximum(
        (steps**2).sum(axis=1), np.finfo(np.float64).tiny
    )  # an edge may be short beyond squaring
    along = np.clip((((x, y) - starts) * steps).sum(axis=1) / squared, 0.0, 1.0)
    away = (((x, y) - starts - along[:, None] * steps) ** 2).sum(axis=1)
    order = np.argsort(away, kind="stable").tolist()
    nearest, edges = order[0], len(order)
    return nearest, next((i for i in order[1:] if (i - nearest) % edges not in (1, edges - 1)), order[1])


def _at(reason: str, ground: Ground) -> str:
    found = _GEOS_REASON.search(reason)
    if found is None:
        return ""
    return f" at {ground.axes[0]} {float(found[1]):.9g}, {ground.axes[1]} {float(found[2]):.9g}"


def _diagonal(geometry: Outline) -> float:
    west, south, east, north = geometry.bounds
    return hypot(east - west, north - south)

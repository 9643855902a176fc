"""Zones on the map, compiled: a batch of positions in, (position, zone) pairs and depths out.

A raster knows at once what may be near most positions; where that may be several zones, one bulk `STRtree.query` finds the boxes
that they fall into. Prepared polygons decide who is in. How deep a position lies in a zone is metric: each fence has a local projection of its own (shape.LocalMetres), so that a metre is a
metre at every latitude. Pure: built once from frozen zones, then only read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from server.zones.raster import SEVERAL, Raster
from server.zones.shape import Floats, Indexes, LocalMetres, circle_outline
from server.zones.zone import Circle, Geofence


@dataclass(frozen=True, slots=True)
class Fences:
    """The fences of an atlas. Arrays have a row per fence; `zone` is the atlas's index of the fence's zone."""

    zone: Indexes
    of_zone: Indexes  # the inverse: fence of a zone, -1 where it has none
    raster: Raster
    tree: shapely.STRtree
    shapes: NDArray[np.object_]  # lon/lat polygons, prepared
    edges: NDArray[np.object_]  # boundaries in local metres; a circle's is not used
    lat0: Floats
    lon0: Floats
    m_per_lat: Floats
    m_per_lon: Floats
    middle_x: Floats  # centre of the largest circle that fits in, local metres
    middle_y: Floats
    inner_m: Floats  # its radius
    outer_m: Floats  # from that centre to the corner that is farthest
    other_m: Floats  # half of the long side of a rectangle with this area and the half width `inner_m`
    is_circle: NDArray[np.bool_]

    def candidates(self, lat: Floats, lon: Floats) -> tuple[Indexes, Indexes]:
        """Which positions (degrees) may lie in which zones: row numbers and atlas zone indexes, pair by pair."""
        box = self.raster.at(lat, lon)
        one, crowded = np.flatnonzero(box >= 0), np.flatnonzero(box == SEVERAL)
        rows, fences = one, box[one].astype(np.intp)
        if len(crowded):
            some, found = self.tree.query(shapely.points(lon[crowded], lat[crowded]))
            rows, fences = np.concatenate([rows, crowded[some]]), np.concatenate([fences, found])
        return rows, self.zone[fences]

    def standing(
        self, zones: Indexes, lat: Floats, lon: Floats, sigma_m: Floats
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Whether each position lies in its zone (row by row), and how likely a device believed there is in it.

        `sigma_m` is per axis. The zone is taken as the rectangle that has its depth on the near side, its largest inner
        circle's width and its area: exact for a half plane and a rectangle's middle, within .02 at the middle of a circle.
        """
        fences = self.of_zone[zones]
        inner, other = self.inner_m[fences], self.other_m[fences]
        inside, depth = self._depth_m(fences, lat, lon, enough_m=3.5 * sigma_m)
        across = normal_cdf(depth / sigma_m) - normal_cdf((depth - 2.0 * inner) / sigma_m)
        along = 2.0 * normal_cdf(other / sigma_m) - 1.0
        return inside, np.asarray(across * along, np.float64)

    def _depth_m(
        self, fences: Indexes, lat: Floats, lon: Floats, enough_m: Floats
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Whether inside, and metres to the boundary, positive inside; where that is `enough_m` or more either way, at least so much."""
        x, y = self._local(fences, lat, lon)
        away = np.hypot(x - self.middle_x[fences], y - self.middle_y[fences])
        depth = self.inner_m[fences] - away
        inside = (
            depth >= 0.0
        )  # of a circle that is all; another shape may reach beyond its largest inner circle
        beyond = self.outer_m[fences] - away
        far = beyond < -enough_m
        depth = np.where(far, beyond, depth)
        unsure = np.flatnonzero(~self.is_circle[fences] & (depth < enough_m) & ~far)
        if len(unsure):
            some = fences[unsure]
            away = shapely.distance(self.edges[some], shapely.points(x[unsure], y[unsure]))
            inside[unsure] = shapely.intersects_xy(self.shapes[some], lon[unsure], lat[unsure])
            depth[unsure] = np.where(inside[unsure], away, -away)
        # For a shape that is not round the bound may exceed nothing: the rectangle has no depth beyond its half width.
        return inside, np.minimum(depth, self.inner_m[fences])

    def _local(self, fences: Indexes, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        x = (lon - self.lon0[fences]) * self.m_per_lon[fences]
        y = (lat - self.lat0[fences]) * self.m_per_lat[fences]
        return x, y


def normal_cdf(z: Floats) -> Floats:
    """The standard normal distribution function, to 1.5e-7 (Abramowitz and Stegun 7.1.26), array in, array out."""
    a = np.abs(z) * 0.7071067811865476
    t = 1.0 / (1.0 + 0.3275911 * a)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    upper = 0.5 * series * np.exp(-a * a)
    return np.where(z >= 0.0, 1.0 - upper, upper)


def compile_fences(places: Sequence[Geofence | Circle | None]) -> Fences:
    """The fences of all zones of an atlas, in its order (None where a zone is not on the map)."""
    zone = np.array([i for i, place in enumerate(places) if place is not None], np.intp)
    of_zone = np.full(len(places), -1, np.intp)
    of_zone[zone] = np.arange(len(zone))
    built = [_fence(place) for place in places if place is not None]
    shapes = np.empty(len(built), object)
    edges = np.empty(len(built), object)
    for i, fence in enumerate(built):
        shapes[i], edges[i] = fence.shape, fence.edge
    shapely.prepare(shapes)
    numbers = np.array([fence.numbers for fence in built], np.float64).reshape(-1, 9).T
    lat0, lon0, per_lat, per_lon, middle_x, middle_y, inner, outer, other = numbers
    return Fences(
        zone=zone,
        of_zone=of_zone,
        raster=Raster.of(shapely.bounds(shapes)),
        tree=shapely.STRtree(shapes),
        shapes=shapes,
        edges=edges,
        lat0=lat0,
        lon0=lon0,
        m_per_lat=per_lat,
        m_per_lon=per_lon,
        middle_x=middle_x,
        middle_y=middle_y,
        inner_m=inner,
        outer_m=outer,
        other_m=other,
        is_circle=np.array([fence.is_circle for fence in built], np.bool_),
    )


@dataclass(frozen=True, slots=True)
class _Fence:
    shape: Polygon | MultiPolygon
    edge: object
    is_circle: bool
    numbers: tuple[float, float, float, float, float, float, float, float, float]


def _fence(place: Geofence | Circle) -> _Fence:
    if isinstance(place, Circle):
        local = LocalMetres(place.lat, place.lon)
        shape = circle_outline(place.lat, place.lon, place.radius_m)
        numbers = (place.lat, place.lon, local.m_per_lat, local.m_per_lon, 0.0, 0.0)
        return _Fence(
            shape, None, True, (*numbers, place.radius_m, place.radius_m, np.pi * place.radius_m / 4.0)
        )
    local = LocalMetres.amid(place.geometry)
    metric = local.geometry_to_metres(place.geometry)
    widest = max(shapely.get_parts(metric), key=lambda part: part.area)
    radius = shapely.maximum_inscribed_circle(widest, tolerance=0.1)
    centre_x, centre_y = shapely.get_coordinates(radius)[0]
    inner = max(radius.length, 0.05)
    corners = shapely.get_coordinates(metric)
    outer = float(np.hypot(corners[:, 0] - centre_x, corners[:, 1] - centre_y).max())
    numbers = (local.lat0, local.lon0, local.m_per_lat, local.m_per_lon, centre_x, centre_y)
    return _Fence(
        place.geometry,
        metric.boundary,
        False,
        (*numbers, inner, outer, max(metric.area / (4.0 * inner), inner)),
    )

"""Metres on the map: a flat piece of the earth round one point, good for anything as large as a shop's zone.

In: WGS84 degrees, scalars or numpy arrays. Out: metres east and north of the point, and back; circles as outlines.
"""

from dataclasses import dataclass, field
from math import cos, hypot, pi, radians, sin, sqrt
from typing import Final, Self, TypeVar

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]
Shape = TypeVar("Shape", bound=BaseGeometry)

# WGS84: NGA.STND.0036 (2014), table 3.1.
_SEMI_MAJOR_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
_ECCENTRICITY_SQUARED: Final = _FLATTENING * (2 - _FLATTENING)

FARTHEST_LAT: Final = (
    85.0  # nearer to a pole a flat map of a few kilometres is no longer one; no shop is there
)


@dataclass(frozen=True, slots=True)
class LocalMetres:
    """A flat map whose origin is (`lat0`, `lon0`) degrees: x metres east, y metres north.

    Equirectangular, scaled by the ellipsoid's radii of curvature in the meridian (M) and the prime vertical (N) at `lat0`
    (Snyder, Map Projections: A Working Manual, USGS 1395, 1987, eqs. 4-18 to 4-21). The map is linear, so straight edges
    stay straight and lie on the same points in degrees and metres.

    Error: what it neglects is that a degree of longitude shrinks away from `lat0`, by tan(lat0) * y / R. The distance
    from the origin is true within 0.1 % as far as 5 km up to latitude 70; between any two points that close to the origin,
    within 0.25 %. Longitudes wrap, so that the antimeridian is no edge. ValueError where |lat0| exceeds FARTHEST_LAT.
    """

    lat0: float
    lon0: float
    m_per_lat: float = field(init=False)  # metres in one degree of latitude
    m_per_lon: float = field(init=False)  # metres in one degree of longitude

    def __post_init__(self) -> None:
        if not abs(self.lat0) <= FARTHEST_LAT:
            raise ValueError(f"a flat map begins at most {FARTHEST_LAT:.0f} degrees from the equator")
        w = 1 - _ECCENTRICITY_SQUARED * sin(radians(self.lat0)) ** 2
        meridian = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (w * sqrt(w))
        prime_vertical = _SEMI_MAJOR_M / sqrt(w)
        object.__setattr__(self, "m_per_lat", radians(1) * meridian)
        object.__setattr__(self, "m_per_lon", radians(1) * prime_vertical * cos(radians(self.lat0)))

    @classmethod
    def amid(cls, geometry: BaseGeometry) -> Self:
        """The map round the middle of a (longitude, latitude) geometry's bounding box."""
        west, south, east, north = geometry.bounds
        return cls((south + north) / 2, (west + east) / 2)

    def to_metres(self, lat: ArrayLike, lon: ArrayLike) -> tuple[Floats, Floats]:
        """(x, y) metres of positions in degrees; the shapes of `lat` and `lon` broadcast, NaN stays NaN."""
        east = (np.asarray(lon, dtype=np.float64) - self.lon0 + 180.0) % 360.0 - 180.0
        north = np.asarray(lat, dtype=np.float64) - self.lat0
        return east * self.m_per_lon, north * self.m_per_lat

    def to_degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """(lat, lon) degrees of positions in metres, the longitude within -180 to 180."""
        lat = self.lat0 + np.asarray(y, dtype=np.float64) / self.m_per_lat
        lon = self.lon0 + np.asarray(x, dtype=np.float64) / self.m_per_lon
        return lat, np.where(np.abs(lon) > 180.0, (lon + 180.0) % 360.0 - 180.0, lon)

    def geometry_to_metres(self, geometry: Shape) -> Shape:
        """A (longitude, latitude) geometry as an (x, y) one."""

        def flatten(corners: Floats) -> Floats:
            return np.column_stack(self.to_metres(corners[:, 1], corners[:, 0]))

        return shapely.transform(geometry, flatten)

    def geometry_to_degrees(self, geometry: Shape) -> Shape:
        """An (x, y) geometry as a (longitude, latitude) one."""

        def unflatten(corners: Floats) -> Floats:
            lat, lon = self.to_degrees(corners[:, 0], corners[:, 1])
            return np.column_stack((lon, lat))

        return shapely.transform(geometry, unflatten)


def circle_outline(lat: float, lon: float, radius_m: float, corners: int = 32) -> Polygon:
    """The regular polygon drawn *about* a circle, in (longitude, latitude): a search tree that uses it misses nobody inside.

    It exceeds the circle by at most radius * (1 / cos(pi / corners) - 1): 0.5 % at 32 corners.
    """
    angles = 2 * pi * np.arange(corners) / corners
    reach = (
        radius_m / cos(pi / corners) * (1 + 1e-9)
    )  # rounding may not cut the points where the polygon touches
    ring = Polygon(np.column_stack((reach * np.cos(angles), reach * np.sin(angles))))
    return LocalMetres(lat, lon).geometry_to_degrees(ring)


def area_m2(geometry: BaseGeometry) -> float:
    """Square metres of a (longitude, latitude) geometry no wider than some tens of kilometres."""
    return float(LocalMetres.amid(geometry).geometry_to_metres(geometry).area)


def extent_m(geometry: BaseGeometry) -> float:
    """Metres across the bounding box of a (longitude, latitude) geometry, corner to corner."""
    flat = LocalMetres.amid(geometry)
    west, south, east, north = geometry.bounds
    return hypot((east - west) * flat.m_per_lon, (north - south) * flat.m_per_lat)

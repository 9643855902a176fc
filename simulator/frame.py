"""Degrees to metres and back for one town. In: WGS84 degrees. Out: metres on the shop's own axes. Pure.

Everyone in the town walks in one frame: the floor plan's. Its x axis points into the shop, its y axis along the street.
Over the few hundred metres of a street the plane that touches the earth at the origin is exact to a millimetre a metre
(the error grows with the square of the distance: 0.01 m at 500 m), far below any position error.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Point = tuple[float, float]

#: WGS84: half axis in metres, first eccentricity squared.
HALF_AXIS_M = 6_378_137.0
ECCENTRICITY_2 = 6.694379990141e-3


@dataclass(frozen=True, slots=True)
class Frame:
    """The point (0, 0) in degrees, and where the y axis points (degrees clockwise from north)."""

    lat: float
    lon: float
    bearing_deg: float = 0.0

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Metres on the frame's axes as (latitude, longitude)."""
        north_m, east_m = self._per_degree()
        turn = math.radians(self.bearing_deg)
        east = x * math.cos(turn) + y * math.sin(turn)
        north = y * math.cos(turn) - x * math.sin(turn)
        return self.lat + north / north_m, self.lon + east / east_m

    def metres(self, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        """(latitude, longitude) as metres on the frame's axes."""
        north_m, east_m = self._per_degree()
        turn = math.radians(self.bearing_deg)
        east, north = (lon - self.lon) * east_m, (lat - self.lat) * north_m
        return (
            east * math.cos(turn) - north * math.sin(turn),
            east * math.sin(turn) + north * math.cos(turn),
        )

    def _per_degree(self) -> tuple[float, float]:
        """Metres in a degree of latitude and of longitude here (radii of curvature of the ellipsoid)."""
        sine = math.sin(math.radians(self.lat))
        squeeze = 1 - ECCENTRICITY_2 * sine * sine
        meridian = HALF_AXIS_M * (1 - ECCENTRICITY_2) / squeeze**1.5
        parallel = HALF_AXIS_M / math.sqrt(squeeze) * math.cos(math.radians(self.lat))
        return math.radians(meridian), math.radians(parallel)

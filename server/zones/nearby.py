"""The geofences nearest to a phone, as circles that its operating system can watch (20 regions on iOS, 100 on Android).

In: zones, compiled once; a position. Out: circles that enclose the zones, nearest edge first. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.shape import LocalMetres
from server.zones.zone import Circle, Geofence, Zone, lineage

#: Mean radius of the earth (IUGG), for distances between a phone and zones anywhere: the error of a sphere, 0.5 %, changes
#: no order that matters.
EARTH_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A circle that encloses a zone: degrees, metres."""

    zone: str
    name: str
    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Enclosures:
    """All zones on the map that are open, as circles, row by row as `Enclosure`."""

    zone: tuple[str, ...]
    name: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    radius_m: NDArray[np.float64]

    def nearest(self, lat: float, lon: float, limit: int) -> list[Enclosure]:
        """At most `limit` enclosures by the distance to their edge; inside several, the smallest first (its rim is nearest)."""
        rim_m = self._distances_m(lat, lon) - self.radius_m
        inside_last = np.where(
            rim_m < 0, self.radius_m * 1e-9, rim_m + 1e-3
        )  # all inside come first, small ones before
        order = np.lexsort((np.array(self.zone), inside_last))[:limit]
        return [
            Enclosure(
                self.zone[i], self.name[i], float(self.lat[i]), float(self.lon[i]), float(self.radius_m[i])
            )
            for i in order
        ]

    def _distances_m(self, lat: float, lon: float) -> NDArray[np.float64]:
        """Haversine: exact enough near and far, across the date line too."""
        here, there = np.radians(lat), np.radians(self.lat)
        half = (
            np.sin((there - here) / 2) ** 2
            + np.cos(here) * np.cos(there) * np.sin(np.radians(self.lon - lon) / 2) ** 2
        )
        distances: NDArray[np.float64] = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
        return distances


def compile_enclosures(zones: Iterable[Zone]) -> Enclosures:
    """The enclosures of these zones; those that are closed, or not drawn on the map, have none."""
    enclosures = list(_enclosures(zones))
    return Enclosures(
        tuple(enclosure.zone for enclosure in enclosures),
        tuple(enclosure.name for enclosure in enclosures),
        np.array([enclosure.lat for enclosure in enclosures], np.float64),
        np.array([enclosure.lon for enclosure in enclosures], np.float64),
        np.array([enclosure.radius_m for enclosure in enclosures], np.float64),
    )


def _enclosures(zones: Iterable[Zone]) -> Iterator[Enclosure]:
    known = {zone.id: zone for zone in zones}
    for zone in known.values():
        match zone.place:
            case _ if any(each.closed for each in lineage(zone, known)):
                continue
            case Circle(lat, lon, radius_m):
                yield Enclosure(zone.id, zone.name, lat, lon, radius_m)
            case Geofence(geometry):
                ground = LocalMetres.amid(geometry)
                drawn = ground.geometry_to_metres(geometry)
                middle = shapely.minimum_bounding_circle(drawn).centroid
                lat, lon = (float(degrees) for degrees in ground.to_degrees(middle.x, middle.y))
                # GEOS draws the circle as a polygon, whose middle is true to millimetres: a metre more holds every corner.
                yield Enclosure(zone.id, zone.name, lat, lon, shapely.minimum_bounding_radius(drawn) + 1.0)

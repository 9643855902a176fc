"""Whether a zone on the map was sent latitude first: GeoJSON puts longitude first, and most maps show it second.

In: all zones that stand together, and where those just sent stood in their body. Out: complaints where the zone's time zone leaves no
doubt, warnings where something is odd. Of zones that were not sent nothing is said: they must not stand in the way of others.

    far from its time zone's principal place, in the other order much nearer    refused
    very far from it in either order                                            a warning
    time zone unknown, far from all other zones, in the other order beside one  a warning
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.zones.complaint import Remark, within
from server.zones.nesting import Nesting
from server.zones.principal import PRINCIPAL_PLACES
from server.zones.zone import Circle, Geofence, Zone

LatLon = tuple[float, float]
Vectors = NDArray[np.float64]

EARTH_KM: Final = 6_371.0
FAR_KM: Final = 2_500.0  # few time zones reach farther from their principal place ...
MUCH_NEARER: Final = 1 / 3  # ... and those that do are not nearer to it in the other order
VERY_FAR_KM: Final = 5_000.0
ALONE_KM: Final = 2_000.0
BESIDE_KM: Final = 100.0
_ROWS: Final = 500  # of all zones' distances at a time: ten thousand zones take 40 MB


def check_order(zones: Iterable[Zone], places: Mapping[str, str]) -> Nesting:
    """Complaints and warnings about the order of coordinates; `places` says by id where the zones that were sent stood in the body."""
    known = {zone.id: zone for zone in zones}
    complaints: list[Remark] = []
    warnings: list[Remark] = []
    certain: list[LatLon] = []  # positions that nothing speaks against
    lost: list[tuple[str, LatLon]] = []
    for zone in known.values():
        position = _position(zone)
        if position is None:
            continue
        if zone.id not in places:
            certain.append(position)
            continue
        place = within(within(places[zone.id], "geometry"), "coordinates")
        time_zone = _time_zone(zone, known)
        if time_zone not in PRINCIPAL_PLACES:
            lost.append((place, position))
            continue
        reason, refused = _held_against(time_zone, position)
        if reason:
            (complaints if refused else warnings).append(Remark(place, reason))
        else:
            certain.append(position)
    return Nesting(tuple(complaints), (*warnings, *_out_of_the_way(lost, certain)))


def _position(zone: Zone) -> LatLon | None:
    match zone.place:
        case Circle(lat, lon):
            return lat, lon
        case Geofence(geometry):
            west, south, east, north = geometry.bounds
            return (south + north) / 2, (west + east) / 2
    return None


def _time_zone(zone: Zone, known: Mapping[str, Zone]) -> str:
    """The zone's own time zone, or the nearest ancestor's; empty where none is known."""
    seen: set[str] = set()
    while zone.time_zone is None and zone.parent is not None and zone.parent in known and zone.id not in seen:
        seen.add(zone.id)
        zone = known[zone.parent]
    return zone.time_zone or ""


def _held_against(time_zone: str, position: LatLon) -> tuple[str, bool]:
    """What its time zone says against a position ("" for nothing), and whether that refuses it."""
    home = _vectors([PRINCIPAL_PLACES[time_zone]])
    away, swapped = _nearest_km(_vectors([position, position[::-1]]), home)
    if away > FAR_KM and swapped < away * MUCH_NEARER and _is_a_position(position[::-1]):
        return (
            f"longitude comes first: as it stands this lies {away:,.0f} km from {time_zone}, "
            f"in the other order {swapped:,.0f} km"
        ), True
    if away > VERY_FAR_KM:
        return f"lies {away:,.0f} km from {time_zone}: are its place and its time zone right?", False
    return "", False


def _out_of_the_way(lost: list[tuple[str, LatLon]], certain: list[LatLon]) -> list[Remark]:
    """Warnings about zones without a time zone, by the zones whose place is certain."""
    if not lost or not certain:
        return []
    others = _vectors(certain)
    remarks = []
    for start in range(0, len(lost), _ROWS):
        some = lost[start : start + _ROWS]
        away = _nearest_km(_vectors([position for _, position in some]), others)
        swapped = _nearest_km(_vectors([position[::-1] for _, position in some]), others)
        for (place, position), far, near in zip(some, away, swapped, strict=True):
            if far > ALONE_KM and near < BESIDE_KM and _is_a_position(position[::-1]):
                reason = (
                    f"lies {far:,.0f} km from every other zone, in the other order {near:,.0f} km from one: "
                    "longitude comes first"
                )
                remarks.append(Remark(place, reason))
    return remarks


def _is_a_position(position: LatLon) -> bool:
    return abs(position[0]) <= 90.0


def _vectors(positions: list[LatLon]) -> Vectors:
    """Unit vectors from the middle of the earth; a sphere is exact enough for thousands of kilometres."""
    lat, lon = np.radians(np.array(positions, np.float64)).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _nearest_km(some: Vectors, others: Vectors) -> list[float]:
    """For each of `some` the great-circle distance to the nearest of the others."""
    cosines = (some @ others.T).max(axis=1)
    return [float(angle) * EARTH_KM for angle in np.arccos(np.clip(cosines, -1.0, 1.0))]

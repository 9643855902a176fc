"""Fixes against outlines: how far outside of each zone on the map each fix lies. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.shape import Floats, LocalMetres
from server.zones.zone import Circle, Geofence
from simulator.peers.parts.holding import Holding
from simulator.score.case import EPOCH_S, Case, Said


@dataclass(frozen=True, slots=True)
class Standing:
    """The fixes of a case in order of time: when (seconds of the case), the accuracy they claim, metres outside (negative: inside)."""

    t: Floats
    accuracy_m: Floats
    outside_m: Mapping[str, Floats]

    def only(self, kept: NDArray[np.bool_]) -> "Standing":
        """Some of the fixes."""
        return Standing(
            self.t[kept],
            self.accuracy_m[kept],
            {zone: metres[kept] for zone, metres in self.outside_m.items()},
        )


def standing(case: Case) -> Standing:
    """Where the case's fixes stand to its zones on the map."""
    fixes = case.fixes
    mine = np.array([device == case.name for device in fixes.device], np.bool_)
    order = np.argsort(fixes.at, kind="stable")
    order = order[mine[order]]
    lat, lon = fixes.lat[order], fixes.lon[order]
    return Standing(
        fixes.at[order] - EPOCH_S,
        fixes.accuracy_m[order],
        {
            zone.id: outside_m(zone.place, lat, lon)
            for zone in case.zones
            if isinstance(zone.place, Geofence | Circle)
        },
    )


def outside_m(place: Geofence | Circle, lat: Floats, lon: Floats) -> Floats:
    """Metres from the outline, negative inside."""
    if isinstance(place, Circle):
        x, y = LocalMetres(place.lat, place.lon).to_metres(lat, lon)
        return np.asarray(np.hypot(x, y) - place.radius_m, np.float64)
    flat = LocalMetres.amid(place.geometry)
    shape = flat.geometry_to_metres(place.geometry)
    shapely.prepare(shape)
    points = shapely.points(*flat.to_metres(lat, lon))
    away = shapely.distance(shape.boundary, points)
    return np.where(shapely.intersects(shape, points), -away, away)


def told(t: Floats, inside: Mapping[str, NDArray[np.bool_]], in_a_row: int = 1) -> list[Said]:
    """What is said of fixes that say inside or not of each zone, where only so many of the same in a row change anything."""
    holding = Holding()
    against = dict.fromkeys(inside, 0)
    rows = zip(t.tolist(), *(says.tolist() for says in inside.values()), strict=True)
    for at, *says in rows:
        zones = set(holding.zones)
        for zone, is_in in zip(inside, says, strict=True):
            against[zone] = against[zone] + 1 if is_in != (zone in holding.zones) else 0
            if against[zone] >= in_a_row:
                zones ^= {zone}
                against[zone] = 0
        holding.hold(zones, at)
    return holding.said

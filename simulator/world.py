"""The town: street and shop as they really are. In: the folder of a shop (config/demo). Out: a `World` in metres. Pure after reading.

The same files set up the real server (simulator/house.py sends them as they are); here they tell where places truly are,
so that the verdict can know who was inside. Nothing of the server's own geometry is used.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from simulator.frame import Floats, Frame, Point


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end that stays, `position` in metres on the floor. A gateway listens; a beacon is listened to by phones."""

    own_id: str
    kind: Literal["gateway", "beacon"]
    position: tuple[float, float, float]
    beacon: str | None = None


@dataclass(frozen=True, slots=True)
class Wall:
    start: Point
    end: Point
    loss_db: float


@dataclass(frozen=True, slots=True)
class Place:
    """A zone as ground truth: its outline in metres, and how the server can know of it.

    `on_map`: by fixes, since it is drawn there. `homes`: by the anchors that belong to the place: those of its set, the one of its
    disc (`reach_m` is its radius), those that stand in its shape, or for the site all that stand on its floor. `parents` runs
    from the next larger zone to the site.
    """

    own_id: str
    name: str
    on_map: bool
    outline: Polygon | MultiPolygon
    homes: frozenset[str] = frozenset()
    reach_m: float | None = None
    parents: tuple[str, ...] = ()

    def depth_m(self, x: Floats, y: Floats) -> Floats:
        """How far inside the outline each point is: metres to the border, negative outside."""
        points = shapely.points(x, y)
        away = np.asarray(shapely.distance(self.outline.boundary, points))
        return np.where(shapely.covers(self.outline, points), away, -away)


@dataclass(frozen=True, slots=True)
class World:
    """A street with one shop, places and anchors by own id.

    `ways` are the spots that people walk by. `zones` (GeoJSON), `floorplan` and `campaigns` are what was read.
    """

    frame: Frame
    site: str
    places: Mapping[str, Place]
    anchors: Mapping[str, Anchor]
    walls: Sequence[Wall]
    ways: Mapping[str, Point]
    zones: Mapping[str, Any]
    floorplan: Mapping[str, Any]
    campaigns: Sequence[Mapping[str, Any]]

    @property
    def gateways(self) -> list[Anchor]:
        return [anchor for anchor in self.anchors.values() if anchor.kind == "gateway"]

    def hastened(self, pace: float) -> "World":
        """The same town for a shorter story: dwells are asked for sooner by that factor (never under 3 s)."""
        return replace(self, campaigns=[_hastened(campaign, pace) for campaign in self.campaigns])

    def never_shut(self) -> "World":
        """The same town, open day and night: a story is told at any hour, and nobody is in a shop that is shut."""
        features = [_never_shut(feature) for feature in self.zones["features"]]
        return replace(self, zones={**self.zones, "features": features})

    @property
    def beacons(self) -> list[Anchor]:
        return [anchor for anchor in self.anchors.values() if anchor.kind == "beacon"]


def read_world(folder: Path) -> World:
    """Reads store.geojson, floorplan.toml and campaigns.toml. Raises OSError, ValueError or KeyError when they are not a shop."""
    zones = json.loads((folder / "store.geojson").read_text("utf-8"))
    floorplan = tomllib.loads((folder / "floorplan.toml").read_text("utf-8"))
    campaigns = tomllib.loads((folder / "campaigns.toml").read_text("utf-8"))["campaigns"]
    return world_of(zones, floorplan, campaigns)


def world_of(
    zones: Mapping[str, Any], floorplan: Mapping[str, Any], campaigns: Sequence[Mapping[str, Any]]
) -> World:
    """The town of these documents. Raises ValueError or KeyError."""
    origin = floorplan["origin"]
    frame = Frame(origin["lat"], origin["lon"], origin["bearing_deg"])
    anchors = {entry["id"]: _anchor(entry) for entry in floorplan["anchors"]}
    stands_for = floorplan["stands_for"]
    places = [_place(feature, frame, anchors, stands_for) for feature in zones["features"]]
    on_floor = frozenset(entry["id"] for entry in floorplan["anchors"] if not entry.get("outside"))
    places = [replace(each, homes=on_floor) if each.own_id == floorplan["site"] else each for each in places]
    parents = {feature["id"]: feature["properties"].get("parent") for feature in zones["features"]}
    return World(
        frame=frame,
        site=floorplan["site"],
        places={place.own_id: _nested(place, parents) for place in places},
        anchors=anchors,
        walls=[Wall(_pair(w["from"]), _pair(w["to"]), w["loss_db"]) for w in floorplan["walls"]],
        ways={name: _pair(spot) for name, spot in floorplan["ways"].items()},
        zones=zones,
        floorplan=floorplan,
        campaigns=campaigns,
    )


def _anchor(entry: Mapping[str, Any]) -> Anchor:
    x, y, z = entry["position"]
    return Anchor(entry["id"], entry["kind"], (x, y, z), entry.get("beacon"))


def _place(
    feature: Mapping[str, Any],
    frame: Frame,
    anchors: Mapping[str, Anchor],
    stands_for: Mapping[str, Sequence[Point]],
) -> Place:
    """One GeoJSON feature as a place: drawn on the map, or known by radio."""
    properties, geometry = feature["properties"], feature["geometry"]
    outline: Polygon | MultiPolygon
    homes: Sequence[str] = ()
    if geometry is None:
        outline, homes = _indoors(feature["id"], properties, anchors, stands_for)
    elif geometry["type"] == "Point":
        lon, lat = geometry["coordinates"]
        x, y = frame.metres(np.array([lat]), np.array([lon]))
        # 64 segments a quarter: the many-cornered disc is 0.03 % of its radius short of the round one
        outline = shapely.Point(x[0], y[0]).buffer(properties["radius"], quad_segs=64)
    else:
        outline = _surface(shapely.transform(_surface(geometry), lambda points: _turned(points, frame)))
    reach_m = properties.get("disc", {}).get("radius")
    return Place(feature["id"], properties["name"], geometry is not None, outline, frozenset(homes), reach_m)


def _indoors(
    own_id: str,
    properties: Mapping[str, Any],
    anchors: Mapping[str, Anchor],
    stands_for: Mapping[str, Sequence[Point]],
) -> tuple[Polygon | MultiPolygon, Sequence[str]]:
    """Outline and anchors of a zone known by radio: by disc, by shape on the floor, by a set of anchors."""
    if disc := properties.get("disc"):
        x, y, _ = anchors[disc["anchor"]].position
        return shapely.Point(x, y).buffer(disc["radius"], quad_segs=64), [disc["anchor"]]
    if plan := properties.get("plan"):
        outline = _surface(plan["shape"])
        return outline, [a.own_id for a in anchors.values() if outline.covers(shapely.Point(a.position[:2]))]
    if named := properties.get("anchors"):
        return Polygon(stands_for[own_id]), named
    return Polygon(), ()  # made of its children: who is in one of them is in it, and nobody else


def _surface(drawn: Mapping[str, Any] | BaseGeometry) -> Polygon | MultiPolygon:
    """A GeoJSON geometry as a surface. Raises ValueError for a point or a line: nobody can be inside."""
    shape = drawn if isinstance(drawn, BaseGeometry) else shapely.from_geojson(json.dumps(drawn))
    if isinstance(shape, Polygon | MultiPolygon):
        return shape
    raise ValueError(f"a zone cannot be a {shape.geom_type}")


def _turned(lonlat: Floats, frame: Frame) -> Floats:
    x, y = frame.metres(lonlat[:, 1], lonlat[:, 0])
    return np.column_stack([x, y])


def _nested(place: Place, parents: Mapping[str, str | None]) -> Place:
    """The place with its line of parents. Raises ValueError where zones contain one another in a ring."""
    line: list[str] = []
    above = parents.get(place.own_id)
    while above is not None:
        if above in line:
            raise ValueError(f"zone {place.own_id} is inside itself")
        line.append(above)
        above = parents.get(above)
    return replace(place, parents=tuple(line))


def _pair(values: Sequence[float]) -> Point:
    x, y = values
    return (x, y)


def _never_shut(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = feature["properties"]
    if "hours" not in properties:
        return feature
    return {**feature, "properties": {**properties, "hours": {"mon-sun": ["00:00-24:00"]}}}


def _hastened(campaign: Mapping[str, Any], pace: float) -> Mapping[str, Any]:
    trigger = campaign["trigger"]
    if "after_s" not in trigger:
        return campaign
    return {**campaign, "trigger": {**trigger, "after_s": max(3.0, round(trigger["after_s"] * pace))}}

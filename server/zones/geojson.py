"""Zones as GeoJSON (RFC 7946): read from whatever was sent, written so that reading it gives the same zones.

In: parsed JSON, a FeatureCollection or one Feature. Out: a Reading: the zones, what was mended, what was given along with
them. A body with any fault is refused as a whole, with every fault and its place: half an upload would be the worse surprise.

    on the map       geometry Polygon or MultiPolygon; or Point with the property radius (metres)
    by radio         geometry null and one of the properties anchors, plan, disc
    of its children  geometry null and none of these
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shapely.geometry import mapping

from server.zones.complaint import (
    MOST_REMARKS,
    Remark,
    ZonesComplaint,
    at_most,
    called,
    within,
)
from server.zones.feature import NUMBERS, FeatureReader
from server.zones.hours import write_hours
from server.zones.zone import (
    MANNERS,
    AnchorSet,
    Circle,
    Disc,
    FloorShape,
    Geofence,
    Manner,
    Place,
    Zone,
)

MOST_FEATURES: Final = 10_000
# Coordinate systems that say what RFC 7946 says anyway; QGIS and ogr2ogr still write one.
_SAME_CRS: Final = frozenset({"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body of zones gave. `extras` (the owner's free notes and style) and `places` (as in "features[3]") are by zone id."""

    zones: tuple[Zone, ...]
    mended: tuple[Remark, ...] = ()
    extras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


def read_zones(body: Any) -> Reading:
    """The zones of a body of parsed JSON; ZonesComplaint with every reason found, nothing else, whatever the body is.

    Whether parents exist and children lie inside them is asked of all zones together: see nesting.check_nesting.
    """
    if not isinstance(body, dict) or body.get("type") not in ("FeatureCollection", "Feature"):
        found = called(body.get("type")) if isinstance(body, dict) else called(body)
        raise ZonesComplaint([Remark("type", f"zones come as a FeatureCollection or a Feature, not {found}")])
    complaints: list[Remark] = []
    mended: list[Remark] = []
    features = _features(body, complaints, mended)
    zones: dict[str, Zone] = {}
    extras: dict[str, Mapping[str, Any]] = {}
    places: dict[str, str] = {}
    for place, feature in features:
        if len(complaints) > MOST_REMARKS:
            break  # nobody mends a hundred faults without sending it again, and looking on may cost seconds
        reader = FeatureReader(feature, place)
        zone = reader.zone()
        complaints += reader.complaints
        mended += reader.mended
        if zone is None:
            continue
        if zone.id in zones:
            complaints.append(
                Remark(within(within(place, "properties"), "id"), f"is also the id of {places[zone.id]}")
            )
            continue
        zones[zone.id], places[zone.id] = zone, place
        if reader.extras:
            extras[zone.id] = reader.extras
    if complaints:
        raise ZonesComplaint(at_most(complaints, "features" if "features" in body else ""))
    return Reading(tuple(zones.values()), tuple(mended), extras, places)


def write_zones(
    zones: Iterable[Zone], extras: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """A FeatureCollection that read_zones reads as the same zones and extras."""
    given = extras or {}
    return {"type": "FeatureCollection", "features": [write_zone(zone, given.get(zone.id)) for zone in zones]}


def write_zone(zone: Zone, extras: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One zone as a Feature."""
    geometry, properties = _write_place(zone.place)
    written = {
        "id": zone.id,
        "name": zone.name,
        "level": zone.level,
        "parent": zone.parent,
        "groups": list(zone.groups),
        "manner": _write_manner(zone.manner),
        **properties,
        "time_zone": zone.time_zone,
        "hours": None if zone.hours is None else write_hours(zone.hours),
        "closed": zone.closed,
        **({"sensitive": True} if zone.sensitive else {}),
        **({"forget_on_exit": True} if zone.forget_on_exit else {}),
        **(extras or {}),
    }
    return {"type": "Feature", "geometry": geometry, "properties": written}


def _features(body: dict[str, Any], complaints: list[Remark], mended: list[Remark]) -> list[tuple[str, Any]]:
    """The features of a body with their places, after a look at what stands beside them."""
    crs = body.get("crs")
    if crs is not None and _crs_name(crs) not in _SAME_CRS:
        complaints.append(
            Remark("crs", "GeoJSON is in WGS84 longitude and latitude (RFC 7946): convert it first")
        )
    if body["type"] == "Feature":
        return [("", body)]
    beside = sorted(set(body) - {"type", "features", "bbox", "crs", "name"})
    mended += [Remark(within("", key), "has no meaning here and was left out") for key in beside[:10]]
    features = body.get("features")
    if not isinstance(features, list):
        complaints.append(Remark("features", f"has to be a list of features, not {called(features)}"))
        return []
    if len(features) > MOST_FEATURES:
        complaints.append(Remark("features", f"has more than {MOST_FEATURES:,} zones: send them in parts"))
        return []
    return [(f"features[{i}]", feature) for i, feature in enumerate(features)]


def _crs_name(crs: Any) -> str | None:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) else None


def _write_manner(how: Manner) -> str | dict[str, Any]:
    own = {key: getattr(how, key) for key in NUMBERS if getattr(how, key) != getattr(MANNERS[how.word], key)}
    return {"word": how.word, **own} if own else how.word


def _write_place(place: Place) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """A place as the geometry of a feature and the properties that go with it."""
    match place:
        case Geofence(geometry):
            return _lists(mapping(geometry)), {}
        case Circle(lat, lon, radius_m):
            return {"type": "Point", "coordinates": [lon, lat]}, {"radius": radius_m}
        case AnchorSet(anchors):
            return None, {"anchors": list(anchors)}
        case FloorShape(plan, geometry):
            return None, {"plan": {"id": plan, "shape": _lists(mapping(geometry))}}
        case Disc(anchor, radius_m):
            return None, {"disc": {"anchor": anchor, "radius": radius_m}}
    return None, {}


def _lists(part: Any) -> Any:
    """Shapely's nested tuples as the lists that JSON has."""
    if isinstance(part, tuple | list):
        return [_lists(inner) for inner in part]
    return {key: _lists(inner) for key, inner in part.items()} if isinstance(part, dict) else part

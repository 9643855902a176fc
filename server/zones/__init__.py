"""Which places are there? Zones and their shapes, opening hours, GeoJSON in and out; all pure: time is an argument."""

from server.zones.complaint import Complaint, HoursComplaint, Remark, ShapeComplaint, ZonesComplaint
from server.zones.geojson import Reading, read_zones, write_zone, write_zones
from server.zones.hours import OpeningHours, Span, read_hours, write_hours
from server.zones.naming import derived_id
from server.zones.nesting import Nesting, check_nesting
from server.zones.order import check_order
from server.zones.outline import MAP, PLAN, Outline, read_geometry, read_position
from server.zones.shape import LocalMetres, area_m2, circle_outline, extent_m
from server.zones.zone import (
    LEVELS,
    MANNERS,
    Anchor,
    AnchorSet,
    Circle,
    Disc,
    FloorPlan,
    FloorShape,
    Geofence,
    Level,
    Manner,
    Place,
    Zone,
    forgetful,
    manner,
)

__all__ = [
    "LEVELS",
    "MANNERS",
    "MAP",
    "PLAN",
    "Anchor",
    "AnchorSet",
    "Circle",
    "Complaint",
    "Disc",
    "FloorPlan",
    "FloorShape",
    "Geofence",
    "HoursComplaint",
    "Level",
    "LocalMetres",
    "Manner",
    "Nesting",
    "OpeningHours",
    "Outline",
    "Place",
    "Reading",
    "Remark",
    "ShapeComplaint",
    "Span",
    "Zone",
    "ZonesComplaint",
    "area_m2",
    "check_nesting",
    "check_order",
    "circle_outline",
    "derived_id",
    "extent_m",
    "forgetful",
    "manner",
    "read_geometry",
    "read_hours",
    "read_position",
    "read_zones",
    "write_hours",
    "write_zone",
    "write_zones",
]

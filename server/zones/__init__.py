"""Which places are there? Zones and their shapes, opening hours, GeoJSON in and out; all pure: time is an argument."""

from server.zones.complaint import Complaint, HoursComplaint, Remark, ShapeComplaint, ZonesComplaint
from server.zones.hours import OpeningHours, Span
from server.zones.naming import derived_id
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
    manner,
)

__all__ = [
    "LEVELS",
    "MANNERS",
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
    "Manner",
    "OpeningHours",
    "Place",
    "Remark",
    "ShapeComplaint",
    "Span",
    "Zone",
    "ZonesComplaint",
    "derived_id",
    "manner",
]

"""The form of zones in the API's document: every property with its unit and its form, as server/zones/feature.py reads them.

Nothing is read by these: what was sent goes to server/zones as it is, which mends what can mean one thing only.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from server.zones.feature import CIRCLE_RADIUS_M, DISC_RADIUS_M, OWN_ID
from server.zones.geojson import MOST_FEATURES
from server.zones.zone import Level, Word

PlaceName = Annotated[str, StringConstraints(pattern=f"^{OWN_ID.pattern}$")]
Position = Annotated[
    list[float],
    Field(
        min_length=2,
        max_length=3,
        description="longitude first, then latitude, degrees (WGS84); on a floor plan metres x, y",
        examples=[[9.1895, 45.4695]],
    ),
]
Ring = Annotated[list[Position], Field(min_length=4, description="closed: the last position is the first")]


class Point(BaseModel):
    """A circle on the map, together with the property `radius`."""

    type: Literal["Point"]
    coordinates: Position


class Polygon(BaseModel):
    """An outline, then its holes."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(BaseModel):
    """Several outlines that are one zone."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


class MannerNumbers(BaseModel):
    """A manner by its word, with numbers of its own."""

    model_config = ConfigDict(extra="forbid")

    word: Word = "normal"
    enter_at: float | None = Field(None, description="in it from this probability on")
    leave_at: float | None = Field(None, description="out of it below this probability")
    enter_after_s: float | None = Field(None, description="seconds inside until a visit begins")
    leave_after_s: float | None = Field(None, description="seconds outside until a visit ends")


class OnPlan(BaseModel):
    """A zone drawn on a floor plan."""

    model_config = ConfigDict(extra="forbid")

    id: PlaceName = Field(description="the floor plan")
    shape: Polygon | MultiPolygon = Field(description="in metres on that plan")


class AroundAnchor(BaseModel):
    """A zone around one anchor."""

    model_config = ConfigDict(extra="forbid")

    anchor: PlaceName
    radius: float = Field(ge=DISC_RADIUS_M[0], le=DISC_RADIUS_M[1], description="metres")


Span = Annotated[str, StringConstraints(pattern=r"^\s*\d{1,2}:\d\d\s*[-\u2013]\s*\d{1,2}:\d\d\s*$")]
Group = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ZoneProperties(BaseModel):
    """What a zone is. null is the same as leaving it out; unknown properties are refused."""

    model_config = ConfigDict(extra="forbid")

    id: PlaceName | None = Field(
        None, description="your own id, required; it may stand beside `properties`, or in the address alone"
    )
    name: str = Field(min_length=1, max_length=200)
    level: Level | None = Field("zone", description="sites hold zones, zones hold shelves")
    parent: PlaceName | None = Field(None, description="the zone that it lies in; a site has none")
    groups: list[Group] | None = Field(None, description="names of your choice, for campaigns to listen to")
    manner: Word | MannerNumbers | None = Field(
        "normal", description="how sure, and for how long, before somebody counts as in or out"
    )
    radius: float | None = Field(
        None,
        ge=CIRCLE_RADIUS_M[0],
        le=CIRCLE_RADIUS_M[1],
        description="metres; with a geometry of type Point",
    )
    anchors: list[PlaceName] | None = Field(
        None, min_length=1, description="where these anchors hear best; geometry null"
    )
    plan: OnPlan | None = Field(None, description="an outline on a floor plan; geometry null")
    disc: AroundAnchor | None = Field(None, description="around one anchor; geometry null")
    time_zone: str | None = Field(None, description="IANA name", examples=["Europe/Rome"])
    hours: dict[str, list[Span]] | None = Field(
        None,
        description="opening hours in the zone's own `time_zone`, which must be given too. Keys are weekdays "
        "(mon, mon-fri, sat,sun) or dates (2026-12-25, 2026-08-10/2026-08-23); an empty list, or a weekday that is "
        "not named, is a day closed; 22:00-02:00 runs past midnight; 00:00-24:00 is a whole day",
        examples=[{"mon-fri": ["09:00-13:00", "15:00-19:30"], "sat": ["10:00-19:00"], "2026-12-25": []}],
    )
    closed: bool | None = Field(False, description="true: nobody enters it, whatever the hour")
    sensitive: bool | None = Field(
        False,
        description="true: nothing is sent because somebody is here, as in a clinic, a place of worship or a school",
    )
    forget_on_exit: bool | None = Field(
        False,
        description="of a site. true: minutes after a visit nothing says any more whose it was, that of its offers included; "
        "counts stay. README, Privacy, says what that costs",
    )
    notes: dict[str, Any] | str | None = Field(None, description="yours; kept and given back")
    style: dict[str, Any] | str | None = Field(None, description="yours, for maps; kept and given back")


class ZoneFeature(BaseModel):
    """One zone. Without a geometry it lies by radio (`anchors`, `plan` or `disc`) or is made of its children."""

    type: Literal["Feature"]
    id: PlaceName | None = Field(None, description="instead of the property")
    geometry: Point | Polygon | MultiPolygon | None = None
    properties: ZoneProperties


class ZoneCollection(BaseModel):
    """Zones together, in any order: parents and children may come at once."""

    type: Literal["FeatureCollection"]
    features: list[ZoneFeature] = Field(max_length=MOST_FEATURES)

"""What staff drew and hung: zones, floor plans, anchors, surveys, gateways; and the version that tells of changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class CatalogueVersion(Table, table=True):
    """A number that grows whenever zones, campaigns, anchors, devices or keys change: processes poll it."""

    __tablename__ = "catalogue_versions"
    name: str = Field(primary_key=True)
    version: int = 0


class ZoneRow(Table, table=True):
    """A zone as the GeoJSON feature its owner gave (mended), found by the owner's own id."""

    __tablename__ = "zones"
    id: str = Field(primary_key=True)
    name: str
    level: str
    parent_id: str | None = Field(default=None, index=True)
    feature: dict[str, Any] = json_column()
    created_at: datetime = utc()
    updated_at: datetime = utc()


class FloorPlanRow(Table, table=True):
    __tablename__ = "floor_plans"
    id: str = Field(primary_key=True)
    name: str
    site_id: str | None = None
    plan: dict[str, Any] = json_column()
    updated_at: datetime = utc()
    picture: bytes | None = None
    picture_kind: str | None = None


class AnchorRow(Table, table=True):
    """The end that stays: a gateway's ear, or a fixed beacon that phones hear (`beacon` is its id text)."""

    __tablename__ = "anchors"
    id: str = Field(primary_key=True)
    name: str
    site_id: str | None = Field(default=None, index=True)
    plan_id: str | None = None
    x_m: float | None = None
    y_m: float | None = None
    z_m: float | None = None
    reference_dbm: float | None = None
    bias_db: float = 0.0
    beacon: str | None = Field(default=None, unique=True)
    created_at: datetime = utc()


class SurveyRow(Table, table=True):
    """What a walk with a fob taught of a floor plan's radio, version by version: draft, in use, or retired."""

    __tablename__ = "surveys"
    id: str = Field(primary_key=True)
    plan_id: str
    version: int
    made_at: datetime = utc()
    made_by: str
    source: str
    state: str
    used_at: datetime | None = utc(nullable=True)
    spots: list[dict[str, Any]] = json_column()
    figures: dict[str, Any] = json_column()
    __table_args__ = (
        UniqueConstraint("plan_id", "version"),
        Index(
            "ix_surveys_in_use",  # a plan has at most one that counts
            "plan_id",
            unique=True,
            sqlite_where=text("state = 'in use'"),
            postgresql_where=text("state = 'in use'"),
        ),
    )


class GatewayRow(Table, table=True):
    __tablename__ = "gateways"
    id: str = Field(primary_key=True)
    name: str
    anchor_id: str = Field(unique=True)
    created_at: datetime = utc()
    heartbeat: dict[str, Any] | None = optional_json()
    heartbeat_at: datetime | None = utc(nullable=True)

"""What campaigns were and whom they are for: every version of each campaign, and named segments."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from server.records.tables.columns import Table, json_column, utc


class CampaignVersionRow(Table, table=True):
    """One version of a campaign as it was decided by, from `made_at` on until the next. Never changed."""

    __tablename__ = "campaign_versions"
    campaign_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    state: str
    campaign: dict[str, Any] = json_column()
    made_at: datetime = utc()


class SegmentRow(Table, table=True):
    """A named segment: `rule` is its document (server/campaigns/segment_rule.py)."""

    __tablename__ = "segments"
    id: str = Field(primary_key=True)
    name: str
    rule: dict[str, Any] = json_column()
    created_at: datetime = utc()
    updated_at: datetime = utc()

"""What the path writes: stays, visits, decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class StayRow(Table, table=True):
    """A stay that is not over: what a process that starts again needs to go on as if it had never stopped.

    `phase` is presence.visit.Phase; `since_at` when it began; `heard_at` the newest evidence when last written, and `inside` how sure
    we were of the zone then.
    """

    __tablename__ = "stays"
    device_id: str = Field(primary_key=True)
    zone_id: str = Field(primary_key=True)
    phase: int
    since_at: datetime = utc()
    entered_at: datetime = utc()
    heard_at: datetime = utc()
    dwelled_s: float = 0.0
    usual_gap_s: float = 0.0
    inside: float = Field(default=0.0, sa_column_kwargs={"server_default": text("0")})


class VisitRow(Table, table=True):
    """One stay in one zone that counted. Open while `exited_at` is empty. `late`: put in place after the fact.

    `opened_by` and `closed_by` are the evidence, as evidence.py writes it: no position is in it.
    """

    __tablename__ = "visits"
    id: str = Field(primary_key=True)
    shopper_id: str | None = Field(default=None, index=True)
    device_id: str
    zone_id: str
    entered_at: datetime = utc()
    exited_at: datetime | None = utc(nullable=True)
    dwelled_s: float = 0.0
    late: bool = False
    opened_by: dict[str, Any] | None = optional_json()
    closed_by: dict[str, Any] | None = optional_json()
    __table_args__ = (
        Index("ix_visits_device_id_zone_id_entered_at", "device_id", "zone_id", "entered_at"),
        Index("ix_visits_zone_id_entered_at", "zone_id", "entered_at"),
        Index("ix_visits_entered_at_id", "entered_at", "id"),
        Index(
            "ix_visits_open",  # few are, and the console asks for them often
            "entered_at",
            "id",
            sqlite_where=text("exited_at IS NULL"),
            postgresql_where=text("exited_at IS NULL"),
        ),
    )


class DecisionRow(Table, table=True):
    """What was decided for one campaign at one moment, with what it saw and why: sent, withheld, held or held out.

    `variant`: the one that the shopper got, or would have got. `due_at`: when a held decision is looked at again; `held_id`: the held one
    that this one followed from. `step` is which of the campaign's follow-ups it is about.
    """

    __tablename__ = "decisions"
    id: str = Field(primary_key=True)
    shopper_id: str | None = None
    device_id: str
    visit_id: str
    zone_id: str
    campaign_id: str
    campaign_version: int
    event: str
    verdict: str
    variant: str | None = None
    held_id: str | None = None
    step: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    due_at: datetime | None = utc(nullable=True)
    reasons: list[dict[str, Any]] = json_column()
    saw: dict[str, Any] = json_column()
    happened_at: datetime = utc()
    decided_at: datetime = utc()
    __table_args__ = (
        Index("ix_decisions_shopper_id_decided_at", "shopper_id", "decided_at"),
        Index("ix_decisions_campaign_id_decided_at", "campaign_id", "decided_at"),
        Index("ix_decisions_decided_at_id", "decided_at", "id"),
        Index("ix_decisions_visit_id", "visit_id"),
    )

"""Webhooks: the doors of the retailer's systems, what happened, and who was told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class WebhookRow(Table, table=True):
    """A door of another system. `types` are the types of events it is told of, None for all.

    `secrets` sign what is posted, the newest first; each older one has an `until` (ISO) after which it signs no more.
    """

    __tablename__ = "webhooks"
    id: str = Field(primary_key=True)
    name: str
    url: str
    types: list[str] | None = optional_json()
    secrets: list[dict[str, Any]] = json_column()
    created_at: datetime = utc()
    updated_at: datetime = utc()
    disabled_at: datetime | None = utc(nullable=True)
    disabled_why: str | None = None


class WebhookEventRow(Table, table=True):
    """What happened, as it is told: the body is made of this alone, so that a repeat says the same."""

    __tablename__ = "webhook_events"
    id: str = Field(primary_key=True)
    type: str
    shopper_id: str | None = Field(default=None, index=True)
    data: dict[str, Any] = json_column()
    at: datetime = utc()
    queued_at: datetime = utc(index=True)


class WebhookDeliveryRow(Table, table=True):
    """One event for one door. Waits while `settled_at` is None; `since_at` is when it began to wait, and so when it is given up."""

    __tablename__ = "webhook_deliveries"
    webhook_id: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True, index=True)
    shopper_id: str | None = Field(default=None, index=True)
    queued_at: datetime = utc()
    since_at: datetime = utc()
    due_at: datetime = utc()
    leased_until: datetime = utc()
    attempts: int = 0
    settled_at: datetime | None = utc(nullable=True)
    outcome: str | None = None
    last_why: str | None = None
    last_status: int | None = None
    last_tried_at: datetime | None = utc(nullable=True)
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_waiting",
            "webhook_id",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_webhook_deliveries_webhook_id_queued_at", "webhook_id", "queued_at"),
    )

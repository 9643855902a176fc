"""What is said and what came of it: campaigns, the outbox, attempts, receipts, redemptions; answers kept for repeated requests."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class CampaignRow(Table, table=True):
    """`turns_at`: when its state changes by itself (lifetime.py); every version of it is kept in CampaignVersionRow."""

    __tablename__ = "campaigns"
    id: str = Field(primary_key=True)
    name: str
    state: str
    version: int = 1
    campaign: dict[str, Any] = json_column()
    created_at: datetime = utc()
    updated_at: datetime = utc()
    turns_at: datetime | None = utc(nullable=True, index=True)


class OutboxRow(Table, table=True):
    """An offer to be sent: the row that records the decision is the message. Its id is the offer's id.

    `channel` is the one whose turn it is, `channels` those left after it; `taken_by` the last that took it, and `next_at` when the next
    one is tried unless the phone answers: `receipt_s` seconds after a channel took it, or as the settings say.
    """

    __tablename__ = "outbox"
    id: str = Field(primary_key=True)
    decision_id: str = Field(index=True)
    shopper_id: str
    device_id: str
    visit_id: str
    zone_id: str
    campaign_id: str
    channel: str
    channels: list[str] | None = optional_json()
    address_id: str | None = None
    title: str
    body: str
    data: dict[str, Any] = json_column()
    collapse_key: str
    happened_at: datetime = utc()
    heard_at: datetime = utc()
    created_at: datetime = utc()
    expires_at: datetime = utc()
    due_at: datetime = utc()
    leased_until: datetime = utc()
    attempts: int = 0
    settled_at: datetime | None = utc(nullable=True)
    outcome: str | None = None
    last_why: str | None = None
    taken_by: str | None = None
    next_at: datetime | None = utc(nullable=True)
    receipt_s: float | None = None
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_outbox_shopper_id_created_at", "shopper_id", "created_at"),
        Index(
            "ix_outbox_next_at",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_outbox_settled_at_id", "settled_at", "id"),
        Index("ix_outbox_visit_id", "visit_id"),
    )


class AttemptRow(Table, table=True):
    """One try to send one offer through one channel, and what that answered; or why the channel was passed over."""

    __tablename__ = "attempts"
    id: int | None = Field(default=None, primary_key=True)
    outbox_id: str = Field(index=True)
    shopper_id: str
    channel: str | None = None
    address_id: str | None = None
    outcome: str
    why: str
    at: datetime = utc()


class ReceiptRow(Table, table=True):
    """What the phone says happened to an offer: shown, opened, dismissed; once each."""

    __tablename__ = "receipts"
    outbox_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    at: datetime = utc()
    received_at: datetime = utc()


class RedemptionRow(Table, table=True):
    """The offer was used at a till: once."""

    __tablename__ = "redemptions"
    outbox_id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    till: str | None = None
    amount: float | None = None
    at: datetime = utc()


class IdempotencyRow(Table, table=True):
    """An answer already given to a request with an `Idempotency-Key`, so that asking again gets the same one."""

    __tablename__ = "idempotency"
    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    status: int
    answer: str
    created_at: datetime = utc(index=True)

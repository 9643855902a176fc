"""What shoppers asked for or said by an offer's button: appointments, calls for assistance, feedback."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from server.records.tables.columns import Table, utc


class ReplyRow(Table, table=True):
    """The one reply to an offer. `agreed_to` names the text by which the shopper agreed that it is kept and answered: without it there is none.

    `about` is the offer's own word for what it is about (a service, a topic); `done_at` when staff had seen to it.
    """

    __tablename__ = "replies"
    id: str = Field(primary_key=True)
    outbox_id: str = Field(unique=True)
    shopper_id: str = Field(index=True)
    device_id: str
    campaign_id: str
    zone_id: str
    kind: str
    about: str | None = None
    wants_at: datetime | None = utc(nullable=True)
    stars: int | None = None
    words: str | None = None
    contact: str | None = None
    agreed_to: str
    at: datetime = utc()
    done_at: datetime | None = utc(nullable=True)
    done_by: str | None = None
    __table_args__ = (Index("ix_replies_at_id", "at", "id"),)

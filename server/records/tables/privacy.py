"""What was asked of shoppers and in which words, who of the staff did or saw what, and what a shop that forgets still has to know."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, utc


class ConsentTextRow(Table, table=True):
    """One version of what shoppers are asked for one purpose: `texts` by language. Words that somebody may have read never change.

    `asks_anew`: who agreed to an earlier version has not agreed to this one.
    """

    __tablename__ = "consent_texts"
    purpose: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    texts: dict[str, str] = json_column()
    asks_anew: bool = False
    published_by: str
    published_at: datetime = utc()


class AuditRow(Table, table=True):
    """What somebody of the staff, or a system with a server key, did or saw. Written once and never changed.

    `verb` is the door, `object` the id in it, `outcome` the HTTP status. Where the object is a shopper or something of theirs
    `shopper_id` says whose, and both are emptied when the shopper is erased.
    """

    __tablename__ = "audit"
    id: str = Field(primary_key=True)
    at: datetime = utc()
    kind: str
    key_id: str | None = None
    staff_id: str | None = None
    role: str | None = None
    verb: str
    object: str | None = Field(default=None, index=True)
    shopper_id: str | None = Field(default=None, index=True)
    outcome: int
    __table_args__ = (
        Index("ix_audit_at_id", "at", "id"),
        Index("ix_audit_staff_id_at", "staff_id", "at"),
    )


class RememberedRow(Table, table=True):
    """An offer given in a shop that forgets: what caps and cooldowns count, and nothing of where it was. Gone after `until`."""

    __tablename__ = "remembered"
    id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    campaign_id: str
    campaign_group: str | None = None
    held_out: bool = False
    step: int = 0
    at: datetime = utc()
    until: datetime = utc(index=True)

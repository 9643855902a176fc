"""Who may do what, and whom we know: keys, staff, shoppers with their consents, devices and addresses."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class KeyRow(Table, table=True):
    """A token, as its hash. `owner_id` is the gateway, device or staff member it speaks for (kind says which).

    `seen_at`: when a session of staff was last used, to the minute; of other kinds it is not kept.
    """

    __tablename__ = "keys"
    id: str = Field(primary_key=True)
    kind: str
    name: str
    owner_id: str | None = Field(default=None, index=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False, unique=True))
    signing_key: bytes | None = Field(default=None, sa_column=Column(LargeBinary(32), nullable=True))
    created_at: datetime = utc()
    expires_at: datetime | None = utc(nullable=True)
    revoked_at: datetime | None = utc(nullable=True)
    seen_at: datetime | None = utc(nullable=True)


class StaffRow(Table, table=True):
    """Who works here. `shops` are the ids of the sites that they are of; None: of all."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str
    role: str
    password_hash: str
    shops: list[str] | None = optional_json()
    created_at: datetime = utc()
    disabled_at: datetime | None = utc(nullable=True)


class ShopperRow(Table, table=True):
    """The person who owns devices and consents. `own_id` is the shop's own name for them (a loyalty number)."""

    __tablename__ = "shoppers"
    id: str = Field(primary_key=True)
    own_id: str | None = Field(default=None, unique=True)
    language: str | None = None
    time_zone: str | None = None
    quiet_from: str | None = None
    quiet_until: str | None = None
    attributes: dict[str, Any] = json_column()
    tags: list[str] = json_column()
    created_at: datetime = utc()


class ConsentRow(Table, table=True):
    """One answer to one purpose. Rows are never changed but for their end: the trail is the proof.

    `superseded_at`: another answer took its place. `lapsed_at`: a newer text asked anew, and until it is answered this counts for nothing.
    """

    __tablename__ = "consents"
    id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    purpose: str
    granted: bool
    text_version: str
    language: str | None = None
    how: str
    device_id: str | None = None
    given_at: datetime = utc()
    superseded_at: datetime | None = utc(nullable=True)
    lapsed_at: datetime | None = utc(nullable=True)
    __table_args__ = (
        Index(
            "uq_consents_current",
            "shopper_id",
            "purpose",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )


class DeviceRow(Table, table=True):
    """The end that walks. `beacon` is its fixed id text; a rotating one has an EID key, exponent and clock offset."""

    __tablename__ = "devices"
    id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    kind: str
    name: str | None = None
    beacon: str | None = Field(default=None, unique=True)
    eid_key: bytes | None = Field(default=None, sa_column=Column(LargeBinary(16), nullable=True))
    eid_exponent: int | None = None
    eid_epoch: datetime | None = utc(nullable=True)
    created_at: datetime = utc()


class AddressRow(Table, table=True):
    """Where a push can go. A dead one is kept a while with its reason, and never tried again."""

    __tablename__ = "addresses"
    id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    device_id: str = Field(index=True)
    kind: str
    value: str
    created_at: datetime = utc()
    dead_at: datetime | None = utc(nullable=True)
    dead_why: str | None = None
    __table_args__ = (UniqueConstraint("kind", "value"),)

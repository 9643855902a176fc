"""The tables of Soglia, one class each. Only records imports this; migrations must give the same schema.

Every hot table carries `shopper_id` so that it can be partitioned by it when one database is not enough. Times are
aware UTC on both databases. Ids are texts with a prefix: derived from their cause where doing it again must find it done.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, LargeBinary, MetaData, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

#: Named constraints, so that both databases and the migrations agree on names.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database (SQLite forgets the zone; we put it back)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive time: raises ValueError, since guessing a zone would move the visit."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be kept: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives the time its zone back where the database dropped it."""
        del dialect
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Table(SQLModel):
    """The common root: our own metadata, so that nothing else's tables get into our migrations."""

    metadata = MetaData(naming_convention=NAMING)


def utc(*, nullable: bool = False, index: bool = False) -> Any:
    """A column for a time."""
    default = None if nullable else ...
    return Field(default=default, sa_type=UtcTime, nullable=nullable, index=index)


def json_column() -> Any:
    """A column for plain JSON that is only stored and given back."""
    return Field(sa_column=Column(JSON, nullable=False))


def optional_json() -> Any:
    """The same where there may be none."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


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


class KeyRow(Table, table=True):
    """A token, as its hash. `owner_id` is the gateway, device or staff member it speaks for (kind says which)."""

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


class StaffRow(Table, table=True):
    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str
    role: str
    password_hash: str
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
    """One answer to one purpose. Rows are never changed but for `superseded_at`: the trail is the proof."""

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
    )


class DecisionRow(Table, table=True):
    """What was decided for one campaign at one moment, with what it saw and why: sent, withheld or held out."""

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
    reasons: list[dict[str, str]] = json_column()
    saw: dict[str, Any] = json_column()
    happened_at: datetime = utc()
    decided_at: datetime = utc()
    __table_args__ = (
        Index("ix_decisions_shopper_id_decided_at", "shopper_id", "decided_at"),
        Index("ix_decisions_campaign_id_decided_at", "campaign_id", "decided_at"),
        Index("ix_decisions_decided_at_id", "decided_at", "id"),
    )


class CampaignRow(Table, table=True):
    __tablename__ = "campaigns"
    id: str = Field(primary_key=True)
    name: str
    state: str
    version: int = 1
    campaign: dict[str, Any] = json_column()
    created_at: datetime = utc()
    updated_at: datetime = utc()


class OutboxRow(Table, table=True):
    """An offer to be sent: the row that records the decision is the message. Its id is the offer's id."""

    __tablename__ = "outbox"
    id: str = Field(primary_key=True)
    decision_id: str = Field(index=True)
    shopper_id: str
    device_id: str
    visit_id: str
    zone_id: str
    campaign_id: str
    channel: str
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
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_outbox_shopper_id_created_at", "shopper_id", "created_at"),
    )


class AttemptRow(Table, table=True):
    """One try to send one offer, and what the channel answered."""

    __tablename__ = "attempts"
    id: int | None = Field(default=None, primary_key=True)
    outbox_id: str = Field(index=True)
    shopper_id: str
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

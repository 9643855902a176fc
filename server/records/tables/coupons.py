"""Coupons and what is done with them: their codes, who claimed one, each use at a till; and purchases with what caused them.

Money is kept in thousandths of the shop's currency, as whole numbers: partial uses of a coupon must add up.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, text
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, utc


class CouponRow(Table, table=True):
    """What a code is worth and how many there are. `issued` grows with each claim and never passes `stock`."""

    __tablename__ = "coupons"
    id: str = Field(primary_key=True)
    name: str
    coupon: dict[str, Any] = json_column()
    stock: int | None = None
    issued: int = 0
    created_at: datetime = utc()
    updated_at: datetime = utc()


class CouponCodeRow(Table, table=True):
    """A code as it is compared (no spaces, no hyphens, capitals) and as it is shown. A shared one belongs to nobody."""

    __tablename__ = "coupon_codes"
    code: str = Field(primary_key=True)
    shown: str
    coupon_id: str
    shopper_id: str | None = Field(default=None, index=True)
    outbox_id: str | None = Field(default=None, index=True)
    claimed_at: datetime | None = utc(nullable=True)
    starts_at: datetime | None = utc(nullable=True)
    ends_at: datetime | None = utc(nullable=True)
    used: int = 0
    spent_milli: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = utc()
    __table_args__ = (
        Index(
            "ix_coupon_codes_waiting",  # the next of a pool
            "coupon_id",
            "code",
            sqlite_where=text("claimed_at IS NULL"),
            postgresql_where=text("claimed_at IS NULL"),
        ),
    )


class CouponClaimRow(Table, table=True):
    """Who claimed a code with which offer: an offer gives one, however often it is asked."""

    __tablename__ = "coupon_claims"
    outbox_id: str = Field(primary_key=True)
    coupon_id: str
    code: str = Field(index=True)
    shopper_id: str = Field(index=True)
    device_id: str
    claimed_at: datetime = utc()
    ends_at: datetime | None = utc(nullable=True)


class UseRow(Table, table=True):
    """One use of an offer or a code at a till. `void_why` says why it does not count: rolled back, or spent twice."""

    __tablename__ = "uses"
    id: str = Field(primary_key=True)
    code: str | None = Field(default=None, index=True)
    coupon_id: str | None = None
    outbox_id: str | None = Field(default=None, index=True)
    shopper_id: str | None = Field(default=None, index=True)
    shop: str | None = None
    till: str | None = None
    order_id: str | None = Field(default=None, index=True)
    amount_milli: int | None = Field(default=None, sa_type=BigInteger)
    spent_milli: int = Field(default=0, sa_type=BigInteger)
    offline: bool = False
    at: datetime = utc()
    received_at: datetime = utc()
    void_at: datetime | None = utc(nullable=True)
    void_why: str | None = None
    __table_args__ = (Index("ix_uses_till_received_at", "till", "received_at"),)  # what a till did last


class TillKeyRow(Table, table=True):
    """A key that signs codes for tills without a line. The greatest number signs; all of them are believed."""

    __tablename__ = "till_keys"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    private_key: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    made_at: datetime = utc()


class PurchaseRow(Table, table=True):
    """One order, and the one offer it is credited to, if any."""

    __tablename__ = "purchases"
    order_id: str = Field(primary_key=True)
    shopper_id: str | None = Field(default=None, index=True)
    outbox_id: str | None = Field(default=None, index=True)
    campaign_id: str | None = None
    credited_by: str | None = None
    shop: str | None = None
    till: str | None = None
    currency: str | None = None
    amount_milli: int = Field(sa_type=BigInteger)
    refunded_milli: int = Field(default=0, sa_type=BigInteger)
    at: datetime = utc()
    received_at: datetime = utc()
    __table_args__ = (Index("ix_purchases_campaign_id_at", "campaign_id", "at"),)


class RefundRow(Table, table=True):
    """Money given back for an order, by the shop's own name for the refund."""

    __tablename__ = "refunds"
    id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    shopper_id: str | None = Field(default=None, index=True)
    amount_milli: int = Field(sa_type=BigInteger)
    at: datetime = utc()

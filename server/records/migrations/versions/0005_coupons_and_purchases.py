"""Coupons with their codes, claims and uses; keys for tills without a line; purchases and refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _coupons()
    _uses()
    _purchases()


def _coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("coupon", sa.JSON(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
    )
    op.create_table(
        "coupon_codes",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("coupon_id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("outbox_id", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("spent_milli", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_coupon_codes")),
    )
    op.create_index(op.f("ix_coupon_codes_shopper_id"), "coupon_codes", ["shopper_id"], unique=False)
    op.create_index(
        "ix_coupon_codes_waiting",
        "coupon_codes",
        ["coupon_id", "code"],
        unique=False,
        sqlite_where=sa.text("claimed_at IS NULL"),
        postgresql_where=sa.text("claimed_at IS NULL"),
    )
    op.create_table(
        "coupon_claims",
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("coupon_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_coupon_claims")),
    )
    op.create_index(op.f("ix_coupon_claims_code"), "coupon_claims", ["code"], unique=False)
    op.create_index(op.f("ix_coupon_claims_shopper_id"), "coupon_claims", ["shopper_id"], unique=False)


def _uses() -> None:
    op.create_table(
        "uses",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("coupon_id", sa.String(), nullable=True),
        sa.Column("outbox_id", sa.String(), nullable=True),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("shop", sa.String(), nullable=True),
        sa.Column("till", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("amount_milli", sa.BigInteger(), nullable=True),
        sa.Column("spent_milli", sa.BigInteger(), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uses")),
    )
    op.create_index(op.f("ix_uses_code"), "uses", ["code"], unique=False)
    op.create_index(op.f("ix_uses_outbox_id"), "uses", ["outbox_id"], unique=False)
    op.create_index(op.f("ix_uses_shopper_id"), "uses", ["shopper_id"], unique=False)
    op.create_table(
        "till_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("private_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_till_keys")),
    )


def _purchases() -> None:
    op.create_table(
        "purchases",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("outbox_id", sa.String(), nullable=True),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("credited_by", sa.String(), nullable=True),
        sa.Column("shop", sa.String(), nullable=True),
        sa.Column("till", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("amount_milli", sa.BigInteger(), nullable=False),
        sa.Column("refunded_milli", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_purchases")),
    )
    op.create_index(op.f("ix_purchases_campaign_id_at"), "purchases", ["campaign_id", "at"], unique=False)
    op.create_index(op.f("ix_purchases_outbox_id"), "purchases", ["outbox_id"], unique=False)
    op.create_index(op.f("ix_purchases_shopper_id"), "purchases", ["shopper_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("amount_milli", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_order_id"), "refunds", ["order_id"], unique=False)
    op.create_index(op.f("ix_refunds_shopper_id"), "refunds", ["shopper_id"], unique=False)

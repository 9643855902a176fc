"""Texts of consent and what lapses with them, the audit log, and what a shop that forgets still has to know."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "consent_texts",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("asks_anew", sa.Boolean(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_consent_texts")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=True),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at_id", "audit", ["at", "id"], unique=False)
    op.create_index(op.f("ix_audit_shopper_id"), "audit", ["shopper_id"], unique=False)
    op.create_index("ix_audit_staff_id_at", "audit", ["staff_id", "at"], unique=False)
    op.create_table(
        "remembered",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("campaign_group", sa.String(), nullable=True),
        sa.Column("held_out", sa.Boolean(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered")),
    )
    for column in ("shopper_id", "until"):
        op.create_index(op.f(f"ix_remembered_{column}"), "remembered", [column], unique=False)

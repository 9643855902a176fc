"""Phones of the staff's own, which may be sent a campaign to try it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "testers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("shopper_id", sa.String(), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testers")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_testers_code_hash")),
        sa.UniqueConstraint("device_id", name=op.f("uq_testers_device_id")),
    )
    op.create_index(op.f("ix_testers_shopper_id"), "testers", ["shopper_id"], unique=False)

"""Channels in order, their receipts, dead letters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("channels", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("outbox", sa.Column("taken_by", sa.String(), nullable=True))
    op.add_column("outbox", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempts", sa.Column("channel", sa.String(), nullable=True))
    op.create_index("ix_outbox_settled_at_id", "outbox", ["settled_at", "id"])
    op.create_index(
        "ix_outbox_next_at",
        "outbox",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    # What was sent before this step went through the one channel that its row names.
    op.execute("UPDATE outbox SET taken_by = channel WHERE outcome = 'sent'")
    op.execute("UPDATE attempts SET channel = (SELECT channel FROM outbox WHERE id = outbox_id)")

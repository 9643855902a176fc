"""Versions of campaigns, when their state changes by itself, named segments."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("turns_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_campaigns_turns_at"), "campaigns", ["turns_at"])
    op.create_table(
        "campaign_versions",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("campaign", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "version", name=op.f("pk_campaign_versions")),
    )
    # Versions before this step were not kept: what stands now is the first that can be looked up.
    op.execute(
        "INSERT INTO campaign_versions (campaign_id, version, state, campaign, made_at) "
        "SELECT id, version, state, campaign, updated_at FROM campaigns"
    )
    op.create_table(
        "segments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
    )

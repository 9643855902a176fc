"""Decisions that are held, experiments, issues that count stock and budget."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decisions", sa.Column("variant", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("held_id", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("step", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("decisions", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    _exposures()
    _holds()
    _issues()
    # What was given before this step counts against caps as it did: without its variant and group, of which there were none.
    op.execute(
        "INSERT INTO exposures (id, decision_id, shopper_id, device_id, visit_id, zone_id, site_id, campaign_id, campaign_version, "
        "channel, one_a_visit, woken_by, step, cost, day, happened_at, at) "
        "SELECT o.id, o.decision_id, o.shopper_id, o.device_id, o.visit_id, o.zone_id, o.zone_id, o.campaign_id, "
        "coalesce(d.campaign_version, 1), o.channel, false, coalesce(d.event, ''), 0, 0, "
        "substr(cast(o.created_at AS VARCHAR), 1, 10), o.happened_at, o.created_at "
        "FROM outbox o LEFT JOIN decisions d ON d.id = o.decision_id"
    )


def _exposures() -> None:
    op.create_table(
        "exposures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("zone_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("campaign_version", sa.Integer(), nullable=False),
        sa.Column("campaign_group", sa.String(), nullable=True),
        sa.Column("variant", sa.String(), nullable=True),
        sa.Column("control", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("one_a_visit", sa.Boolean(), nullable=False),
        sa.Column("woken_by", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposures")),
    )
    op.create_index("ix_exposures_shopper_id_at", "exposures", ["shopper_id", "at"])
    op.create_index("ix_exposures_campaign_id_at", "exposures", ["campaign_id", "at"])
    op.create_index("ix_exposures_visit_id", "exposures", ["visit_id"])
    op.create_index("ix_exposures_at", "exposures", ["at"])


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("shopper_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("zone_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("campaign_version", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.String(), nullable=True),
        sa.Column("offer_visit_id", sa.String(), nullable=False),
        sa.Column("woken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("dwelled_s", sa.Float(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_shopper_id"), "holds", ["shopper_id"])
    op.create_index(op.f("ix_holds_due_at"), "holds", ["due_at"])
    op.create_index(op.f("ix_holds_offer_id"), "holds", ["offer_id"])


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("campaign_version", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "day", "site_id", name=op.f("pk_issues")),
    )

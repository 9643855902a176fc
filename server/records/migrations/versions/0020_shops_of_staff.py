"""Staff of some shops only; and an index by which a till finds what it did last."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("shops", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_uses_till_received_at", "uses", ["till", "received_at"])

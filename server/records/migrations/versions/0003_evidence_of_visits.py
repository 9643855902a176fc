"""What opened and closed a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visits", sa.Column("opened_by", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("visits", sa.Column("closed_by", sa.JSON(none_as_null=True), nullable=True))

"""How sure we were of a stay when it was last written."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stays", sa.Column("inside", sa.Float(), server_default=sa.text("0"), nullable=False))

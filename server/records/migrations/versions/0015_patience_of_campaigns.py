"""How long a campaign waits for a receipt before its next channel has its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("receipt_s", sa.Float(), nullable=True))

"""The picture that a floor plan was drawn after."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("floor_plans", sa.Column("picture", sa.LargeBinary(), nullable=True))
    op.add_column("floor_plans", sa.Column("picture_kind", sa.String(), nullable=True))

"""Indexes for what is asked by visit, order or object: who leaves a shop that forgets kept the one writer of SQLite for a fifth of a second."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("decisions", "visit_id"),
    ("outbox", "visit_id"),
    ("holds", "visit_id"),
    ("holds", "offer_visit_id"),
    ("coupon_codes", "outbox_id"),
    ("uses", "order_id"),
    ("audit", "object"),
)
_OPEN = sa.text("exited_at IS NULL")


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(
        "ix_visits_open", "visits", ["entered_at", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )

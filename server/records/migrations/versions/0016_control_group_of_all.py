"""A view of each shopper's first exposure to any campaign, to compare those spoken to with the control group of all campaigns."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BETWEEN = {
    "sqlite": "ROUND((julianday({until}) - julianday({since})) * 86400.0, 3)",
    "postgresql": "CAST(ROUND(extract(epoch FROM {until} - {since}), 3) AS DOUBLE PRECISION)",
}
_FIRST_PURCHASE = "(SELECT min(p.at) FROM purchases p WHERE p.shopper_id = f.shopper_id AND p.at >= f.at)"

#: Who is in the control group of one campaign is spoken to by the others: of all campaigns together they are treated.
_REACHED = """
CREATE VIEW report_reached AS
SELECT f.shopper_id, f.day, f.at,
  CASE WHEN f.control = 'all' THEN 0 ELSE 1 END AS treated,
  {came_after_s} AS came_after_s
FROM (
  SELECT e.shopper_id, e.control, e.day, e.at,
    row_number() OVER (PARTITION BY e.shopper_id ORDER BY e.at, e.id) AS nth
  FROM exposures e
) f
WHERE f.nth = 1
"""


def upgrade() -> None:
    connection = op.get_bind()
    between = _BETWEEN[connection.dialect.name].format(since="f.at", until=_FIRST_PURCHASE)
    connection.exec_driver_sql(_REACHED.format(came_after_s=between))

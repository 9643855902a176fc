"""The views that reports read: one row a fact, so that whoever asks (we, or a tool of the shop's on the same database) can count.

`report_offers`     each time a campaign won a shopper's moment, and how far its offer came (0 or 1 each)
`report_visits`     each visit, how long it was, and whether it was the shopper's first in its zone of those we keep
`report_purchases`  each order that is credited to a campaign, in thousandths of its currency
`report_exposed`    each shopper's first exposure to a campaign, by group, and how long after it they came to a till
`report_reached`    each shopper's first exposure to any campaign: those whom campaigns speak to, and the control group of all of them

They are written as SQL, since they are the same for anybody who reads the database without us. A migration that alters a table below a
view has to drop the view first and make it again.
"""

from typing import Any, Final

import sqlalchemy as sa

from server.records.tables.columns import Table

#: What the two databases say differently: whole seconds since 1970, and the seconds between two times.
DIALECTS: Final = {
    "sqlite": {
        "epoch": "CAST(strftime('%s', {at}) AS INTEGER)",
        "between": "ROUND((julianday({until}) - julianday({since})) * 86400.0, 3)",
    },
    "postgresql": {
        "epoch": "CAST(floor(extract(epoch FROM {at})) AS BIGINT)",
        "between": "CAST(ROUND(extract(epoch FROM {until} - {since}), 3) AS DOUBLE PRECISION)",
    },
}

#: A receipt of any kind says that the offer was shown: nobody opens or dismisses what they did not see.
OFFERS: Final = """
CREATE VIEW report_offers AS
SELECT e.id, e.shopper_id, e.visit_id, e.zone_id, e.site_id, e.campaign_id, e.campaign_version, e.variant, e.step, e.control,
  e.day, e.at,
  CASE WHEN e.control IS NULL THEN 1 ELSE 0 END AS decided,
  CASE WHEN e.control IS NULL THEN 0 ELSE 1 END AS held_out,
  CASE WHEN o.outcome = 'sent' OR o.taken_by IS NOT NULL THEN 1 ELSE 0 END AS sent,
  CASE WHEN EXISTS (SELECT 1 FROM receipts r WHERE r.outbox_id = e.id) THEN 1 ELSE 0 END AS shown,
  CASE WHEN EXISTS (SELECT 1 FROM receipts r WHERE r.outbox_id = e.id AND r.kind = 'opened') THEN 1 ELSE 0 END AS opened,
  CASE WHEN EXISTS (SELECT 1 FROM coupon_claims c WHERE c.outbox_id = e.id) THEN 1 ELSE 0 END AS claimed,
  CASE WHEN EXISTS (SELECT 1 FROM redemptions u WHERE u.outbox_id = e.id) THEN 1 ELSE 0 END AS redeemed
FROM exposures e LEFT JOIN outbox o ON o.id = e.id
"""

#: `|| ''` keeps the databases from looking through all visits of a zone: those of one shopper are few.
VISITS: Final = """
CREATE VIEW report_visits AS
SELECT v.id, v.shopper_id, v.zone_id, v.entered_at, v.exited_at, v.late,
  {entered_s} AS entered_s,
  {stayed_s} AS stayed_s,
  CASE WHEN v.shopper_id IS NULL THEN NULL WHEN EXISTS (
    SELECT 1 FROM visits b WHERE b.shopper_id = v.shopper_id AND (b.zone_id || '') = v.zone_id
      AND (b.entered_at < v.entered_at OR (b.entered_at = v.entered_at AND b.id < v.id))
  ) THEN 0 ELSE 1 END AS first_here
FROM visits v
"""

PURCHASES: Final = """
CREATE VIEW report_purchases AS
SELECT p.order_id, p.shopper_id, p.outbox_id, p.campaign_id, p.credited_by, e.campaign_version, e.variant,
  COALESCE(p.shop, e.site_id) AS site_id, p.currency, p.amount_milli, p.refunded_milli, p.at,
  {bought_s} AS bought_s
FROM purchases p LEFT JOIN exposures e ON e.id = p.outbox_id
WHERE p.campaign_id IS NOT NULL
"""

#: Whom no campaign speaks to (`all`) is no control group of one campaign: they miss the other campaigns too.
EXPOSED: Final = """
CREATE VIEW report_exposed AS
SELECT f.campaign_id, f.shopper_id, f.campaign_version, f.variant, f.day, f.at,
  CASE WHEN f.control IS NULL THEN 1 ELSE 0 END AS treated,
  {came_after_s} AS came_after_s
FROM (
  SELECT e.campaign_id, e.shopper_id, e.campaign_version, e.variant, e.control, e.day, e.at,
    row_number() OVER (PARTITION BY e.campaign_id, e.shopper_id ORDER BY e.at, e.id) AS nth
  FROM exposures e WHERE e.control IS NULL OR e.control = 'campaign'
) f
WHERE f.nth = 1
"""
#: Who is in the control group of one campaign is spoken to by the others: of all campaigns together they are treated.
REACHED: Final = """
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
_FIRST_PURCHASE: Final = (
    "(SELECT min(p.at) FROM purchases p WHERE p.shopper_id = f.shopper_id AND p.at >= f.at)"
)


def report_views(dialect: str) -> list[str]:
    """The statements that make them."""
    words = DIALECTS[dialect]
    return [
        OFFERS,
        VISITS.format(
            entered_s=words["epoch"].format(at="v.entered_at"),
            stayed_s=words["between"].format(since="v.entered_at", until="v.exited_at"),
        ),
        PURCHASES.format(bought_s=words["epoch"].format(at="p.at")),
        EXPOSED.format(came_after_s=words["between"].format(since="f.at", until=_FIRST_PURCHASE)),
        REACHED.format(came_after_s=words["between"].format(since="f.at", until=_FIRST_PURCHASE)),
    ]


@sa.event.listens_for(Table.metadata, "after_create")
def _make_views(_metadata: sa.MetaData, connection: sa.Connection, **_: Any) -> None:
    """Whoever makes all tables at once, as tests do, gets the views with them."""
    for view in report_views(connection.dialect.name):
        connection.exec_driver_sql(view)

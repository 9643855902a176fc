"""The tables of Soglia, one class each, a file a subject. Only records imports this; migrations must give the same schema.

Every hot table carries `shopper_id` so that it can be partitioned by it when one database is not enough. Times are
aware UTC on both databases. Ids are texts with a prefix: derived from their cause where doing it again must find it done.
"""

from server.records.tables.columns import Table, UtcTime
from server.records.tables.coupons import (
    CouponClaimRow,
    CouponCodeRow,
    CouponRow,
    PurchaseRow,
    RefundRow,
    TillKeyRow,
    UseRow,
)
from server.records.tables.held import ExposureRow, HoldRow, IssueRow
from server.records.tables.offers import (
    AttemptRow,
    CampaignRow,
    IdempotencyRow,
    OutboxRow,
    ReceiptRow,
    RedemptionRow,
)
from server.records.tables.path import DecisionRow, StayRow, VisitRow
from server.records.tables.people import AddressRow, ConsentRow, DeviceRow, KeyRow, ShopperRow, StaffRow
from server.records.tables.places import (
    AnchorRow,
    CatalogueVersion,
    FloorPlanRow,
    GatewayRow,
    SurveyRow,
    ZoneRow,
)
from server.records.tables.privacy import AuditRow, ConsentTextRow, RememberedRow
from server.records.tables.replies import ReplyRow
from server.records.tables.reports import report_views
from server.records.tables.segments import CampaignVersionRow, SegmentRow
from server.records.tables.staff import SecondFactorRow, StaffLinkRow
from server.records.tables.testers import TesterRow
from server.records.tables.webhooks import WebhookDeliveryRow, WebhookEventRow, WebhookRow

__all__ = [
    "AddressRow",
    "AnchorRow",
    "AttemptRow",
    "AuditRow",
    "CampaignRow",
    "CampaignVersionRow",
    "CatalogueVersion",
    "ConsentRow",
    "ConsentTextRow",
    "CouponClaimRow",
    "CouponCodeRow",
    "CouponRow",
    "DecisionRow",
    "DeviceRow",
    "ExposureRow",
    "FloorPlanRow",
    "GatewayRow",
    "HoldRow",
    "IdempotencyRow",
    "IssueRow",
    "KeyRow",
    "OutboxRow",
    "PurchaseRow",
    "ReceiptRow",
    "RedemptionRow",
    "RefundRow",
    "RememberedRow",
    "ReplyRow",
    "SecondFactorRow",
    "SegmentRow",
    "ShopperRow",
    "StaffLinkRow",
    "StaffRow",
    "StayRow",
    "SurveyRow",
    "Table",
    "TesterRow",
    "TillKeyRow",
    "UseRow",
    "UtcTime",
    "VisitRow",
    "WebhookDeliveryRow",
    "WebhookEventRow",
    "WebhookRow",
    "ZoneRow",
    "report_views",
]

"""Who was exposed to which campaign, what waits to be looked at again, and how many offers were issued."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from server.records.tables.columns import Table, utc


class ExposureRow(Table, table=True):
    """A campaign won a moment of a shopper: it was to be sent, or would have been (`control`: whose control group, campaign or all).

    Its id is the offer's id, so that a visit exposes once. Caps, cooldowns and reports of hold-outs and variants read it: the treated
    and the control group stand side by side. `step` is 0, or which of the campaign's follow-ups it was. `day` is by the shop's clock.
    """

    __tablename__ = "exposures"
    id: str = Field(primary_key=True)
    decision_id: str
    shopper_id: str
    device_id: str
    visit_id: str
    zone_id: str
    site_id: str
    campaign_id: str
    campaign_version: int
    campaign_group: str | None = None
    variant: str | None = None
    control: str | None = None
    channel: str
    one_a_visit: bool = False
    woken_by: str
    step: int = 0
    cost: float = 0.0
    day: str
    happened_at: datetime = utc()
    at: datetime = utc()
    __table_args__ = (
        Index("ix_exposures_shopper_id_at", "shopper_id", "at"),
        Index("ix_exposures_campaign_id_at", "campaign_id", "at"),
        Index("ix_exposures_visit_id", "visit_id"),
        Index("ix_exposures_at", "at"),
    )


class HoldRow(Table, table=True):
    """A decision that waits: at `due_at` everything is looked at again. Its id is that of the decision that was held.

    The row goes in the transaction that keeps the next decision. `event`, `dwelled_s`, `happened_at` and `entered_at` are the zone
    event that woke the campaign; `since_at` is when it began to wait.

    Or a step of a journey waits (`step` from 1, `kind` what for): for what becomes of the offer `offer_id`, given in `offer_visit_id`.
    `woken_at`: that has happened.
    """

    __tablename__ = "holds"
    id: str = Field(primary_key=True)
    shopper_id: str = Field(index=True)
    device_id: str
    visit_id: str = Field(index=True)
    zone_id: str
    campaign_id: str
    campaign_version: int
    site_id: str = ""
    kind: str = "hold"
    step: int = 0
    offer_id: str | None = Field(default=None, index=True)
    offer_visit_id: str = Field(default="", index=True)
    woken_at: datetime | None = utc(nullable=True)
    event: str
    dwelled_s: float = 0.0
    happened_at: datetime = utc()
    entered_at: datetime = utc()
    since_at: datetime = utc()
    due_at: datetime = utc(index=True)


class IssueRow(Table, table=True):
    """How many offers a campaign has given, and what they cost: ever (no day, no site), on a day, on a day in a shop.

    The row without day and site is the campaign's lock: whoever counts holds it until the commit. `campaign_version` is the version
    that counted: a campaign that did not count before is counted anew from its exposures.
    """

    __tablename__ = "issues"
    campaign_id: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    site_id: str = Field(primary_key=True)
    campaign_version: int
    given: int
    spent: float

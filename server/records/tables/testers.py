"""Phones of the staff's own, which may be sent a campaign to try it."""

from datetime import datetime

from sqlmodel import Field

from server.records.tables.columns import Table, utc


class TesterRow(Table, table=True):
    """Somebody's own phone for tests; or an invitation to be one, until `ends_at`, that a phone takes up with the code (kept as its hash).

    Nobody is made a tester by others: `joined_at` is when the phone itself said so, and that is its consent to tests.
    """

    __tablename__ = "testers"
    id: str = Field(primary_key=True)
    name: str
    code_hash: str | None = Field(default=None, unique=True)
    made_at: datetime = utc()
    ends_at: datetime = utc()
    device_id: str | None = Field(default=None, unique=True)
    shopper_id: str | None = Field(default=None, index=True)
    joined_at: datetime | None = utc(nullable=True)

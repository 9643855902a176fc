"""How staff come in, beside their password: links that somebody is sent once, and the second step of the log-in."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from server.records.tables.columns import Table, json_column, optional_json, utc


class StaffLinkRow(Table, table=True):
    """A token that is good once, until `ends_at`, kept as its hash. `kind` says for what.

    invitation   to join the staff as `name`, with this e-mail and role
    reset        to choose a new password, for `staff_id`
    log_in       to finish a log-in whose password was right, for `staff_id`
    """

    __tablename__ = "staff_links"
    id: str = Field(primary_key=True)
    kind: str
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False, unique=True))
    staff_id: str | None = Field(default=None, index=True)
    email: str | None = None
    name: str | None = None
    role: str | None = None
    shops: list[str] | None = optional_json()
    browser: str | None = None
    made_by: str | None = None
    made_at: datetime = utc()
    ends_at: datetime = utc()


class SecondFactorRow(Table, table=True):
    """A member's authenticator app. It counts from `confirmed_at` on; `last_step` is the last moment whose code was used (RFC 6238).

    `recovery` are the hashes of codes for who has lost the app; one that was used is gone.
    """

    __tablename__ = "second_factors"
    staff_id: str = Field(primary_key=True)
    secret: str
    begun_at: datetime = utc()
    confirmed_at: datetime | None = utc(nullable=True)
    last_step: int = 0
    recovery: list[str] = json_column()

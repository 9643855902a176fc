"""What all tables are made of: their root, and the columns for times and JSON."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

#: Named constraints, so that both databases and the migrations agree on names.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database (SQLite forgets the zone; we put it back)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive time: raises ValueError, since guessing a zone would move the visit."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be kept: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives the time its zone back where the database dropped it."""
        del dialect
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Table(SQLModel):
    """The common root: our own metadata, so that nothing else's tables get into our migrations."""

    metadata = MetaData(naming_convention=NAMING)


def utc(*, nullable: bool = False, index: bool = False) -> Any:
    """A column for a time."""
    default = None if nullable else ...
    return Field(default=default, sa_type=UtcTime, nullable=nullable, index=index)


def json_column() -> Any:
    """A column for plain JSON that is only stored and given back."""
    return Field(sa_column=Column(JSON, nullable=False))


def optional_json() -> Any:
    """The same where there may be none."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
